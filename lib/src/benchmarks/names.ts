/** The two training metrics that the paper adds to the benchmarks (§4.1). */
export const trainingMetrics: readonly string[] = ["#Params", "#Tokens"];

/** The two leaderboard averages of Table 2: shown in correlations, left out of elastic net and PCA by default. */
export const aggregateNames: readonly string[] = ["leaderboard v1", "leaderboard v2"];

/** The 33 benchmarks of Table 2 as printed and in print order, then the two training metrics. */
export const benchmarkNames: readonly string[] = [
  "leaderboard_ifeval",
  "winogrande",
  "hellaswag",
  "openbookqa",
  "triviaqa",
  "squadv2",
  "drop",
  "boolq",
  "anli",
  "truthfulqa_mc2",
  "commonsense_qa",
  "piqa",
  "social_iqa",
  "nq_open",
  "agieval_en",
  "ai2_arc",
  "leaderboard_bbh",
  "leaderboard_gpqa",
  "leaderboard_mmlu_pro",
  "leaderboard_musr",
  "medqa_4options",
  "mmlu",
  "gsm8k_cot_llama",
  "leaderboard_math",
  "crows_pairs_english",
  "toxigen",
  "qasper",
  "leaderboard v1",
  "leaderboard v2",
  "HumanEval",
  "HumanEval+",
  "MBPP",
  "MBPP+",
  ...trainingMetrics,
];

/** Other names of the same benchmarks, mostly the task names of lm-evaluation-harness. */
const aliases: readonly (readonly [string, string])[] = [
  ["arc_challenge", "ai2_arc"], // the published scores of ai2_arc are those of the challenge set
  ["gsm8k", "gsm8k_cot_llama"],
  ["gsm8k_cot", "gsm8k_cot_llama"],
  ["gsm8k_llama", "gsm8k_cot_llama"],
  ["hendrycks_mmlu", "mmlu"],
  ["leaderboard_math_hard", "leaderboard_math"],
  ["leaderboard_math_lvl_5", "leaderboard_math"],
  ["leaderboard_v1_avg", "leaderboard v1"],
  ["leaderboard_v2_avg", "leaderboard v2"],
  ["humaneval_plus", "HumanEval+"],
  ["mbpp_plus", "MBPP+"],
  ["natural_questions", "nq_open"],
  ["squad_v2", "squadv2"],
  ["params", "#Params"],
  ["tokens", "#Tokens"],
];

const nameOf = new Map([
  ...benchmarkNames.map((name) => [simplify(name), name] as const),
  ...aliases.map(([alias, name]) => [simplify(alias), name] as const),
]);

/**
 * The name in Table 2 of a benchmark known under another name.
 *
 * @returns null when there is none
 * @example  benchmarkNameOf("humaneval_plus") // "HumanEval+"
 * @example  benchmarkNameOf("Leaderboard-v2") // "leaderboard v2"
 */
export function benchmarkNameOf(name: string): string | null {
  return nameOf.get(simplify(name)) ?? null;
}

/** Case, spaces and hyphens do not tell names apart; "+" does. */
function simplify(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, "_");
}
