import { bootstrapInterval, histogram, jensenShannonDistance, mean, pooledBins, type Random, spearman } from "../statistics/index.ts";
import { type Recipe, zoo } from "./recipes.ts";
import type { Method } from "./reward-models.ts";
import {
  chosenRuns,
  type PresenceRow,
  presenceByBase,
  type RewardRow,
  type Section,
  type SkillRow,
  sectionByBase,
  skillByBase,
} from "./study-tables.ts";
import { domains, helpfulnessWeights, type Mixture, mixtures } from "./world/index.ts";

/** What a study says, where the truth is known: an estimate with its 95 % interval. */
export interface Finding {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** Two base models: how far apart their mixtures are, and how far apart their presence scores. */
export interface MixturePair {
  readonly a: string;
  readonly b: string;
  /** Jensen–Shannon distance of the shares of the domains */
  readonly mixtures: number;
  /** Jensen–Shannon distance of the distributions of presence scores, mean over the domains */
  readonly presence: number;
}

/** True and measured distances of all pairs of models. @param bins  equal-width bins over all models' scores of a domain */
export function mixturePairs(presence: readonly PresenceRow[], models: readonly Recipe[], bins: number = 100): MixturePair[] {
  const distances = domains.map((domain) => {
    const scores = presenceByBase(presence, domain);
    const own = models.map(({ name }) => scores.get(name) ?? missing(name, "presence scores"));
    const edges = pooledBins(own, bins);
    const shares = own.map((values) => histogram(values, edges));
    return (a: number, b: number): number => jensenShannonDistance(shares[a]!, shares[b]!);
  });
  return models.flatMap((first, a) =>
    models.slice(a + 1).map((second, i) => ({
      a: first.name,
      b: second.name,
      mixtures: jensenShannonDistance(shareList(mixtures[first.family]), shareList(mixtures[second.family])),
      presence: mean(distances.map((distance) => distance(a, a + 1 + i))),
    })),
  );
}

function shareList(mixture: Mixture): number[] {
  return domains.map((domain) => mixture[domain]);
}

/**
 * Do distances of presence scores order the models' mixtures? Spearman's ρ over pairs of models; for the interval models are drawn with
 * replacement, and a model is no pair with itself.
 */
export function mixtureRecovery(pairs: readonly MixturePair[], models: readonly Recipe[], random: Random): Finding {
  const place = new Map(models.map(({ name }, i) => [name, i]));
  const at = new Map(pairs.map((pair) => [key(place.get(pair.a)!, place.get(pair.b)!), pair]));
  const rho = (indices: ArrayLike<number>): number => {
    const chosen: MixturePair[] = [];
    for (let i = 0; i < indices.length; i++) {
      for (let j = i + 1; j < indices.length; j++) if (indices[i] !== indices[j]) chosen.push(at.get(key(indices[i]!, indices[j]!))!);
    }
    return spearman(chosen.map((pair) => pair.mixtures), chosen.map((pair) => pair.presence)); // biome-ignore format: one thought
  };
  return { ...bootstrapInterval(models.length, rho, { resamples: 2000, random }), n: models.length };
}

function key(a: number, b: number): string {
  return `${Math.min(a, b)} ${Math.max(a, b)}`;
}

/** How far apart two models of one mixture, size and architecture are that differ by their seed alone: below it a distance says nothing. */
export function seedFloor(pairs: readonly MixturePair[], models: readonly Recipe[]): MixturePair[] {
  const recipe = new Map(models.map((model) => [model.name, model]));
  return pairs.filter(({ a, b }) => {
    const [first, second] = [recipe.get(a)!, recipe.get(b)!];
    return (["family", "architecture", "size", "tokens", "repeats", "stage"] as const).every((field) => first[field] === second[field]);
  });
}

/** Does a domain's mean presence score follow its share of the mixture? Spearman's ρ over models. */
export function shareAndPresence(
  presence: readonly PresenceRow[],
  models: readonly Recipe[],
  domain: keyof Mixture,
  random: Random,
): Finding {
  const scores = presenceByBase(presence, domain);
  const means = models.map(({ name }) => mean(scores.get(name) ?? missing(name, "presence scores")));
  return correlation(models.map(({ family }) => mixtures[family][domain]), means, random); // biome-ignore format: one thought
}

/** Does a skill of the base predict a section of its reward models? Spearman's ρ over bases, their seeds averaged. */
export function skillAndSection(
  skills: readonly SkillRow[],
  rewards: readonly RewardRow[],
  bases: readonly string[],
  { skill, method, section }: { readonly skill: string; readonly method: Method; readonly section: Section },
  random: Random,
): Finding {
  const [x, y] = [skillByBase(skills, skill), sectionByBase(chosenRuns(rewards), method, section)];
  const of = (values: ReadonlyMap<string, number>, what: string): number[] => bases.map((base) => values.get(base) ?? missing(base, what));
  return correlation(of(x, `skill ${skill}`), of(y, `reward models (${method})`), random);
}

/** Two stages of one model, seed by seed: what the later one changed. */
export interface StageChange {
  readonly from: string;
  readonly to: string;
  readonly method: Method;
  readonly seed: number;
  readonly change: number;
}

/** What SFT and DPO change in reward accuracy. */
export function stageChanges(rewards: readonly RewardRow[], section: Section, recipes: readonly Recipe[] = zoo): StageChange[] {
  const runs = chosenRuns(rewards);
  return recipes.flatMap(({ name, from }) =>
    runs.flatMap((after) => {
      const before = runs.find(({ base, method, seed }) => base === from && method === after.method && seed === after.seed);
      if (after.base !== name || before === undefined) return [];
      const change = after.sections[section] - before.sections[section];
      return [{ from: before.base, to: name, method: after.method, seed: after.seed, change }];
    }),
  );
}

/**
 * How near a merge vector is to the weights by which answers are made helpful: the cosine of the angle between them, helpfulness itself left out,
 * which is their sum.
 *
 * @param vector  weights of helpfulness, correctness, coherence, complexity, verbosity
 */
export function mergeVectorCosine(vector: readonly number[]): number {
  const truth = [helpfulnessWeights.correctness, helpfulnessWeights.coherence, helpfulnessWeights.complexity, helpfulnessWeights.verbosity];
  const [helpfulness, ...others] = vector as [number, ...number[]];
  const whole = others.map((weight, i) => weight + helpfulness * truth[i]!); // helpfulness counts as what it is made of
  const product = whole.reduce((sum, weight, i) => sum + weight * truth[i]!, 0);
  return product / (Math.hypot(...whole) * Math.hypot(...truth));
}

function correlation(x: readonly number[], y: readonly number[], random: Random): Finding {
  const rho = (indices: ArrayLike<number>): number => {
    const pick = (values: readonly number[]): number[] => Array.from(indices, (i) => values[i]!);
    return spearman(pick(x), pick(y));
  };
  return { ...bootstrapInterval(x.length, rho, { resamples: 2000, random }), n: x.length };
}

function missing(base: string, what: string): never {
  throw new Error(`the study has no ${what} of ${base}; run basewise vitro study with it`);
}
