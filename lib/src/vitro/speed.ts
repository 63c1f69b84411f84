import { join } from "node:path";
import { openModel, scoreTexts } from "../models/index.ts";
import { forwardOperations, passes } from "../paper/index.ts";
import { type TextExample, train } from "../training/index.ts";
import { readModelRecord } from "./make.ts";
import { saveRandomBase } from "./new-model.ts";
import { preTrainConfig, rowLength, rowsOfAStep, textRows } from "./pre-train.ts";
import { type Recipe, recipeOf, zoo } from "./recipes.ts";
import { type Size, sizes } from "./sizes.ts";
import { parametersOf } from "./study-results.ts";

/** How fast a model of vitro was trained or computed. */
export interface Speed {
  readonly name: string;
  readonly architecture: Recipe["architecture"];
  readonly size: Size;
  readonly parameters: number;
  readonly tokens: number;
  readonly seconds: number;
  /** of the operations that the tokens need (`forwardOperations`), so many a second */
  readonly operationsPerSecond: number;
}

type Model = Pick<Recipe, "name" | "architecture" | "size">;

/**
 * A speed from tokens and seconds. The head is the table of embeddings, so all parameters multiply each token.
 *
 * @param times  forward passes, see `passes`
 */
export function speedOf({ name, architecture, size }: Model, tokens: number, seconds: number, times: number): Speed {
  const parameters = parametersOf(architecture, size);
  const { layers, hidden } = sizes[size];
  const row = forwardOperations({ weights: parameters, layers, attentionWidth: hidden }, rowLength);
  const operationsPerSecond = (times * row * (tokens / rowLength)) / seconds;
  return { name, architecture, size, parameters, tokens, seconds, operationsPerSecond };
}

/**
 * How fast the base models of a zoo were pre-trained, one thread each, from their records: by the clock, so slower where the machine did
 * other things as well.
 */
export function makingSpeeds(zooFolder: string): Speed[] {
  return zoo
    .filter(({ stage }) => stage === "base")
    .flatMap((recipe) => {
      const record = readModelRecord(join(zooFolder, recipe.name), recipe);
      return record === null ? [] : [speedOf(recipe, recipe.tokens, record.seconds, passes.training)];
    });
}

/**
 * Measure how fast this machine trains a model of a size, and scores texts with it, on one thread.
 *
 * @param folder  empty; a model that has learned nothing and a log of its training are put there
 * @param steps   of 512 tokens. The first few are left out: graphs are compiled then
 */
export async function measureSpeed(
  size: Size,
  folder: string,
  { steps = 40, backend }: { readonly steps?: number; readonly backend?: string } = {},
): Promise<{ readonly training: Speed; readonly scoring: Speed }> {
  const warmUp = 5;
  if (!(steps > warmUp)) throw new Error(`measureSpeed: steps is ${steps}; give more than ${warmUp}, the first ones are not counted`);
  const recipe: Recipe = { ...recipeOf("atlas-s-4m"), name: size, size };
  const engine = { threads: 1, ...(backend !== undefined && { backend }) };
  const base = join(folder, "base");
  await saveRandomBase(base, recipe);
  const rows = textRows(recipe, steps * rowsOfAStep, "train");
  const { lines } = await train({
    model: base,
    task: { kind: "language-model" },
    data: { train: rows, validation: [] },
    config: preTrainConfig(recipe),
    output: join(folder, "run"),
    ...engine,
  });
  const counted = lines.filter((line) => line.kind === "step").slice(warmUp);
  const secondsOf = (values: readonly { readonly seconds: number }[]): number => values.reduce((sum, { seconds }) => sum + seconds, 0);
  return {
    training: speedOf(recipe, counted.length * rowsOfAStep * rowLength, secondsOf(counted), passes.training),
    scoring: await scoringSpeed(recipe, base, rows, engine),
  };
}

async function scoringSpeed(
  recipe: Recipe,
  folder: string,
  rows: readonly TextExample[],
  engine: { readonly threads: number; readonly backend?: string },
): Promise<Speed> {
  const model = await openModel(folder, engine);
  try {
    const texts = rows.map(({ ids }) => ids);
    await scoreTexts(model, texts.slice(0, rowsOfAStep), { batch: rowsOfAStep }); // compiles
    const began = performance.now();
    await scoreTexts(model, texts, { batch: rowsOfAStep });
    return speedOf(recipe, texts.length * rowLength, (performance.now() - began) / 1000, passes.scoring);
  } finally {
    await model.dispose();
  }
}
