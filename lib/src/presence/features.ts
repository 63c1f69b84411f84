import type { PresenceAverage } from "./distributions.ts";

/** What the family rule needs to know of a model: rows of Table 3 have it. */
export interface FamilyMember {
  readonly model: string;
  readonly family: string;
  readonly paramsBillion: number;
  readonly pretrainingTokensTrillion: number;
}

/** A model, and the one whose presence scores stand for it. */
export interface PresenceSource {
  readonly model: string;
  readonly source: string;
}

/**
 * Whose presence scores stand for whom: those of the largest member of the family, if and only if both were pre-trained on the same number of
 * tokens. So within a family the models of one token count share the scores of the largest among them; where several are equally large, of the
 * first in the list. A token count that is not known (NaN) is nobody's equal.
 *
 * Source: the paper, §5.2.
 *
 * @returns  one per model, in their order
 */
export function presenceSources(models: readonly FamilyMember[]): PresenceSource[] {
  return models.map((own) => {
    const alike = models.filter(
      (other) => other.family === own.family && other.pretrainingTokensTrillion === own.pretrainingTokensTrillion,
    );
    const largest = alike.reduce((best, other) => (other.paramsBillion > best.paramsBillion ? other : best), alike[0] ?? own);
    return { model: own.model, source: largest.model };
  });
}

/** An average score as a feature of a model: what the checks of claims take. */
export interface PresenceFeature {
  readonly model: string;
  readonly subset: string;
  /** nats per token */
  readonly meanLogProbability: number;
}

/**
 * Average scores per subset as features of the models, by whom the rule names. A model whose source has no scores gets no rows.
 *
 * @param averages  models by the name on the hub, or a folder: its last part is what counts ("Qwen/Qwen2-0.5B-Instruct")
 * @throws when two of the scored models have the same last part
 */
export function presenceFeatures(averages: readonly PresenceAverage[], sources: readonly PresenceSource[]): PresenceFeature[] {
  const scored = [...new Set(averages.map(({ model }) => model))];
  for (const model of scored) {
    const other = scored.find((name) => name !== model && lastPart(name) === lastPart(model));
    if (other) throw new Error(`presenceFeatures: ${model} and ${other} have the same name; compare one of them`);
  }
  return sources.flatMap(({ model, source }) =>
    averages
      .filter((average) => lastPart(average.model) === source)
      .map(({ subset, mean }) => ({ model, subset, meanLogProbability: mean })),
  );
}

/** "Qwen2-0.5B" of "Qwen/Qwen2-0.5B" or a folder. */
function lastPart(model: string): string {
  return model.split(/[\\/]/).filter(Boolean).at(-1) ?? model;
}
