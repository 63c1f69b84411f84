// Experimental results (§3.3): C029 to C035.
import { gainsOverLlama, joinResults, sizeGroups } from "../paper/index.ts";
import { clauses, fixed, outOf, signed } from "./format.ts";
import { largestGain } from "./introduction.ts";
import { llamaModels, methods } from "./measures.ts";
import type { ClaimCheck } from "./types.ts";
import { verdictOfEach, verdictOfParts, verdictWithCaveat } from "./verdicts.ts";

export const baseModels: readonly ClaimCheck[] = [
  {
    id: "C029",
    check: ({ tables }) => {
      const groups = sizeGroups.map((group) => tables.models.filter((row) => row.sizeGroup === group).map((row) => row.paramsBillion));
      const spans = groups.map((sizes) => Math.max(...sizes) - Math.min(...sizes));
      return {
        verdict: verdictWithCaveat(
          groups.every((sizes) => sizes.length > 0),
          [spans.some((span) => span > 3.5)],
        ), // roughly 3: rounds to 3 or less
        recomputed: groups.map((sizes, i) => `${sizeGroups[i]}: ${sizes.length} models over ${fixed(spans[i]!, 1)} billion`).join("; "),
        reason: "the last group is wider than 3 billion and holds more than half of the models",
      };
    },
  },
  {
    id: "C030",
    check: (evidence) => {
      const llamas = sizeGroups.map((group) => llamaModels(evidence, group));
      return {
        verdict: verdictOfParts(llamas.map((models) => models.length === 1)),
        recomputed: llamas.map((models, i) => `${sizeGroups[i]}: ${models.join(" and ")}`).join("; "),
        reason: "one default per group was meant; the largest has two candidates",
      };
    },
  },
  {
    id: "C031",
    check: (evidence) => {
      const places = methods.flatMap((method) =>
        sizeGroups.flatMap((group) => {
          const rows = joinResults(evidence.tables, method).filter((row) => row.sizeGroup === group);
          return llamaModels(evidence, group).map((model) => {
            const score = rows.find((row) => row.model === model)!.score;
            return { method, place: 1 + rows.filter((row) => row.score > score).length, of: rows.length };
          });
        }),
      );
      const upperHalf = places.filter(({ place, of }) => place <= of / 2).length;
      const text = (method: string): string =>
        places
          .filter((p) => p.method === method)
          .map(({ place, of }) => `${place}/${of}`)
          .join(", ");
      return {
        verdict: verdictOfEach(upperHalf, places.length),
        recomputed: clauses(
          `place in the group, Regression ${text("regression")}`,
          `Bradley–Terry ${text("bradley-terry")}`,
          `in the upper half ${outOf(upperHalf, places.length)}`,
        ),
        reason: "even the upper half of the group, a mild reading of exceptional, is reached half of the time",
      };
    },
  },
  {
    id: "C032",
    check: (evidence) => {
      const panels = methods.flatMap((method) =>
        sizeGroups.map((group) => {
          const others = gainsOverLlama(evidence.tables, { method, baseline: evidence.settings.largeBaseline }).filter(
            (gain) => gain.sizeGroup === group && !gain.isBaseline,
          );
          return { method, group, better: others.filter((gain) => gain.points > 0).length, others: others.length };
        }),
      );
      const few = panels.filter(({ better, others }) => better <= others / 3).length;
      return {
        verdict: verdictOfEach(few, panels.length),
        recomputed: panels.map(({ method, group, better, others }) => `${method} ${group}: ${outOf(better, others)}`).join("; "),
        reason: "few: at most a third of the others; with Bradley–Terry nearly every model below 6 billion beats Llama-3.x",
      };
    },
  },
  { id: "C033", check: (evidence) => largestGain(evidence) },
  {
    id: "C034",
    check: (evidence) => {
      const pairs = methods.flatMap((method) =>
        gainsOverLlama(evidence.tables, { method, baseline: evidence.settings.largeBaseline }).filter(
          (gain) => /^(Qwen2\.5-|gemma-2-)/.test(gain.model), // gemma-2b-it is of the first generation
        ),
      );
      const better = pairs.filter((pair) => pair.points > 0);
      const worse = pairs.filter((pair) => pair.points <= 0);
      const [least, most] = [Math.min(...better.map((pair) => pair.points)), Math.max(...better.map((pair) => pair.points))];
      return {
        verdict: verdictOfEach(better.length, pairs.length),
        recomputed: clauses(
          `${outOf(better.length, pairs.length)} pairs of model and method gain, ${signed(least, 1)} to ${signed(most, 1)} points`,
          ...worse.map((pair) => `${pair.model} ${signed(pair.points, 1)} (${pair.method})`),
        ),
        reason: "true of those that lead their group; the smallest Qwen2.5 falls short with regression",
      };
    },
  },
  {
    id: "C035",
    check: (evidence) => {
      const panels = methods.flatMap((method) =>
        sizeGroups.map((group) => {
          const scores = joinResults(evidence.tables, method)
            .filter((row) => row.sizeGroup === group)
            .map((row) => row.score);
          return { method, group, range: Math.max(...scores) - Math.min(...scores) };
        }),
      );
      const wide = panels.filter((panel) => panel.range >= 10).length;
      return {
        verdict: verdictOfEach(wide, panels.length),
        recomputed: `range in points, ${panels.map((p) => `${p.method} ${p.group}: ${fixed(p.range, 1)}`).join("; ")}`,
        reason: "a lot: 10 points or more between the best and the worst of a group",
      };
    },
  },
];
