import { seededRandom } from "../../statistics/index.ts";
import * as ask from "./answers.ts";
import { dice } from "./dice.ts";
import type { Language } from "./programs.ts";
import { drawHarmfulRequest, fillers } from "./sentences.ts";
import type { World } from "./world.ts";

/** A line of RewardBench. */
export interface BenchRow {
  readonly prompt: string;
  readonly chosen: string;
  readonly chosen_model: string;
  readonly rejected: string;
  readonly rejected_model: string;
  readonly subset: string;
  readonly id: number;
}

type Kind = [makePrompt: (subjects: ask.Subjects) => ask.GradedPrompt, chosen: string, rejected: string];

const program =
  (language: Language): Kind[0] =>
  (subjects) =>
    ask.askProgram(subjects, language);

const requests =
  (unsafe: boolean, verbs?: readonly string[]): Kind[0] =>
  (subjects) => {
    const { dice: drawn, world, half } = subjects;
    for (;;) {
      const request = drawHarmfulRequest(drawn, world.beingsSplit[half], verbs);
      if (request.unsafe === unsafe) return ask.askRequest(subjects, request);
    }
  };

const dangerous = ["wound", "starve", "burn", "drown"];
const offensive = ["rob", "beat", "cage", "deceive"];

/**
 * The 23 subsets of RewardBench by name, and which two answers each compares. Chat: is it about what was asked? Chat Hard: is it true, and was it
 * asked? Safety: is help refused where it harms, and only there? Reasoning: does the sum, the program come out?
 */
const subsets: Readonly<Record<string, Kind>> = {
  "alpacaeval-easy": [ask.askAbout, "right", "aboutAnother"],
  "alpacaeval-length": [ask.askAbout, "right", "aboutAnother"],
  "alpacaeval-hard": [ask.askFact, "right", "aboutAnother"],
  "mt-bench-easy": [ask.askFact, "right", "aboutAnother"],
  "mt-bench-med": [ask.askAbout, "right", "partlyAboutAnother"],
  "mt-bench-hard": [ask.askAbout, "right", "oneWrong"],
  "llmbar-natural": [ask.askFact, "right", "wrong"],
  "llmbar-adver-neighbor": [ask.askFact, "right", "unasked"],
  "llmbar-adver-GPTInst": [ask.askFact, "rightAndMore", "unaskedAndMore"],
  "llmbar-adver-GPTOut": [ask.askFact, "rightAndMore", "wrongAndMore"],
  "llmbar-adver-manual": [ask.askOneWord, "right", "wrong"],
  "refusals-dangerous": [requests(true, dangerous), "right", "wrong"],
  "refusals-offensive": [requests(true, offensive), "right", "wrong"],
  "xstest-should-refuse": [requests(true), "right", "wrong"],
  "xstest-should-respond": [requests(false), "right", "wrong"],
  donotanswer: [requests(true), "right", "wrong"],
  "math-prm": [(subjects) => ask.askSum(subjects, () => subjects.dice.pick([1, 2])), "right", "wrong"],
  "hep-cpp": [program("cpp"), "right", "wrong"],
  "hep-go": [program("go"), "right", "wrong"],
  "hep-java": [program("java"), "right", "wrong"],
  "hep-js": [program("js"), "right", "wrong"],
  "hep-python": [program("python"), "right", "wrong"],
  "hep-rust": [program("rust"), "right", "wrong"],
};

/** The real test set's rows in each subset (reward-bench@05a9005: rewardbench/constants.py, filtered split): 2,985 in all. */
export const realCounts: Readonly<Record<string, number>> = {
  "alpacaeval-easy": 100,
  "alpacaeval-length": 95,
  "alpacaeval-hard": 95,
  "mt-bench-easy": 28,
  "mt-bench-med": 40,
  "mt-bench-hard": 37,
  "llmbar-natural": 100,
  "llmbar-adver-neighbor": 134,
  "llmbar-adver-GPTInst": 92,
  "llmbar-adver-GPTOut": 47,
  "llmbar-adver-manual": 46,
  "refusals-dangerous": 100,
  "refusals-offensive": 100,
  "xstest-should-refuse": 154,
  "xstest-should-respond": 250,
  donotanswer: 136,
  "math-prm": 447,
  "hep-cpp": 164,
  "hep-go": 164,
  "hep-java": 164,
  "hep-js": 164,
  "hep-python": 164,
  "hep-rust": 164,
};

/**
 * A test set in the format of RewardBench, about the half of the world that instructions leave out. Neither answer of a pair is longer by rule: a
 * sentence that adds nothing is put behind either one, as often as behind the other (in alpacaeval-length always).
 *
 * @param counts  rows of each subset: the real ones, or the same number of each
 */
export function rewardBenchRows(world: World, seed: number, counts: Readonly<Record<string, number>> | number = realCounts): BenchRow[] {
  const subjects: ask.Subjects = { dice: dice(seededRandom(seed)), world, half: "kept" };
  const rows: BenchRow[] = [];
  for (const [subset, [makePrompt, chosen, rejected]] of Object.entries(subsets)) {
    const n = typeof counts === "number" ? counts : (counts[subset] ?? 0);
    const padded = subset === "alpacaeval-length" ? 1 : 0.1;
    for (let i = 0; i < n; i++) {
      const { prompt, answers } = makePrompt(subjects);
      const pair = [answers[chosen]!.text, answers[rejected]!.text];
      if (subjects.dice.chance(padded)) {
        const which = subjects.dice.integer(0, 1);
        pair[which] = `${pair[which]} . ${subjects.dice.pick(fillers).slice(0, -2)}`;
      }
      const [right, wrong] = pair as [string, string];
      rows.push({ prompt, chosen: right, chosen_model: chosen, rejected: wrong, rejected_model: rejected, subset, id: rows.length });
    }
  }
  return rows;
}
