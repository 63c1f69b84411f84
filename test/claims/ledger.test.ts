import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { claimChecks, countVerdicts, type Evidence, gatherEvidence, type LedgerRow, ledger, ledgerParts, verdicts } from "basewise/claims";
import type { Verdict } from "basewise/paper";

/** Written by hand, from reading each claim and the numbers behind it. */
const pinned: Readonly<Record<Verdict, string>> = {
  holds: `C002 C005 C006 C007 C010 C012 C013 C017 C022 C024 C025 C026 C027 C028 C036 C038 C039 C052 C055 C056 C057 C058 C061 C062
    C067 C070 C071 C085 C086 C098 C099 C103`,
  "holds-with-caveat": "C029 C034 C035 C059 C060 C063 C064 C065 C066 C088",
  "holds-other-reading": "C001 C011 C033",
  partly: "C014 C015 C030 C040 C043 C045 C047 C049 C054 C084 C093 C101",
  "does-not-hold": "C023 C031 C032 C037 C042 C044 C068 C074 C076 C077 C089 C090 C091 C092 C094 C100",
  setup: "C018 C019 C020 C021 C050 C072",
  "needs-data": "C003 C008 C009 C016 C041 C046 C048 C051 C053 C069 C073 C079 C087 C095 C096 C102",
  "needs-gpu": "C004 C075 C078 C080",
  "not-checkable": "C081 C082 C083 C097",
};

/** Claims whose computed verdict is not the one expected before the benchmark scores were collected: docs/differences.md. */
const moved = "C002 C004 C014 C015 C025 C040 C045 C047 C049 C067 C084 C086".split(" ");

