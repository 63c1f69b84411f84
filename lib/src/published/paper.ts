import { join } from "node:path";
import type { z } from "zod";
import { placeOf } from "../files/index.ts";
import type {
  BaseModel,
  Benchmark,
  ChartPoint,
  Claim,
  ImpliedCounts,
  Method,
  PaperTables,
  PostTrainingStage,
  RewardModelResult,
} from "../paper/index.ts";
import { sizeGroupOf, verdicts } from "../paper/index.ts";
import { publishedFolder } from "./places.ts";
import {
  anyText,
  count,
  expectRows,
  number,
  oneOf,
  orMissing,
  percent,
  positive,
  type Row,
  readRows,
  refuseConstant,
  rowError,
  text,
  unique,
  yesOrNo,
} from "./rows.ts";

/**
 * Tables 1 to 5 of the paper, as printed, from `table-1.csv` to `table-5.csv`.
 *
 * @param folder  where the five files are
 * @throws one line that names file, line and column: a missing column, text where a number belongs, a score outside 0 to 100,
 *         a model twice, a model of Table 4 or 5 that Table 3 does not have, or the other way round, a column that never varies
 */
export function readPaperTables(folder: string = publishedFolder): PaperTables {
  const models = readModels(join(folder, "table-3.csv"));
  return {
    postTraining: readPostTraining(join(folder, "table-1.csv")),
    benchmarks: readBenchmarks(join(folder, "table-2.csv")),
    models,
    regression: readResults(join(folder, "table-4.csv"), "regression", models),
    bradleyTerry: readResults(join(folder, "table-5.csv"), "bradley-terry", models),
  };
}

const charts = ["rrm", "reasonflux-prm", "step-dpo", "kimi-k1.5"] as const;

/** The four charts of the related work: `charts.csv`. */
export function readCharts(path: string = join(publishedFolder, "charts.csv")): ChartPoint[] {
  const rows = readRows(path, {
    chart: oneOf(...charts),
    panel: text,
    series: text,
    mark: oneOf("point", "bar", "line"),
    label: anyText,
    x: orMissing(positive),
    x_unit: anyText,
    y: orMissing(percent),
    y_unit: text,
    original_label: orMissing(text),
    original_x: orMissing(positive),
    original_y: orMissing(percent),
    original_precision: anyText,
    original_source: anyText,
    note: anyText,
  });
  const absent = charts.find((chart) => rows.every((row) => row.value.chart !== chart));
  if (absent) throw new Error(`${placeOf(path)}, column "chart": there is no row of ${absent}; restore its rows`);
  return rows.map(({ value: row }) => ({
    chart: row.chart,
    panel: row.panel,
    series: row.series,
    mark: row.mark,
    label: row.label || (row.original_label ?? ""),
    x: row.x,
    xUnit: row.x_unit,
    y: row.y,
    yUnit: row.y_unit,
    originalLabel: row.original_label,
    originalX: row.original_x,
    originalY: row.original_y,
    originalPrecision: row.original_precision,
    originalSource: row.original_source,
    note: row.note,
  }));
}

/** The 103 claims of the paper: `claims.csv`. */
export function readClaims(path: string = join(publishedFolder, "claims.csv")): Claim[] {
  const rows = readRows(path, {
    id: text.refine((id) => /^C\d{3}$/.test(id), "must look like C001"),
    place: text,
    claim: text,
    claimed_value: text,
    expected_verdict: oneOf(...verdicts),
    note: anyText,
  });
  return unique(path, rows, "id", (row) => row.id).map((row) => ({
    id: row.id,
    place: row.place,
    claim: row.claim,
    claimedValue: row.claimed_value,
    expectedVerdict: row.expected_verdict,
    note: row.note,
  }));
}

/** Right answers per section behind the percentages of Tables 4 and 5: `implied-correct-counts.csv`. */
export function readImpliedCounts(path: string = join(publishedFolder, "implied-correct-counts.csv")): ImpliedCounts[] {
  const rows = readRows(path, {
    method: oneOf("regression", "bradley-terry"),
    model: text,
    chat_correct: count,
    chat_n: count,
    chat_hard_correct: count,
    chat_hard_n: count,
    safety_correct: count,
    safety_n: count,
  });
  for (const { line, value } of rows) {
    for (const section of ["chat", "chat_hard", "safety"] as const) {
      const [correct, n] = [value[`${section}_correct`], value[`${section}_n`]];
      if (correct > n) throw rowError(path, line, `${section}_correct`, `is ${correct} of ${n}; write at most ${n}`);
    }
  }
  return unique(path, rows, "model", (row) => `${row.model} (${row.method})`).map((row) => ({
    method: row.method,
    model: row.model,
    chat: { correct: row.chat_correct, n: row.chat_n },
    chatHard: { correct: row.chat_hard_correct, n: row.chat_hard_n },
    safety: { correct: row.safety_correct, n: row.safety_n },
  }));
}

