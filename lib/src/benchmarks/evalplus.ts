import { basename, dirname } from "node:path";
import { oneLine } from "../files/index.ts";
import { checkedModelName, type FileContent, type FoundScore } from "./lm-eval.ts";
import { entriesOf, field, type Json } from "./untrusted.ts";

/** How many problems the full data sets have: MBPP lost 21 problems with EvalPlus 0.3. */
const sizes: Readonly<Record<string, readonly number[]>> = { HumanEval: [164], MBPP: [378, 399] };

/** Is this an eval_results.json of EvalPlus? */
export function isEvalPlus(content: Json): boolean {
  return field(content, "eval") !== undefined;
}

/**
 * HumanEval and HumanEval+, or MBPP and MBPP+, from an eval_results.json of EvalPlus, counted from the lists per problem:
 *
 *     pass@1 = mean over problems of (solutions that pass) / (solutions)
 *
 * A solution passes "plus" when it passes the base and the extra tests. With several solutions a problem this is the unbiased
 * estimate of Chen et al. 2021 (arXiv 2107.03374, eq. 1) for k = 1. The file names no model: its own name, or its folder's, does.
 *
 * @throws one line that names file and problem, for what is not of that shape
 */
export function readEvalPlus(content: Json, path: string, name: string): FileContent {
  const problems = entriesOf(field(content, "eval"));
  if (!problems || problems.length === 0) throw new Error(`${name}: "eval" holds no problems; give an eval_results.json of EvalPlus`);
  const benchmark = benchmarkOf(problems[0]![0], name);
  const model = modelOf(path, name);
  if (!sizes[benchmark]!.includes(problems.length)) {
    const why = `${problems.length} of ${sizes[benchmark]![0]} problems: a part of the benchmark is not the benchmark`;
    return { scores: [], skipped: [{ task: benchmark.toLowerCase(), why }] };
  }
  const solutions = problems.map(([id, solved]) => {
    if (benchmarkOf(id, name) !== benchmark)
      throw new Error(`${name}, problem "${oneLine(id)}": belongs to another data set than the first; one file, one data set`);
    return outcomes(solved, id, name);
  });
  const score = (which: "base" | "plus"): FoundScore => ({
    model,
    paramsBillion: null,
    benchmark: which === "base" ? benchmark : `${benchmark}+`,
    task: benchmark.toLowerCase() + (which === "base" ? "" : "_plus"),
    value: (100 * solutions.reduce((sum, all) => sum + all.filter((one) => one[which]).length / all.length, 0)) / solutions.length,
    metric: solutions.every((all) => all.length === 1) ? "pass@1" : "pass@1, several solutions a problem",
    shots: "0",
  });
  const hasPlus = solutions.every((all) => all.every((one) => one.plus !== null));
  const skipped = hasPlus ? [] : [{ task: `${benchmark.toLowerCase()}_plus`, why: "run with --base-only" }];
  return { scores: hasPlus ? [score("base"), score("plus")] : [score("base")], skipped };
}

interface Outcome {
  readonly base: boolean;
  /** null where only the base tests were run */
  readonly plus: boolean | null;
}

function outcomes(solved: Json, id: string, name: string): Outcome[] {
  const at = `${name}, problem "${oneLine(id)}"`;
  const list = Array.isArray(solved) ? solved.map((one) => [field(one, "base_status"), field(one, "plus_status")]) : olderOutcomes(solved);
  if (list === null || list.length === 0) throw new Error(`${at}: has no list of solutions; the file is damaged, evaluate again`);
  return list.map(([base, plus]) => {
    if (typeof base !== "string" || (plus !== null && plus !== undefined && typeof plus !== "string")) {
      throw new Error(`${at}: a solution has no status; the file is damaged, evaluate again`);
    }
    return { base: passed(base), plus: typeof plus === "string" ? passed(base) && passed(plus) : null };
  });
}

/** Before EvalPlus 0.2.1: {"nfiles": n, "base": [[status, details], …], "plus": […]}. */
function olderOutcomes(solved: Json): (Json | undefined)[][] | null {
  const [base, plus] = [field(solved, "base"), field(solved, "plus")];
  if (!Array.isArray(base)) return null;
  const status = (list: Json | undefined, i: number): Json | undefined =>
    Array.isArray(list) && Array.isArray(list[i]) ? list[i][0] : undefined;
  return base.map((_, i) => [status(base, i), status(plus, i)]);
}

function passed(status: string): boolean {
  return status === "pass" || status === "success";
}

function benchmarkOf(id: string, name: string): "HumanEval" | "MBPP" {
  if (/^HumanEval\//.test(id)) return "HumanEval";
  if (/^Mbpp\//i.test(id)) return "MBPP";
  throw new Error(`${name}, problem "${oneLine(id)}": neither HumanEval nor MBPP; give an eval_results.json of EvalPlus`);
}

/** "google--gemma-2b-it_hf_temp_0.0.eval_results.json" → "google/gemma-2b-it". */
function modelOf(path: string, name: string): string {
  const file = basename(path)
    .replace(/[._-]?eval_results\.json$|\.json$/, "")
    .replace(/-sanitized$/, "");
  const stem = file === "" ? basename(dirname(path)) : file;
  const model = stem
    .replace(/_temp_[\d.]+.*$/, "")
    .replace(/_(hf|vllm|openai|anthropic|google|gptqmodel|bedrock|ollama)$/, "")
    .replace("--", "/");
  return checkedModelName(model, name);
}
