import { oneLine } from "../files/index.ts";
import { aggregateNames, benchmarkNameOf } from "./names.ts";
import { entriesOf, field, type Json } from "./untrusted.ts";

/** A score found in a result file. */
export interface FoundScore {
  readonly model: string;
  /** null where the file does not say */
  readonly paramsBillion: number | null;
  /** Table 2 name */
  readonly benchmark: string;
  /** the harness's own name */
  readonly task: string;
  /** 0 to 100 */
  readonly value: number;
  readonly metric: string;
  /** null where the file does not say */
  readonly shots: string | null;
}

/** A task that was not taken over, and why. */
export interface SkippedTask {
  readonly task: string;
  readonly why: string;
}

/** What one result file holds. */
export interface FileContent {
  readonly scores: FoundScore[];
  readonly skipped: SkippedTask[];
}

/**
 * Which metric of lm-evaluation-harness stands for a benchmark, best first. Two in one string: their mean.
 * Where the Open LLM Leaderboard has the task, its choice, because the published scores are the leaderboard's.
 */
const metrics: Readonly<Record<string, readonly string[]>> = {
  leaderboard_ifeval: ["prompt_level_strict_acc+inst_level_strict_acc"],
  winogrande: ["acc"],
  hellaswag: ["acc_norm"],
  openbookqa: ["acc_norm"],
  triviaqa: ["exact_match"],
  squadv2: ["f1"],
  drop: ["f1"],
  boolq: ["acc"],
  anli: ["acc"],
  truthfulqa_mc2: ["acc", "mc2"],
  commonsense_qa: ["acc"],
  piqa: ["acc_norm"],
  social_iqa: ["acc"],
  nq_open: ["exact_match"],
  agieval_en: ["acc_norm", "acc"],
  ai2_arc: ["acc_norm"],
  leaderboard_bbh: ["acc_norm"],
  leaderboard_gpqa: ["acc_norm"],
  leaderboard_mmlu_pro: ["acc"],
  leaderboard_musr: ["acc_norm"],
  medqa_4options: ["acc"],
  mmlu: ["acc"],
  gsm8k_cot_llama: ["exact_match", "acc"],
  leaderboard_math: ["exact_match_original", "exact_match"], // newer harnesses print both; "original" is the board's checker of 2025-02-08
  crows_pairs_english: ["pct_stereotype"],
  toxigen: ["acc"],
  qasper: ["f1", "f1_abstractive"],
  HumanEval: ["pass@1", "pass_at_1"],
  "HumanEval+": ["pass@1", "pass_at_1"],
  MBPP: ["pass@1", "pass_at_1"],
  "MBPP+": ["pass@1", "pass_at_1"],
};

/** Groups that newer harnesses run as a tag, without a value of their own. */
const tags: ReadonlyMap<string, readonly string[]> = new Map([["anli", ["anli_r1", "anli_r2", "anli_r3"]]]);

/** squad's metric is in percent already; the harness's others are fractions. */
const inPercent: readonly string[] = ["squadv2"];

/** Is this a results_*.json of lm-evaluation-harness? */
export function isLmEval(content: Json): boolean {
  return field(content, "results") !== undefined;
}

/**
 * The Table 2 benchmarks in a `results_*.json` of lm-evaluation-harness: `results.<task>."<metric>,<filter>"`, group values as
 * the harness computed them or, where it left them out, the mean of the members weighted by their sample counts.
 *
 * @param name  what errors call the file
 * @throws one line that names file, task and metric: an array where an object belongs, NaN, a value outside the metric's range
 */
export function readLmEval(content: Json, name: string): FileContent {
  const results = entriesOf(field(content, "results"));
  if (!results) throw new Error(`${name}: "results" is no object; give a results_*.json of lm-evaluation-harness`);
  const file: Context = { name, content, results: new Map(results) };
  const model = modelName(file);
  const paramsBillion = paramsOf(content);
  const scores = new Map<string, FoundScore>();
  const skipped: SkippedTask[] = [];
  const members = new Set([...file.results.keys()].flatMap((task) => subtasks(file, task)));
  for (const task of [...file.results.keys(), ...missingTags(file)]) {
    const benchmark = benchmarkNameOf(task);
    const why = reasonToSkip(file, task, benchmark);
    if (benchmark === null || why !== null) {
      if (!members.has(task)) skipped.push({ task: oneLine(task), why: why ?? "not a benchmark of Table 2" });
      continue;
    }
    const found = scoreOf(file, task, benchmark);
    if (found === null) {
      skipped.push({ task: oneLine(task), why: `has none of the metrics ${metrics[benchmark]!.join(", ")}` });
      continue;
    }
    const score = { model, paramsBillion, benchmark, task, ...found, shots: shotsOf(file, task) };
    const other = scores.get(benchmark);
    if (!other || task === benchmark) scores.set(benchmark, score);
    if (other)
      skipped.push({
        task: oneLine(task === benchmark ? other.task : task),
        why: `${scores.get(benchmark)!.task} stands for ${benchmark} already`,
      });
  }
  return { scores: [...scores.values()], skipped };
}

interface Context {
  readonly name: string;
  readonly content: Json;
  readonly results: ReadonlyMap<string, Json>;
}

