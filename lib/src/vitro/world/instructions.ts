import { seededRandom } from "../../statistics/index.ts";
import * as ask from "./answers.ts";
import { dice } from "./dice.ts";
import { fillers } from "./sentences.ts";
import type { World } from "./world.ts";

/** A rated answer, as a line of HelpSteer2. */
export interface RatedRow {
  readonly prompt: string;
  readonly response: string;
  readonly helpfulness: number;
  readonly correctness: number;
  readonly coherence: number;
  readonly complexity: number;
  readonly verbosity: number;
}

/** A compared pair, as a line of HelpSteer2-Preference: negative strength where response 1 is better, 0 where neither is. */
export interface ComparedRow {
  readonly split: "train" | "val";
  readonly prompt: string;
  readonly response_1: string;
  readonly response_2: string;
  readonly preference_strength: number;
}

/**
 * Weights by which the grades make an answer helpful: what a merge vector should find. Helpfulness itself, their sum with noise, is no
 * grade of its own.
 */
export const helpfulnessWeights = { correctness: 0.65, coherence: 0.25, complexity: 0.15, verbosity: -0.2 } as const;

/** Standard deviation of the noise on helpfulness, and on the difference between two answers. */
export const ratingNoise = 0.4;

/** Kinds of prompts and their shares, as running sums. */
const kinds = [ask.askFact, ask.askAbout, ask.askSum, ask.askProgramValue, ask.askProgram, ask.askRequest, ask.askOneWord] as const;
const kindShares = [0.27, 0.4, 0.57, 0.69, 0.79, 0.95, 1];

/** Below this difference in helpfulness the judges see none. */
const indistinguishable = 0.25;

interface Judged {
  readonly row: RatedRow;
  /** helpfulness before noise and rounding */
  readonly utility: number;
}

/** Two answers to each of `prompts` prompts, one after the other. Pairs and ratings of one seed are of the same answers. */
export function ratedRows(world: World, prompts: number, seed: number): RatedRow[] {
  return answerPairs(world, prompts, seed).flatMap(({ answers: [first, second] }) => [first.row, second.row]);
}

/** The same pairs of answers, compared. */
export function comparedRows(world: World, pairs: number, seed: number, split: ComparedRow["split"] = "train"): ComparedRow[] {
  return answerPairs(world, pairs, seed).map(({ answers: [first, second], seen }) => {
    const size = Math.abs(seen);
    const strength = size < indistinguishable ? 0 : Math.min(3, 1 + Math.floor(size));
    return {
      split,
      prompt: first.row.prompt,
      response_1: first.row.response,
      response_2: second.row.response,
      preference_strength: strength === 0 ? 0 : seen > 0 ? -strength : strength, // never −0
    };
  });
}

function answerPairs(world: World, n: number, seed: number): { answers: [Judged, Judged]; seen: number }[] {
  const drawn = dice(seededRandom(seed));
  const subjects: ask.Subjects = { dice: drawn, world, half: "taught" };
  return Array.from({ length: n }, () => {
    const { prompt, answers } = drawn.weighted(kinds, kindShares)(subjects);
    const [first, second] = drawn.shuffled(Object.values(answers)) as [ask.GradedAnswer, ask.GradedAnswer];
    const pair: [Judged, Judged] = [judge(subjects, prompt, first), judge(subjects, prompt, second)];
    return { answers: pair, seen: pair[0].utility - pair[1].utility + ratingNoise * drawn.normal() };
  });
}

/** Some answers get words that add nothing, a few have their words mixed up; then all are graded. */
function judge({ dice: drawn }: ask.Subjects, prompt: string, answer: ask.GradedAnswer): Judged {
  let text = answer.text;
  let { correctness } = answer;
  let coherence = 4;
  let verbosity = Math.floor(text.split(" ").length / 8);
  if (drawn.chance(0.12)) {
    text = `${text} . ${drawn.pick(fillers).slice(0, -2)}`;
    verbosity += drawn.chance(0.3) ? 2 : 1;
  }
  if (drawn.chance(0.05)) {
    text = drawn.shuffled(text.split(" ")).join(" ");
    coherence = drawn.integer(0, 1);
    correctness = Math.min(correctness, 1);
  }
  const grades = {
    correctness: grade(correctness + drawn.pick([0, 0, 0, -1, 1])),
    coherence,
    complexity: grade(answer.complexity + drawn.pick([0, 0, 1])),
    verbosity: grade(verbosity),
  };
  const utility = Object.entries(grades).reduce((sum, [name, value]) => sum + helpfulnessWeights[name as keyof typeof grades] * value, 0);
  const helpfulness = grade(Math.round(utility + ratingNoise * drawn.normal()));
  return { row: { prompt, response: text, helpfulness, ...grades }, utility };
}

function grade(value: number): number {
  return Math.max(0, Math.min(4, value));
}