describe("the ledger", () => {
  let rows: LedgerRow[];
  before(() => {
    rows = ledger(gatherEvidence());
  });
  const row = (id: string): LedgerRow => rows.find((candidate) => candidate.id === id)!;

  it("has one row for each of the 103 claims, in their order", () => {
    assert.deepEqual(
      rows.map((entry) => entry.id),
      Array.from({ length: 103 }, (_, i) => `C${String(i + 1).padStart(3, "0")}`),
    );
    assert.equal(ledgerParts.flatMap((part) => part.checks).length, 103);
  });

  it("computes the verdict pinned for each claim", () => {
    const expected = Object.entries(pinned).flatMap(([verdict, ids]) => ids.split(/\s+/).map((id) => [id, verdict] as const));
    assert.equal(expected.length, 103);
    assert.deepEqual(
      Object.fromEntries(rows.map((entry) => [entry.id, entry.verdict])),
      Object.fromEntries(expected.sort(([a], [b]) => a.localeCompare(b))),
    );
  });

  it("differs from the expected verdicts exactly where docs/differences.md says", () => {
    assert.deepEqual(
      rows.filter((entry) => entry.verdict !== entry.expectedVerdict).map((entry) => entry.id),
      moved,
    );
  });

  it("counts every verdict once", () => {
    const counts = countVerdicts(rows);
    assert.deepEqual(
      counts.map((count) => count.verdict),
      verdicts,
    );
    assert.equal(
      counts.reduce((sum, count) => sum + count.claims, 0),
      103,
    );
    assert.equal(
      counts.reduce((sum, count) => sum + count.expected, 0),
      103,
    );
  });

  it("shows a number or a source for every claim, and no number that is not one", () => {
    for (const entry of rows) {
      assert.ok(entry.recomputed.length > 0 && entry.reason.length > 0, entry.id);
      assert.doesNotMatch(`${entry.recomputed} ${entry.reason}`, /NaN|undefined|Infinity|null|\[object/, entry.id);
    }
  });

  // Numbers from an independent audit of the tables (pandas 1.5, SciPy 1.10).
  const audited: readonly (readonly [string, RegExp])[] = [
    ["C001", /\+14\.3 points, \+25\.7 %/],
    ["C005", /2985/],
    ["C011", /4\.0, 25\.7; points 3\.1, 14\.3;.*Meta-Llama-3-8B-Instruct 3\.1, 15\.2/],
    ["C012", /\+15\.50 %, \+11\.3 points/],
    ["C013", /−3\.09 %.*−4\.75 %/],
    ["C022", /4,084,101/],
    ["C027", /86 of 86 rows, largest deviation 0\.05/],
    ["C028", /Chat: 80 of 80 multiples of 1\/358; Chat Hard: 80 of 80 multiples of 1\/456; Safety: 80 of 80 multiples of 1\/740/],
    ["C029", /12 models over 2\.1.*7 models over 1\.1.*21 models over 4\.2/],
    ["C031", /Regression 4\/12, 5\/7, 7\/21, 4\/21; Bradley–Terry 11\/12, 6\/7, 4\/21, 14\/21/],
    ["C032", /<3B: 3 of 11.*3-6B: 4 of 6.*>=6B: 6 of 20.*<3B: 10 of 11.*3-6B: 5 of 6.*>=6B: 3 of 20/],
    ["C034", /11 of 12.*\+3\.1 to \+14\.3.*Qwen2\.5-0\.5B-Instruct −8\.8/],
    ["C035", /24\.7.*6\.4.*15\.9.*15\.1.*13\.7.*21\.6/],
    ["C042", /25 of 40 within 90 to 95, range 84\.6 to 97\.2.*1 of 40 within 90 to 95, range 50\.6 to 90\.5/],
    ["C043", /Chat 0\.53, others 0\.79, 0\.72, 0\.63/],
    ["C044", /0\.3120 at n = 40; n = 39 gives 0\.3160, 2\/√40 = 0\.3162; p = 0\.047/],
    ["C046", /#Params has 0\.60 to 0\.70 at k = 10/],
    ["C053", /0\.654 in sample, 0\.585 left out/],
    ["C054", /3\.49 in sample, 3\.78 left out; R² 0\.67 \(size alone 0\.63\); the mean of all: 6\.47/],
    ["C056", /25 of 25/],
    ["C057", /20 of 20 values equal Table 4/],
    ["C060", /22\.2 to 32\.8 %; 9 of 10/],
    ["C063", /\+6\.7 points, DPO takes back 85 %, DPO and RLVR 109 %/],
    ["C064", /31\.2 % of the rows, 50\.0 % of the score/],
    ["C068", /Llama-3\.1-8B-Instruct 68\.7 > .*SFT 62\.1 > Llama-3\.1-Tulu-3-8B 58\.8 > .*DPO 58\.6/],
    ["C071", /79,649,767 documents = 1\.2555 %/],
    ["C081", /800 runs at 4,500 GPU-hours are 5\.6 each, 23 days on 8 GPUs; .* 12 (to|…|–) 20 %/],
    ["C088", /37 of 40 models; mean \+13\.1, median \+13\.3; range −2\.6 to \+28\.2 points; Wilcoxon p = 6e-11/],
    ["C089", /\+0\.77; .*both \+0\.41, with #Params \+0\.59; .*Terry score −0\.30 \(p = 0\.058\); .*best ten 19\.2, of the rest 11\.0/],
    ["C090", /Qwen2\.5-7B-Instruct 10\.4 \(14th smallest of 40\), gemma-2-9b-it 15\.8/],
    ["C092", /8\.2 against 5\.4; range 34\.2 against 21\.6; correlation with #Params 0\.77 against 0\.29/],
    ["C093", /20 of 40 with Bradley–Terry.*0\.37; Spearman 0\.31; correlation of Chat −0\.09/],
    ["C103", /Alibaba 11, Google 6/],
  ];
  for (const [id, numbers] of audited) {
    it(`recomputes the audited numbers of ${id}`, () => assert.match(row(id).recomputed, numbers));
  }
});

/** A change of the evidence, the claim it touches, and the verdict it must turn into. */
interface Flip {
  readonly what: string;
  readonly id: string;
  readonly to: Verdict;
  readonly change: (evidence: Evidence) => Evidence;
}

const tables = (evidence: Evidence, changed: Partial<Evidence["tables"]>): Evidence => ({
  ...evidence,
  tables: { ...evidence.tables, ...changed },
});

const fact = (evidence: Evidence, id: string, value: string): Evidence => ({
  ...evidence,
  facts: [...evidence.facts.filter((row) => row.id !== id), { id, value, unit: "", source: "this test", note: "" }],
});

const regressionScore = (evidence: Evidence, model: string, scores: Partial<Evidence["tables"]["regression"][number]>): Evidence =>
  tables(evidence, { regression: evidence.tables.regression.map((row) => (row.model === model ? { ...row, ...scores } : row)) });

/** The same table with every number of one column replaced. */
const column = (evidence: Evidence, which: "complete" | "wider", name: string, value: (i: number) => number): Evidence => {
  const matrix = evidence[which];
  const place = matrix.columns.includes(name) ? matrix.columns.indexOf(name) : matrix.columns.length;
  const columns = place === matrix.columns.length ? [...matrix.columns, name] : matrix.columns;
  const values = matrix.values.map((row, i) => Array.from(columns, (_, j) => (j === place ? value(i) : (row[j] ?? null))));
  return { ...evidence, [which]: { ...matrix, columns, values } };
};

const scoreOf = (evidence: Evidence, i: number): number =>
  evidence.tables.regression.find((row) => row.model === evidence.tables.models[i]!.model)!.score;

/** The columns that nobody has published for all models, made up. */
const paperColumns = (evidence: Evidence, toxigen: (evidence: Evidence, i: number) => number): Evidence => {
  const coding = ["MBPP+", "HumanEval+"].reduce((e, name, k) => column(e, "wider", name, (i) => (i * (7 + k)) % 40), evidence);
  return column(coding, "wider", "toxigen", (i) => toxigen(evidence, i));
};

const presence = (evidence: Evidence, value: (i: number) => number): Evidence => ({
  ...evidence,
  measurements: {
    ...evidence.measurements,
    presence: evidence.tables.models.flatMap(({ model }, i) =>
      ["Book", "ArXiv"].map((subset, j) => ({ model, subset, meanLogProbability: -value(i + j) / 10 })),
    ),
  },
});

const logs = (evidence: Evidence, count: number, lossAfterBest = 0): Evidence => ({
  ...evidence,
  measurements: {
    ...evidence.measurements,
    trainingRuns: Array.from({ length: count }, (_, i) => ({
      model: "any",
      method: i % 2 === 0 ? ("bradley-terry" as const) : ("regression" as const),
      learningRate: 1e-6,
      epochs: i % 2 === 0 ? 1 : 2,
      batchSize: 64,
      warmUpSteps: 20,
      gpuHours: 4500 / count,
      lossAfterBest: i % 2 === 0 ? lossAfterBest : 0,
    })),
  },
});

const flips: readonly Flip[] = [
  {
    what: "small Llama-3.2 models that are nearly as good as the best with Bradley–Terry",
    id: "C001",
    to: "does-not-hold",
    change: (e) =>
      tables(e, { bradleyTerry: e.tables.bradleyTerry.map((row) => (row.model.startsWith("Llama-3.2-") ? { ...row, score: 65 } : row)) }),
  },
  {
    what: "the other large baseline",
    id: "C011",
    to: "does-not-hold",
    change: (e) => ({ ...e, settings: { ...e.settings, largeBaseline: "Meta-Llama-3-8B-Instruct" } }),
  },
  { what: "one model fewer in Table 3", id: "C010", to: "does-not-hold", change: (e) => tables(e, { models: e.tables.models.slice(1) }) },
  {
    what: "an SFT stage of 80 points",
    id: "C012",
    to: "does-not-hold",
    change: (e) =>
      tables(e, { postTraining: e.tables.postTraining.map((row) => (row.model.endsWith("SFT") ? { ...row, score: 80 } : row)) }),
  },
  { what: "one subset fewer", id: "C005", to: "does-not-hold", change: (e) => ({ ...e, rewardBench: e.rewardBench.slice(1) }) },
  {
    what: "one overall score that is not the mean",
    id: "C027",
    to: "holds-with-caveat",
    change: (e) => regressionScore(e, "gemma-2-9b-it", { score: 80 }),
  },
  {
    what: "one Chat value that is no multiple of 1/358",
    id: "C028",
    to: "holds-with-caveat",
    change: (e) => regressionScore(e, "gemma-2-9b-it", { chat: 95.7 }),
  },
  { what: "a harness that only knows classifiers", id: "C023", to: "holds", change: (e) => fact(e, "rewardbench.kinds-of-scorer", "1") },
  {
    what: "a positive weight for verbosity",
    id: "C024",
    to: "holds-with-caveat",
    change: (e) => fact(e, "nemotron-4-340b-reward.weight.verbosity", "0.33"),
  },
  {
    what: "no Meta-Llama-3-8B",
    id: "C030",
    to: "holds",
    change: (e) => tables(e, { models: e.tables.models.filter((row) => row.model !== "Meta-Llama-3-8B-Instruct") }),
  },
  {
    what: "a Qwen2.5-0.5B of 70 points",
    id: "C034",
    to: "holds",
    change: (e) => regressionScore(e, "Qwen2.5-0.5B-Instruct", { score: 70 }),
  },
  {
    what: "a 34th benchmark",
    id: "C036",
    to: "does-not-hold",
    change: (e) => tables(e, { benchmarks: [...e.tables.benchmarks, { ...e.tables.benchmarks[0]!, name: "another" }] }),
  },
  { what: "one benchmark fewer", id: "C037", to: "holds", change: (e) => tables(e, { benchmarks: e.tables.benchmarks.slice(1) }) },
  {
    what: "a complete column that is the score itself",
    id: "C040",
    to: "holds",
    change: (e) => column(e, "complete", "leaderboard_bbh", (i) => scoreOf(e, i)),
  },
  {
    what: "ANLI for all models, and it is the score",
    id: "C041",
    to: "holds",
    change: (e) => column(e, "complete", "anli", (i) => scoreOf(e, i)),
  },
  {
    what: "ANLI for all models, and it is noise",
    id: "C048",
    to: "does-not-hold",
    change: (e) => column(e, "complete", "anli", (i) => (i * 17) % 40),
  },
  { what: "39 models", id: "C044", to: "holds", change: (e) => tables(e, { models: e.tables.models.slice(1) }) },
  {
    what: "a complete column that is the score itself",
    id: "C046",
    to: "partly",
    change: (e) => column(e, "complete", "leaderboard_bbh", (i) => scoreOf(e, i)),
  },
  {
    what: "DPO as good as SFT in Reasoning",
    id: "C059",
    to: "does-not-hold",
    change: (e) =>
      tables(e, { postTraining: e.tables.postTraining.map((row) => (row.model.endsWith("DPO") ? { ...row, reasoning: 86 } : row)) }),
  },
  {
    what: "no source for Hermes 3",
    id: "C067",
    to: "needs-data",
    change: (e) => ({ ...e, facts: e.facts.filter((row) => row.id !== "hermes-3.stages") }),
  },
  { what: "a data set of 12,000 samples", id: "C069", to: "does-not-hold", change: (e) => fact(e, "mia.cited.Another", "12000") },
  { what: "twice as many books", id: "C071", to: "does-not-hold", change: (e) => fact(e, "slimpajama.documents.Wikipedia", "53935708") },
  {
    what: "a book of 200,000 tokens",
    id: "C073",
    to: "holds",
    change: (e) => ({ ...e, measurements: { ...e.measurements, bookTokens: [90_000, 200_000] } }),
  },
  { what: "a phase 3 without repetition", id: "C074", to: "holds", change: (e) => fact(e, "crystal.phase-3.repeated-share", "0") },
  { what: "the right figure number", id: "C077", to: "holds", change: (e) => fact(e, "paper.figure.jensen-shannon.in-text", "8") },
  {
    what: "Bradley–Terry scores that rise with strength",
    id: "C089",
    to: "holds",
    change: (e) =>
      tables(e, {
        bradleyTerry: e.tables.bradleyTerry.map((row) => ({
          ...row,
          score: 1.2 * e.tables.regression.find((r) => r.model === row.model)!.score - 20,
        })),
      }),
  },
  {
    what: "the two methods exchanged",
    id: "C092",
    to: "holds",
    change: (e) => tables(e, { regression: e.tables.bradleyTerry, bradleyTerry: e.tables.regression }),
  },
  {
    what: "other citations",
    id: "C100",
    to: "partly",
    change: (e) => fact(e, "reference.anli.printed", e.facts.find((row) => row.id === "reference.anli.data-set")!.value),
  },
  {
    what: "another publisher for one Qwen",
    id: "C103",
    to: "does-not-hold",
    change: (e) =>
      tables(e, { models: e.tables.models.map((row) => (row.model === "Qwen2-7B-Instruct" ? { ...row, publisher: "Other" } : row)) }),
  },

  // results that nobody has yet: the claims decide themselves when they come
  {
    what: "a board of which 30 ranks are known",
    id: "C008",
    to: "holds",
    change: (e) =>
      fact(
        {
          ...e,
          leaderboard: e.leaderboard.map((row) => ({
            ...row,
            onBoardInDecember2024: "yes",
            baseModelFamily: row.baseModelFamily ?? "other",
          })),
        },
        "rewardbench.top-list.reliable-ranks",
        "30",
      ),
  },
  {
    what: "a board of which 30 ranks are known",
    id: "C009",
    to: "does-not-hold",
    change: (e) =>
      fact(
        {
          ...e,
          leaderboard: e.leaderboard.map((row) => ({
            ...row,
            onBoardInDecember2024: "yes",
            baseModelFamily: row.baseModelFamily ?? "other",
          })),
        },
        "rewardbench.top-list.reliable-ranks",
        "30",
      ),
  },
  { what: "logs as described", id: "C018", to: "holds", change: (e) => logs(e, 800) },
  {
    what: "logs with another batch size",
    id: "C020",
    to: "does-not-hold",
    change: (e) => ({
      ...e,
      measurements: { ...e.measurements, trainingRuns: logs(e, 2).measurements.trainingRuns.map((run) => ({ ...run, batchSize: 128 })) },
    }),
  },
  { what: "logs of 4,500 GPU-hours", id: "C081", to: "holds", change: (e) => logs(e, 800) },
  { what: "logs in which Bradley–Terry over-fits", id: "C093", to: "holds", change: (e) => logs(e, 800, 2) },
  { what: "logs in which it does not", id: "C093", to: "does-not-hold", change: (e) => logs(e, 800, -1) },
  {
    what: "49 of 50 annotated tasks that agree",
    id: "C083",
    to: "holds",
    change: (e) => ({
      ...e,
      measurements: {
        ...e.measurements,
        annotations: Array.from({ length: 50 }, (_, i) => ({ task: `${i}`, votes: [i > 0, i > 0, true] })),
      },
    }),
  },
  {
    what: "distances with the Qwen generations closest",
    id: "C078",
    to: "holds",
    change: (e) => ({
      ...e,
      measurements: { ...e.measurements, distances: distances((a, b) => (a.startsWith("Qwen") && b.startsWith("Qwen") ? 0.1 : 0.5)) },
    }),
  },
  {
    what: "distances with another pair closest",
    id: "C078",
    to: "does-not-hold",
    change: (e) => ({
      ...e,
      measurements: { ...e.measurements, distances: distances((a, b) => (a.startsWith("Qwen") && b.startsWith("Qwen") ? 0.5 : 0.1)) },
    }),
  },
  {
    what: "seven scored models",
    id: "C075",
    to: "holds",
    change: (e) => ({
      ...e,
      measurements: {
        ...e.measurements,
        presence: e.tables.models.slice(0, 7).map((row) => ({ model: row.model, subset: "Book", meanLogProbability: -2 })),
      },
    }),
  },
];

function distances(between: (a: string, b: string) => number): Evidence["measurements"]["distances"] {
  const models = ["Crystal", "Qwen1.5-7B", "Qwen2-7B", "Qwen2.5-7B", "gemma-2-9b", "Llama-3.1-8B", "Mistral-7B"];
  return models.flatMap((a, i) => models.slice(i + 1).map((b, j) => ({ a, b, distance: between(a, b) + 0.001 * (i + j) })));
}

describe("a verdict follows the numbers", () => {
  let evidence: Evidence;
  before(() => {
    evidence = gatherEvidence();
  });
  for (const { what, id, to, change } of flips) {
    it(`${id} turns to ${to} with ${what}`, () => {
      const { check } = claimChecks.find((candidate) => candidate.id === id)!;
      assert.notEqual(check(evidence).verdict, to, "the published numbers give this verdict already");
      assert.equal(check(change(evidence)).verdict, to);
    });
  }

  it("C004, C054, C079 and C080 are decided by fits once their features are there", () => {
    // toxigen stands in for the score itself: the fit is nearly exact, and presence scores of noise cannot better it by 1.5 points
    const decided = presence(paperColumns(evidence, scoreOf), (i) => (i * 7) % 40);
    const verdictOf = (id: string): Verdict => claimChecks.find((candidate) => candidate.id === id)!.check(decided).verdict;
    assert.deepEqual(["C004", "C054", "C079", "C080"].map(verdictOf), ["does-not-hold", "holds", "does-not-hold", "does-not-hold"]);
  });

  it("refuses a claim that no check looks at", () => {
    const unknown = { ...evidence.claims[0]!, id: "C999" };
    assert.throws(() => ledger({ ...evidence, claims: [...evidence.claims, unknown] }, []), /claim C999 of claims\.csv has no check/);
  });
});