function reasonToSkip(file: Context, task: string, benchmark: string | null): string | null {
  if (benchmark === null) return null;
  if (aggregateNames.includes(benchmark) || !(benchmark in metrics)) return "an average of benchmarks, not a benchmark";
  const limit = field(field(file.content, "config"), "limit");
  if (limit !== undefined && limit !== null)
    return `run with --limit ${oneLine(JSON.stringify(limit))}: a part of the benchmark is not the benchmark`;
  const partial = [task, ...subtasks(file, task)].find((part) => isPartial(field(field(file.content, "n-samples"), part)));
  return partial === undefined ? null : `only some samples of ${oneLine(partial)} were run: a part of the benchmark is not the benchmark`;
}

function isPartial(samples: Json | undefined): boolean {
  const [effective, original] = [field(samples, "effective"), field(samples, "original")];
  return typeof effective === "number" && typeof original === "number" && effective < original;
}

function missingTags(file: Context): string[] {
  return [...tags].filter(([tag, parts]) => !file.results.has(tag) && parts.every((part) => file.results.has(part))).map(([tag]) => tag);
}

function subtasks(file: Context, task: string): string[] {
  const listed = field(field(file.content, "group_subtasks"), task);
  const names = Array.isArray(listed) ? listed.filter((name) => typeof name === "string") : [];
  return names.length > 0 ? names : [...(tags.get(task) ?? [])];
}

function scoreOf(file: Context, task: string, benchmark: string): { value: number; metric: string } | null {
  for (const metric of metrics[benchmark]!) {
    const parts = metric.split("+").map((part) => readMetric(file, task, part, benchmark) ?? weightedMean(file, task, part, benchmark));
    if (parts.some((part) => part === null)) continue;
    const value = parts.reduce((sum, part) => sum + part!.value, 0) / parts.length;
    return { value, metric: parts.map((part) => part!.key).join(" + ") };
  }
  return null;
}

/** The value of one metric of one task, × 100, under whichever filter there is; strict before flexible. */
function readMetric(file: Context, task: string, metric: string, benchmark: string): { value: number; key: string } | null {
  if (!file.results.has(task)) return null;
  const entries = entriesOf(file.results.get(task));
  if (!entries) throw new Error(`${file.name}, task "${oneLine(task)}": is no object; the file is damaged, run the evaluation again`);
  const keys = entries.map(([key]) => key).filter((key) => key === metric || key.startsWith(`${metric},`));
  const key = keys.find((candidate) => candidate.includes("strict")) ?? keys[0];
  if (key === undefined) return null;
  const value = entries.find(([candidate]) => candidate === key)![1];
  const at = `${file.name}, task "${oneLine(task)}", metric "${oneLine(key)}"`;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new Error(
      `${at}: has ${value === null ? "NaN" : oneLine(JSON.stringify(value))} where a number belongs; run the task again or take it out of the file`,
    );
  }
  const percent = inPercent.includes(benchmark) ? value : value * 100;
  if (percent < 0 || percent > 100) throw new Error(`${at}: ${value} is outside the metric's range; check the file`);
  return { value: percent, key };
}

/** Mean over the members of a group, each weighted by its number of samples, as the leaderboard's groups are defined. */
function weightedMean(file: Context, task: string, metric: string, benchmark: string): { value: number; key: string } | null {
  const members = subtasks(file, task);
  const scores = members.map((member) => readMetric(file, member, metric, benchmark)?.value);
  const sizes = members.map((member) => field(field(field(file.content, "n-samples"), member), "effective"));
  if (members.length === 0 || scores.includes(undefined) || !sizes.every((n) => typeof n === "number" && n > 0)) return null;
  const total = (sizes as number[]).reduce((sum, n) => sum + n, 0);
  const value = (scores as number[]).reduce((sum, score, i) => sum + score * (sizes as number[])[i]!, 0) / total;
  return { value, key: `${metric}, mean of ${members.length} tasks by size` };
}

function shotsOf(file: Context, task: string): string | null {
  const shots = field(file.content, "n-shot");
  const values = [task, ...subtasks(file, task)].map((name) => field(shots, name)).filter((n) => typeof n === "number");
  return values.length > 0 ? [...new Set(values)].sort((a, b) => a - b).join(",") : null;
}

function modelName(file: Context): string {
  const args = field(field(file.content, "config"), "model_args");
  const named = field(file.content, "model_name");
  const name = typeof named === "string" && named !== "" ? named : fromArguments(args);
  if (name === null) throw new Error(`${file.name}: names no model in model_name or config.model_args; add "model_name" to the file`);
  return checkedModelName(name, file.name);
}

function fromArguments(args: Json | undefined): string | null {
  for (const key of ["peft", "delta", "pretrained", "model", "path", "engine"]) {
    const value = typeof args === "string" ? new RegExp(`(?:^|,)${key}=([^,]+)`).exec(args)?.[1] : field(args, key);
    if (typeof value === "string" && value !== "") return value;
  }
  return null;
}

/** A hub name stays whole, "org/name"; of a folder on disk the last part is taken. */
export function checkedModelName(name: string, file: string): string {
  const clean = oneLine(name);
  if (clean !== name.trim() || clean === "")
    throw new Error(`${file}: the model name "${clean}" is too long or has control characters; mend it`);
  const parts = clean.split(/[\\/]+/).filter((part) => part !== "");
  const isHubName = parts.length <= 2 && !/^([\\/.~]|[A-Za-z]:)/.test(clean);
  return isHubName ? parts.join("/") : parts.at(-1)!;
}

function paramsOf(content: Json): number | null {
  const params = field(field(content, "config"), "model_num_parameters");
  return typeof params === "number" && params > 0 ? params / 1e9 : null;
}
