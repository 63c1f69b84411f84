import { type Category, categories } from "../paper/index.ts";
import {
  bootstrapInterval,
  type GroupMean,
  jensenShannonDistance,
  mean,
  pooledIntervals,
  type Random,
  spearman,
} from "../statistics/index.ts";
import { isFamilyBase, type Recipe } from "./recipes.ts";
import type { Method } from "./reward-models.ts";
import { type StudyResult, studyResults } from "./study-results.ts";
import {
  chosenRuns,
  type PresenceRow,
  presenceByBase,
  type RewardRow,
  type Section,
  type SkillRow,
  type StudyTables,
  sectionByBase,
  skillByBase,
} from "./study-tables.ts";
import { type Domain, domains, type Family, helpfulnessWeights, type Mixture, mixtures } from "./world/index.ts";

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
  /** Jensen–Shannon distance of the distributions of presence scores */
  readonly presence: number;
  readonly differs: Difference;
}

/** What two recipes differ in; "seed" where in nothing else, "several" where in more than one thing. */
export type Difference = "seed" | "architecture" | "size" | "tokens" | "mixture" | "several";

/** A distance of presence scores between two of some models, by their places in the list. */
export interface PresenceDistance {
  readonly a: number;
  readonly b: number;
  readonly distance: number;
}

/** True and measured distances of pairs of models, and what the two differ in. @param distances  between the models, e.g. of `compareStudy` */
export function mixturePairs(models: readonly Recipe[], distances: readonly PresenceDistance[]): MixturePair[] {
  return distances.map(({ a, b, distance }) => {
    const [first, second] = [models[a]!, models[b]!];
    const truth = jensenShannonDistance(shareList(mixtures[first.family]), shareList(mixtures[second.family]));
    return { a: first.name, b: second.name, mixtures: truth, presence: distance, differs: difference(first, second) };
  });
}

function shareList(mixture: Mixture): number[] {
  return domains.map((domain) => mixture[domain]);
}

/** Models of one recipe but for the seed show the floor: how far apart two models are between which nothing differs but chance. */
function difference(a: Recipe, b: Recipe): Difference {
  const fields = {
    family: "mixture",
    architecture: "architecture",
    size: "size",
    tokens: "tokens",
    repeats: "several",
    stage: "several",
  } as const;
  const found = (Object.keys(fields) as (keyof typeof fields)[]).filter((field) => a[field] !== b[field]);
  if (found.length === 0) return "seed";
  return found.length === 1 ? fields[found[0]!] : "several";
}

/**
 * Do distances of presence scores order the models' mixtures? Spearman's ρ over pairs of models; for the interval models are drawn with
 * replacement, and a model is no pair with itself.
 *
 * @param pairs   that count, e.g. those of different mixtures only; pairs with other models are left out
 */
export function mixtureRecovery(pairs: readonly MixturePair[], models: readonly Recipe[], random: Random): Finding {
  const place = new Map(models.map(({ name }, i) => [name, i]));
  const among = pairs.filter(({ a, b }) => place.has(a) && place.has(b));
  const at = new Map(among.map((pair) => [key(place.get(pair.a)!, place.get(pair.b)!), pair]));
  const rho = (indices: ArrayLike<number>): number => {
    const chosen: MixturePair[] = [];
    for (let i = 0; i < indices.length; i++) {
      for (let j = i + 1; j < indices.length; j++) {
        const pair = at.get(key(indices[i]!, indices[j]!));
        if (pair) chosen.push(pair);
      }
    }
    return spearman(chosen.map((pair) => pair.mixtures), chosen.map((pair) => pair.presence)); // biome-ignore format: one thought
  };
  return { ...bootstrapInterval(models.length, rho, { resamples: 2000, random }), n: models.length };
}

function key(a: number, b: number): string {
  return `${Math.min(a, b)} ${Math.max(a, b)}`;
}

/** Does a domain's mean presence score follow its share of the mixture? Spearman's ρ over models. */
export function shareAndPresence(presence: readonly PresenceRow[], models: readonly Recipe[], domain: Domain, random: Random): Finding {
  const scores = presenceByBase(presence, domain);
  const means = models.map(({ name }) => mean(scores.get(name) ?? missing(name, "presence scores")));
  return correlation(models.map(({ family }) => mixtures[family][domain]), means, random); // biome-ignore format: one thought
}

/** In how many generations the family that read most of a domain finds its documents likeliest. */
export interface LargestShare {
  readonly family: Family;
  readonly wins: number;
  readonly generations: number;
}

/**
 * Does the family with the largest share of a domain find its documents likeliest? Families are compared within a generation, which is a size,
 * an amount of text and a seed: a larger model finds everything likelier. Where shares decide nothing, one of three would.
 *
 * @param models  base models in their family's architecture count; other ones, and generations that lack a family, are left out
 */
export function largestShareWins(presence: readonly PresenceRow[], models: readonly Recipe[], domain: Domain): LargestShare {
  const scores = presenceByBase(presence, domain);
  const families = Object.keys(mixtures) as Family[];
  const family = families.reduce((most, next) => (mixtures[next][domain] > mixtures[most][domain] ? next : most));
  const score = ({ name }: Recipe): number => mean(scores.get(name) ?? missing(name, "presence scores"));
  const generation = ({ size, tokens, seed }: Recipe): string => `${size} ${tokens} ${seed}`;
  const comparable = models.filter(isFamilyBase);
  const complete = [...new Set(comparable.map(generation))]
    .map((of) => families.map((own) => comparable.find((model) => model.family === own && generation(model) === of)))
    .filter((members): members is Recipe[] => !members.includes(undefined));
  const winners = complete.map((members) => members.reduce((best, next) => (score(next) > score(best) ? next : best)).family);
  return { family, wins: winners.filter((winner) => winner === family).length, generations: complete.length };
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

/** What changes from one base to another in a section of RewardBench, in points: the mean over preference samples. */
export interface BaseChange extends GroupMean {
  readonly from: string;
  readonly to: string;
  readonly category: Category;
}

/**
 * Changes between bases, e.g. from one stage of training to the next, or to another seed. Both learn from the same preference samples, so
 * changes are taken sample by sample; the intervals over samples (`pooledIntervals`) are made with the scatter of all pairs given, for two values say little of their own.
 *
 * @throws when a base has no reward model by this method with one of the seeds
 */
export function baseChanges(
  study: Pick<StudyTables, "rewards" | "record">,
  method: Method,
  pairs: readonly { readonly from: string; readonly to: string }[],
): BaseChange[] {
  const samples = study.record.plan.seeds.map((seed) => studyResults(study, method, seed));
  const of = (results: readonly StudyResult[], base: string): StudyResult =>
    results.find(({ model }) => model === base) ?? missing(base, `reward models (${method})`);
  return categories.flatMap((category) => {
    const changes = pairs.map(({ from, to }) => samples.map((results) => of(results, to)[category] - of(results, from)[category]));
    return pooledIntervals(changes).map((change, i) => ({ ...pairs[i]!, category, ...change }));
  });
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
