import { isFamilyBase, zoo } from "./recipes.ts";
import type { Method } from "./reward-models.ts";
import type { Architecture, Size } from "./sizes.ts";
import { fullWorld, type WorldSettings } from "./world-files.ts";

/** What a study tries. */
export interface StudyPlan {
  /** models of the zoo, by name */
  readonly models: readonly string[];
  /** models that have learned nothing: what reward accuracy is without a base */
  readonly random: readonly RandomBase[];
  readonly methods: readonly Method[];
  readonly learningRates: Readonly<Record<Method, readonly number[]>>;
  /** each with preferences of its own */
  readonly seeds: readonly number[];
  readonly epochs: number;
  readonly world: WorldSettings;
  /** items of each skill */
  readonly items: number;
}

export interface RandomBase {
  readonly name: string;
  readonly architecture: Architecture;
  readonly size: Size;
}

const random: readonly RandomBase[] = [
  { name: "random-xs", architecture: "llama", size: "XS" },
  { name: "random-s", architecture: "llama", size: "S" },
  { name: "random-m", architecture: "llama", size: "M" },
];

/** The whole zoo, two rates, two seeds. */
export const fullStudy: StudyPlan = {
  models: zoo.map(({ name }) => name),
  random,
  methods: ["bradley-terry", "regression"],
  learningRates: { "bradley-terry": [5e-5, 2e-4], regression: [5e-5, 2e-4] },
  seeds: [1, 2],
  epochs: 2,
  world: fullWorld,
  items: 150,
};

/** The three families in their four generations, one rate, one seed, half of the pairs, one epoch: minutes. */
export const quickStudy: StudyPlan = {
  ...fullStudy,
  models: zoo.filter((recipe) => isFamilyBase(recipe) && recipe.seed === 1).map(({ name }) => name),
  random: random.slice(1, 2),
  learningRates: { "bradley-terry": [2e-4], regression: [2e-4] },
  seeds: [1],
  epochs: 1,
  world: { ...fullWorld, pairs: 1100, benchRows: 40, documents: 100 },
};

/** One reward model to train: everything that decides it. */
export interface RewardTask {
  readonly base: string;
  readonly method: Method;
  readonly learningRate: number;
  readonly seed: number;
}

/** Every reward model of a plan, in its order. */
export function rewardTasks({ models, random: controls, methods, learningRates, seeds }: StudyPlan): RewardTask[] {
  const bases = [...models, ...controls.map(({ name }) => name)];
  return bases.flatMap((base) =>
    methods.flatMap((method) =>
      learningRates[method].flatMap((learningRate) => seeds.map((seed) => ({ base, method, learningRate, seed }))),
    ),
  );
}
