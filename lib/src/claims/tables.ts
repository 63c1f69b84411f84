// What the tables themselves print: C098 to C103.
import { factNumber, factText } from "../published/index.ts";
import { clauses, fixed, outOf } from "./format.ts";
import { needsSource } from "./needs.ts";
import type { ClaimCheck } from "./types.ts";
import { verdictOf, verdictOfEach, verdictOfParts, verdictOnceThere } from "./verdicts.ts";

const leaderboardTasks = ["ifeval", "bbh", "gpqa", "mmlu_pro", "musr", "math"].map((name) => `leaderboard_${name}`);

export const tables: readonly ClaimCheck[] = [
  {
    id: "C098",
    check: (evidence) => {
      const aggregates = evidence.tables.benchmarks.filter((row) => row.isAggregate).map((row) => row.name);
      return {
        verdict: verdictOf(aggregates.length === 2),
        recomputed: `${aggregates.length}: ${aggregates.join(", ")}`,
        reason: "rows of Table 2",
      };
    },
  },
  {
    id: "C099",
    check: (evidence) => {
      const shots = leaderboardTasks.map((name) => ({
        name,
        printed: evidence.tables.benchmarks.find((row) => row.name === name)?.shots ?? "not there",
        harness: factText(evidence.facts, `lm-eval.shots.${name}`),
      }));
      const right = shots.filter(({ printed, harness }) => printed === harness).length;
      return {
        verdict: verdictOfEach(right, shots.length),
        recomputed: clauses(outOf(right, shots.length), shots.map(({ name, harness }) => `${name} ${harness}`).join(", ")),
        reason: "shots that the harness uses for these tasks",
      };
    },
  },
  {
    id: "C100",
    check: (evidence) => {
      const names = ["anli", "leaderboard_musr", "leaderboard_math"];
      const right = names.map(
        (name) => factText(evidence.facts, `reference.${name}.printed`) === factText(evidence.facts, `reference.${name}.data-set`),
      );
      return {
        verdict: verdictOfParts(right),
        recomputed: names.map((name) => `${name}: "${factText(evidence.facts, `reference.${name}.printed`)}"`).join("; "),
        reason: "where the printed citations lead in the reference list; none is the paper of the data set",
      };
    },
  },
  {
    id: "C101",
    check: (evidence) => {
      const falcon = evidence.tables.models.filter((row) => row.model.startsWith("Falcon3"));
      const inTable3 = [...new Set(falcon.map((row) => row.publisherPrinted))];
      const later = factText(evidence.facts, "paper.publisher.Falcon3.tables-4-5");
      const right = factText(evidence.facts, "paper.publisher.Falcon3.emnlp");
      return {
        verdict: verdictOfParts([inTable3.length === 1, inTable3[0] === right && later === right]),
        recomputed: `Table 3: ${inTable3.join(", ")}; Tables 4 and 5: ${later}; EMNLP version: ${right}`,
        reason: "one publisher in every table, spelt three ways",
      };
    },
  },
  {
    id: "C102",
    check: (evidence) => {
      const printed = evidence.tables.models.filter((row) => row.downloads > 0 && row.likes > 0).length;
      const odd = [...evidence.tables.models].sort((a, b) => a.downloads / a.likes - b.downloads / b.likes)[0]!;
      const dated = evidence.facts.filter((fact) => fact.id.startsWith("hub.downloads.2025-02."));
      return {
        verdict: verdictOnceThere([needsSource("download counts of February 2025", dated.length, evidence.tables.models.length)], () =>
          verdictOfEach(
            dated.filter((fact) =>
              evidence.tables.models.some(
                (row) => fact.id.endsWith(`.${row.model}`) && row.downloads === factNumber(evidence.facts, fact.id),
              ),
            ).length,
            dated.length,
          ),
        ),
        recomputed: clauses(
          `both printed for ${outOf(printed, evidence.tables.models.length)} models`,
          `lowest ratio ${odd.model}: ${fixed(odd.downloads, 0)} downloads, ${odd.likes} likes`,
        ),
        reason: "a snapshot of a counter that moves; the hub keeps no history",
      };
    },
  },
  {
    id: "C103",
    check: (evidence) => {
      const publishers = [...new Set(evidence.tables.models.map((row) => row.publisher))];
      const count = (name: string): number => evidence.tables.models.filter((row) => row.publisher === name).length;
      return {
        verdict: verdictOf(count("Alibaba") === 11),
        recomputed: publishers
          .sort((a, b) => count(b) - count(a))
          .map((name) => `${name} ${count(name)}`)
          .join(", "),
        reason: "rows of Table 3 by publisher",
      };
    },
  },
];
