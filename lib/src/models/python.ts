const months = "January February March April May June July August September October November December".split(" ");
const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/**
 * A date in the words of Python's `strftime`, in English whatever the machine's language: chat templates write the day into
 * the prompt ("%d %b %Y" → "26 Jul 2024"), and a reward must not depend on where it is computed. Local time.
 *
 * Directives: %a %A %b %B %d %H %I %j %m %M %p %S %y %Y %%; others stay as they are.
 */
export function strftime(date: Date, format: string): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const month = months[date.getMonth()]!;
  const day = days[date.getDay()]!;
  const midnight = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  const words: Readonly<Record<string, string>> = {
    "%a": day.slice(0, 3),
    "%A": day,
    "%b": month.slice(0, 3),
    "%B": month,
    "%d": two(date.getDate()),
    "%H": two(date.getHours()),
    "%I": two(date.getHours() % 12 || 12),
    "%j": String((midnight - Date.UTC(date.getFullYear(), 0, 1)) / 86_400_000 + 1).padStart(3, "0"),
    "%m": two(date.getMonth() + 1),
    "%M": two(date.getMinutes()),
    "%p": date.getHours() < 12 ? "AM" : "PM",
    "%S": two(date.getSeconds()),
    "%y": two(date.getFullYear() % 100),
    "%Y": String(date.getFullYear()),
    "%%": "%",
  };
  return format.replace(/%./g, (directive) => words[directive] ?? directive);
}

/** What Python takes for blank, which is not quite what JavaScript does: U+001C to U+001F and U+0085 too, but not U+FEFF. */
const blank =
  "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";

/** Python's `str.strip`, `lstrip` and `rstrip`: without these characters at the ends; without blanks where none are given. */
export function pythonStrip(text: string, characters: string = blank, side: "left" | "right" | "both" = "both"): string {
  const unwanted = new Set(characters);
  const letters = [...text];
  let [start, end] = [0, letters.length];
  if (side !== "right") while (start < end && unwanted.has(letters[start]!)) start++;
  if (side !== "left") while (end > start && unwanted.has(letters[end - 1]!)) end--;
  return letters.slice(start, end).join("");
}
