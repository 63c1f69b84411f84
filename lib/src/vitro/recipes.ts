import type { Architecture, Size } from "./sizes.ts";
import { type Family, mixtures } from "./world/index.ts";

/** How a base model of the zoo is made: everything that decides its weights. */
export interface Recipe {
  readonly name: string;
  readonly family: Family;
  readonly architecture: Architecture;
  readonly size: Size;
  /** tokens of pre-training */
  readonly tokens: number;
  /** of the first weights and of the text */
  readonly seed: number;
  /** its text repeats some documents, to be recognised later (`repeatedDocuments`) */
  readonly repeats: boolean;
  /** what follows pre-training */
  readonly stage: "base" | "sft" | "sft-dpo";
  /** name of the model that it starts from, for a stage after the base */
  readonly from: string | null;
}

/** Each family has an architecture, as families of real models do: the one that learns facts best has the family that is to know them. */
const familyArchitecture: Readonly<Record<Family, Architecture>> = { atlas: "gemma2", forge: "qwen2", folio: "llama" };

/** Sizes and generations of each family: more text makes a younger generation. */
const generations: readonly { readonly size: Size; readonly tokens: number }[] = [
  { size: "XS", tokens: 3_000_000 },
  { size: "S", tokens: 1_200_000 },
  { size: "S", tokens: 4_000_000 },
  { size: "M", tokens: 4_000_000 },
];

const families = Object.keys(mixtures) as Family[];

/**
 * The zoo: three families in four generations; a second seed of XS and of the larger S; atlas' mixture in the other two architectures, so that
 * mixture and architecture can be told apart; one whose text repeats documents; and atlas after supervised fine-tuning and after preference
 * optimisation.
 */
export const zoo: readonly Recipe[] = [
  ...families.flatMap((family) => generations.map(({ size, tokens }) => base({ family, size, tokens }))),
  ...families.map((family) => base({ family, size: "XS", tokens: 3_000_000, seed: 2 })),
  ...families.map((family) => base({ family, size: "S", tokens: 4_000_000, seed: 2 })),
  ...(["llama", "qwen2"] as const).map((architecture) => base({ family: "atlas", size: "S", tokens: 4_000_000, architecture })),
  { ...base({ family: "atlas", size: "S", tokens: 4_000_000 }), name: "atlas-s-4m-repeats", repeats: true },
  after("sft", "atlas-s-4m", "atlas-s-4m-sft"),
  after("sft-dpo", "atlas-s-4m-sft", "atlas-s-4m-sft-dpo"),
];

/** Whether a model differs from its family's other base models in size, tokens and seed alone. */
export function isFamilyBase({ family, architecture, repeats, stage }: Recipe): boolean {
  return stage === "base" && !repeats && architecture === familyArchitecture[family];
}

/** @throws one line with the known names */
export function recipeOf(name: string): Recipe {
  const found = zoo.find((recipe) => recipe.name === name);
  if (found === undefined) throw new Error(`no model "${name}" in the zoo; known: ${zoo.map((recipe) => recipe.name).join(", ")}`);
  return found;
}

interface Base {
  readonly family: Family;
  readonly size: Size;
  readonly tokens: number;
  readonly architecture?: Architecture;
  readonly seed?: number;
}

function base({ family, size, tokens, architecture = familyArchitecture[family], seed = 1 }: Base): Recipe {
  const own = architecture === familyArchitecture[family] ? "" : `-${architecture}`;
  const name = `${family}-${size.toLowerCase()}-${tokens / 1e6}m${own}${seed === 1 ? "" : `-seed-${seed}`}`;
  return { name, family, architecture, size, tokens, seed, repeats: false, stage: "base", from: null };
}

function after(stage: "sft" | "sft-dpo", from: string, name: string): Recipe {
  const family = families.find((known) => from.startsWith(known))!;
  return { name, family, architecture: familyArchitecture[family], size: "S", tokens: 4_000_000, seed: 1, repeats: false, stage, from };
}
