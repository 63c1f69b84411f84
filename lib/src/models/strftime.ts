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