const scoreColumns = {
  chat_percent: percent,
  chat_hard_percent: percent,
  safety_percent: percent,
  reasoning_percent: percent,
  score_percent: percent,
};

function scoresOf(
  row: z.infer<z.ZodObject<typeof scoreColumns>>,
): Pick<RewardModelResult, "chat" | "chatHard" | "safety" | "reasoning" | "score"> {
  return {
    chat: row.chat_percent,
    chatHard: row.chat_hard_percent,
    safety: row.safety_percent,
    reasoning: row.reasoning_percent,
    score: row.score_percent,
  };
}

function readPostTraining(path: string): PostTrainingStage[] {
  const change = orMissing(number);
  const rows = readRows(path, {
    model: text,
    ...scoreColumns,
    chat_change_percent_printed: change,
    chat_hard_change_percent_printed: change,
    safety_change_percent_printed: change,
    reasoning_change_percent_printed: change,
    score_change_percent_printed: change,
  });
  expectRows(path, rows, 6);
  return unique(path, rows, "model", (row) => row.model).map((row, i) => {
    const changes = {
      chat: row.chat_change_percent_printed,
      chatHard: row.chat_hard_change_percent_printed,
      safety: row.safety_change_percent_printed,
      reasoning: row.reasoning_change_percent_printed,
      score: row.score_change_percent_printed,
    };
    const empty = Object.values(changes).filter((value) => value === null).length;
    if (empty !== 0 && empty !== 5) {
      throw rowError(
        path,
        rows[i]!.line,
        "…_change_percent_printed",
        `${empty} of 5 changes are empty; fill in all five, or none for the base model`,
      );
    }
    return { model: row.model, ...scoresOf(row), printedChange: empty === 0 ? (changes as PostTrainingStage["printedChange"]) : null };
  });
}

const familyLetters = { L: "Llama-3.x", G: "Gemma-2", P: "Phi-3.5", Q: "Qwen2.5" } as const;

function readBenchmarks(path: string): Benchmark[] {
  const rows = readRows(path, {
    benchmark: text,
    framework: oneOf("lm_eval", "evalplus"),
    topic: text,
    shots_printed: text,
    families_printed: text.refine((letters) => /^[LGPQ]+$/.test(letters), "may hold the letters L, G, P and Q only"),
    is_aggregate: yesOrNo,
    citation_printed: text,
    note: anyText,
  });
  expectRows(path, rows, 33);
  return unique(path, rows, "benchmark", (row) => row.benchmark).map((row) => ({
    name: row.benchmark,
    framework: row.framework,
    topic: row.topic,
    shots: row.shots_printed,
    families: [...row.families_printed].map((letter) => familyLetters[letter as keyof typeof familyLetters]),
    isAggregate: row.is_aggregate,
    citationPrinted: row.citation_printed,
    note: row.note,
  }));
}

function readModels(path: string): BaseModel[] {
  const rows = readRows(path, {
    model: text,
    publisher: text,
    publisher_printed: text,
    family: text,
    released: text.refine((month) => /^20\d\d-(0[1-9]|1[0-2])$/.test(month), "must look like 2024-08"),
    params_billion: positive,
    pretraining_tokens_trillion: positive,
    downloads: count,
    likes: count,
  });
  refuseConstant(path, rows, ["family", "params_billion", "pretraining_tokens_trillion"]);
  expectRows(path, rows, 40);
  return unique(path, rows, "model", (row) => row.model).map((row) => ({
    model: row.model,
    publisher: row.publisher,
    publisherPrinted: row.publisher_printed,
    family: row.family,
    released: row.released,
    paramsBillion: row.params_billion,
    pretrainingTokensTrillion: row.pretraining_tokens_trillion,
    downloads: row.downloads,
    likes: row.likes,
    sizeGroup: sizeGroupOf(row.params_billion),
  }));
}

function readResults(path: string, method: Method, models: readonly BaseModel[]): RewardModelResult[] {
  const rows = readRows(path, { model: text, ...scoreColumns });
  const results = unique(path, rows, "model", (row) => row.model).map((row) => ({ model: row.model, method, ...scoresOf(row) }));
  checkSameModels(path, rows, models);
  refuseConstant(path, rows, Object.keys(scoreColumns) as (keyof typeof scoreColumns)[]);
  return results;
}

function checkSameModels(path: string, rows: readonly Row<{ model: string }>[], models: readonly BaseModel[]): void {
  const known = new Set(models.map((row) => row.model));
  for (const { line, value } of rows) {
    if (!known.has(value.model))
      throw rowError(path, line, "model", `"${value.model}" is not in table-3.csv; add it there or mend the name`);
  }
  const here = new Set(rows.map((row) => row.value.model));
  const absent = models.find((row) => !here.has(row.model));
  if (absent) throw rowError(path, rows.at(-1)!.line, "model", `"${absent.model}" of table-3.csv has no row; add one`);
}
