/**
 * Read `--learning-rates`: numbers with commas between them, or the paper's ten of each method.
 *
 * @throws one line that names what is no rate, or what is there twice
 */
export function readLearningRates(text: string): readonly number[] | "paper" {
  if (text === "paper") return text;
  const rates = text.split(",").map((part) => {
    const rate = Number(part);
    if (part.trim() === "" || !(rate > 0 && Number.isFinite(rate)))
      throw new Error(`--learning-rates: ${JSON.stringify(part)} is no rate; write numbers above 0, e.g. 1e-6,3e-6, or paper`);
    return rate;
  });
  const twice = rates.find((rate, i) => rates.indexOf(rate) < i);
  if (twice !== undefined) throw new Error(`--learning-rates: ${twice} is there twice; name each rate once`);
  return rates;
}
