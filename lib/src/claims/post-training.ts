// Training stages: post-training (§5.1): C055 to C068.
import { change, joinResults, type PostTrainingStage, postTrainingChange } from "../paper/index.ts";
import { factText } from "../published/index.ts";
import { asPrinted, clauses, fixed, outOf, signed, span } from "./format.ts";
import { methods, scoresOf, sections } from "./measures.ts";
import { needsSource } from "./needs.ts";
import type { ClaimCheck, Evidence, Finding } from "./types.ts";
import { verdictOf, verdictOfEach, verdictOnceThere, verdictWithCaveat } from "./verdicts.ts";

const sft = "Llama-3.1-Tulu-3-8B-SFT";
const afterDpo = "Llama-3.1-Tulu-3-8B-DPO";
const afterRlvr = "Llama-3.1-Tulu-3-8B";
const printedCategories = [...sections, "score"] as const;

export const postTraining: readonly ClaimCheck[] = [
  {
    id: "C055",
    check: ({ tables }) => {
      const stages = tables.postTraining.filter((row) => row.model.includes("Tulu-3"));
      return {
        verdict: verdictOf(stages.length === 3),
        recomputed: `${stages.length}: ${stages.map((row) => row.model).join(", ")}`,
        reason: "rows of Table 1",
      };
    },
  },
  {
    id: "C056",
    check: ({ tables }) => {
      const computed = postTrainingChange(tables.postTraining, "base");
      const checks = computed.flatMap((row) => {
        const printed = stage(tables.postTraining, row.model).printedChange!;
        return printedCategories.map((category) => asPrinted(row.change[category], printed[category].toFixed(1)));
      });
      const right = checks.filter(Boolean).length;
      return {
        verdict: verdictOfEach(right, checks.length),
        recomputed: `${outOf(right, checks.length)} printed changes`,
        reason: "recomputed from the scores of Table 1, ± 0.05",
      };
    },
  },
  {
    id: "C057",
    check: (evidence) => {
      const equal = (method: "regression" | "bradley-terry"): { equal: number; of: number } => {
        const rows = joinResults(evidence.tables, method);
        const pairs = evidence.tables.postTraining.flatMap((row) => {
          const other = rows.find((result) => result.model === row.model);
          return other ? printedCategories.map((category) => row[category] === other[category]) : [];
        });
        return { equal: pairs.filter(Boolean).length, of: pairs.length };
      };
      const [regression, bradleyTerry] = [equal("regression"), equal("bradley-terry")];
      return {
        verdict: verdictOfEach(regression.equal, regression.of),
        recomputed: `${outOf(regression.equal, regression.of)} values equal Table 4, ${outOf(bradleyTerry.equal, bradleyTerry.of)} Table 5`,
        reason: "so Table 1 shows regression, which the text does not say",
      };
    },
  },
  {
    id: "C058",
    check: ({ tables }) => {
      const changes = postTrainingChange(tables.postTraining, "base");
      const up = changes.filter((row) => row.change.score > 0).length;
      const down = changes.flatMap((row) =>
        sections
          .filter((category) => row.change[category] < 0)
          .map((category) => `${row.model} ${category} ${signed(row.change[category], 1)} %`),
      );
      return {
        verdict: verdictOfEach(up, changes.length),
        recomputed: clauses(
          `${outOf(up, changes.length)} models, ${changes.map((row) => `${signed(row.change.score, 1)} %`).join(", ")}`,
          `single sections that fall: ${down.join(", ") || "none"}`,
        ),
        reason: "the overall score, which is what is claimed",
      };
    },
  },
  {
    id: "C059",
    check: ({ tables }) => {
      const changes = postTrainingChange(tables.postTraining, "sft", "points");
      const cells = changes.flatMap((row) => sections.map((category) => row.change[category]));
      const rises = sections.filter(
        (category) => stage(tables.postTraining, afterRlvr)[category] > stage(tables.postTraining, afterDpo)[category],
      );
      return {
        verdict: verdictWithCaveat(
          cells.every((value) => value < 0),
          [rises.length > 0],
        ),
        recomputed: clauses(
          ...changes.map(
            (row) => `${row.model} ${sections.map((category) => signed(row.change[category], 1)).join(" ")} points against SFT`,
          ),
          `from DPO to RLVR ${rises.join(", ") || "nothing"} rises`,
        ),
        reason: "each later stage is below SFT everywhere, but the last step does not lower all of them again",
      };
    },
  },
  {
    id: "C060",
    check: ({ tables }) => {
      const changes = postTrainingChange(tables.postTraining, "base");
      const cells = changes.flatMap((row) =>
        (["chatHard", "safety"] as const).map((category) => ({ model: row.model, category, value: row.change[category] })),
      );
      const within = cells.filter(({ value }) => Math.round(value) >= 22 && Math.round(value) <= 32);
      const outside = cells.filter((cell) => !within.includes(cell));
      return {
        verdict: verdictOfEach(within.length, cells.length),
        recomputed: clauses(
          `${span(
            cells.map((cell) => cell.value),
            1,
          )} %`,
          `${outOf(within.length, cells.length)} within 22 to 32`,
          ...outside.map((cell) => `${cell.model} ${cell.category} ${fixed(cell.value, 1)} %`),
        ),
        reason: "percent of the base model's section, rounded to whole numbers as printed",
      };
    },
  },
  {
    id: "C061",
    check: ({ tables }) => {
      const changes = postTrainingChange(tables.postTraining, "base").map((row) => row.change.chat);
      const small = changes.filter((value) => Math.abs(value) < 2).length;
      return {
        verdict: verdictOfEach(small, changes.length),
        recomputed: `${signed(Math.min(...changes), 1)} to ${signed(Math.max(...changes), 1)} %`,
        reason: "percent of the base model's Chat",
      };
    },
  },
  {
    id: "C062",
    check: ({ tables }) => {
      const rise = reasoning(tables.postTraining, sft, "percent");
      return {
        verdict: verdictOf(asPrinted(rise, "8.5")),
        recomputed: `${signed(rise, 2)} %`,
        reason: "percent of the base model's Reasoning",
      };
    },
  },
  {
    id: "C063",
    check: ({ tables }) => {
      const gain = reasoning(tables.postTraining, sft, "points");
      const lost = [afterDpo, afterRlvr].map((model) => (1 - reasoning(tables.postTraining, model, "points") / gain) * 100) as [
        number,
        number,
      ];
      return {
        verdict: verdictWithCaveat(
          lost.every((share) => share > 50),
          [lost.some((share) => share > 100)],
        ),
        recomputed: `of ${signed(gain, 1)} points, DPO takes back ${fixed(lost[0], 0)} %, DPO and RLVR ${fixed(lost[1], 0)} %`,
        reason: "in the end more than all of the gain is gone",
      };
    },
  },
  { id: "C064", check: (evidence) => reasoningShare(evidence, (subset) => subset === "math-prm", "31") },
  { id: "C065", check: (evidence) => reasoningShare(evidence, (subset) => subset !== "math-prm", "69") },
  {
    id: "C066",
    check: (evidence) => {
      const [regression, bradleyTerry] = methods.map((method) => Math.min(...scoresOf(evidence, method, "chat"))) as [number, number];
      const well = 80; // ours: the paper gives no number
      return {
        verdict: verdictWithCaveat(regression >= well, [bradleyTerry < well]),
        recomputed: `lowest Chat: Regression ${fixed(regression, 1)}, Bradley–Terry ${fixed(bradleyTerry, 1)}`,
        reason: `well: ${well} or more; true of regression, which section 5.1 shows, not of Bradley–Terry`,
      };
    },
  },
  {
    id: "C067",
    check: (evidence) => {
      const stages = evidence.facts.some((fact) => fact.id === "hermes-3.stages") ? factText(evidence.facts, "hermes-3.stages") : "";
      return {
        verdict: verdictOnceThere([needsSource("a description of Hermes 3", stages === "" ? 0 : 1)], () =>
          verdictOf(stages === "SFT + DPO"),
        ),
        recomputed: stages || "no source",
        reason: "stages that the model's own technical report describes",
      };
    },
  },
  {
    id: "C068",
    check: (evidence) => {
      const names = evidence.tables.postTraining.map((row) => row.model);
      const rows = joinResults(evidence.tables, "bradley-terry")
        .filter((row) => names.includes(row.model))
        .sort((a, b) => b.score - a.score);
      return {
        verdict: verdictOf(rows[0]?.model === sft),
        recomputed: `Bradley–Terry: ${rows.map((row) => `${row.model} ${fixed(row.score, 1)}`).join(" > ")}`,
        reason: "true in Table 1; with Bradley–Terry Meta's own instruct model is ahead (the base model has no such run)",
      };
    },
  },
];

function stage(stages: readonly PostTrainingStage[], model: string): PostTrainingStage {
  const row = stages.find((candidate) => candidate.model === model);
  if (!row) throw new Error(`Table 1 has no row for ${model}; add it`);
  return row;
}

function reasoning(stages: readonly PostTrainingStage[], model: string, unit: "points" | "percent"): number {
  const base = stages.find((row) => row.printedChange === null);
  if (!base) throw new Error("Table 1 has no base model; leave the changes of its row empty");
  return change(stage(stages, model).reasoning, base.reasoning, unit);
}

function reasoningShare(evidence: Evidence, isCounted: (subset: string) => boolean, printed: string): Finding {
  const rows = evidence.rewardBench.filter((row) => row.section === "Reasoning");
  const share = (key: "rows" | "weight"): number => {
    const counted = rows.filter((row) => isCounted(row.subset)).reduce((sum, row) => sum + row[key], 0);
    return (counted / rows.reduce((sum, row) => sum + row[key], 0)) * 100;
  };
  return {
    verdict: verdictWithCaveat(asPrinted(share("rows"), printed), [!asPrinted(share("weight"), printed)]),
    recomputed: `${fixed(share("rows"), 1)} % of the rows, ${fixed(share("weight"), 1)} % of the score`,
    reason: "right as a count of rows; the score weighs math as much as code, which weakens the explanation it is used for",
  };
}
