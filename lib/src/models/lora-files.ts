import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { tf } from "../compute/index.ts";
import { placeOf, readText, writeWhole } from "../files/index.ts";
import type { DecoderModel } from "./heads.ts";
import { type LoraAdapter, type LoraOptions, linearLayers, loraAdapter, moduleOf, targetsOf } from "./lora.ts";
import { openSafetensors, type SafetensorsFile } from "./safetensors.ts";
import { quoted } from "./safetensors-header.ts";
import { writeSafetensors } from "./safetensors-writer.ts";

const configFile = "adapter_config.json";
const tensorFile = "adapter_model.safetensors";
const prefix = "base_model.model."; // before every name of the model's own

/** What the files say beside the adapters. */
export interface LoraFileOptions {
  /** hub name or folder of the base */
  readonly base: string;
  /** SEQ_CLS: a reward model; CAUSAL_LM: a language model */
  readonly task: "SEQ_CLS" | "CAUSAL_LM";
}

/** Save adapters in the layout of PEFT: adapter_config.json, adapter_model.safetensors. What the folder has under these names is replaced. */
export async function saveLora(folder: string, model: DecoderModel, adapter: LoraAdapter, { base, task }: LoraFileOptions): Promise<void> {
  const { rank, alpha } = adapter.options;
  const whole = [...adapter.weights.keys()].filter((name) => moduleOf(name) === null);
  const config = {
    peft_type: "LORA",
    task_type: task,
    base_model_name_or_path: base,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: 0,
    target_modules: targetsOf(model.config, adaptedLayers(adapter.weights.keys())),
    modules_to_save: whole.length === 0 ? null : whole.map((name) => name.replace(/\.weight$/, "")),
    bias: "none",
    fan_in_fan_out: model.config.weightLayout === "in-out",
    init_lora_weights: true,
    inference_mode: true,
  };
  mkdirSync(folder, { recursive: true });
  const tensors = [...adapter.weights].map(([name, variable]) => ({
    name: prefix + name,
    shape: variable.shape,
    data: async () => (await variable.data()) as Float32Array,
  }));
  await writeSafetensors(join(folder, tensorFile), tensors, { dtype: "F32" });
  writeWhole(join(folder, configFile), `${JSON.stringify(config, null, 2)}\n`);
}

function adaptedLayers(names: Iterable<string>): string[] {
  return [...new Set([...names].map(moduleOf).filter((module) => module !== null))];
}

const none = z.union([z.null(), z.literal(false), z.literal("none"), z.strictObject({}), z.tuple([])]).optional();

/** What adapter_config.json may say here: plain LoRA. Options that change the computation are refused, others are not looked at. */
const peftConfig = z.looseObject({
  peft_type: z.literal("LORA"),
  r: z.int().min(1),
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().nullish(),
  ...Object.fromEntries(["use_dora", "use_qalora", "bias", "lora_bias", "rank_pattern", "alpha_pattern"].map((name) => [name, none])),
  ...Object.fromEntries(["layer_replication", "megatron_config", "trainable_token_indices"].map((name) => [name, none])),
});

/**
 * Load adapters that PEFT or `saveLora` wrote, for a model that they fit.
 *
 * @throws one line that names the file and the field or tensor: another kind of adapter, a tensor that the model has no place for,
 * a half of a pair that is missing, a shape that does not fit
 */
export function loadLora(folder: string, model: DecoderModel): LoraAdapter {
  const config = readPeftConfig(join(folder, configFile));
  const file = openSafetensors(join(folder, tensorFile));
  try {
    const names = checkTensors(file, model, config.r);
    const weights = new Map<string, tf.Variable>();
    for (const name of names) {
      const { shape } = file.tensors.get(prefix + name)!;
      weights.set(
        name,
        tf.tidy(() => tf.variable(tf.tensor(file.read(prefix + name), [...shape], "float32"))),
      );
    }
    const { r: rank, lora_alpha: alpha, use_rslora: byRoot } = config;
    const options: LoraOptions = {
      rank,
      alpha: byRoot ? alpha * Math.sqrt(rank) : alpha, // there the factor is alpha / √rank
      targets: targetsOf(model.config, adaptedLayers(names)),
      trainHead: weights.has(model.config.names.score),
    };
    return loraAdapter(options, weights);
  } finally {
    file.close();
  }
}

function readPeftConfig(path: string): z.infer<typeof peftConfig> {
  let value: unknown;
  const text = readText(path);
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${placeOf(path)}: is not JSON; get it again`);
  }
  const parsed = peftConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path: field, message } = parsed.error.issues[0]!;
  throw new Error(`${placeOf(path)}: ${field.join(".") || "the file"}: ${message.slice(0, 120)}; only plain LoRA adapters are read`);
}

/** @returns the tensors' names in the model, all of which have their place and shape */
function checkTensors(file: SafetensorsFile, model: DecoderModel, rank: number): string[] {
  const layers = linearLayers(model.config);
  const fail = (name: string, what: string): never => {
    throw new Error(`${placeOf(file.path)}: tensor ${quoted(name)} ${what}; is it another model's adapter?`);
  };
  if (file.tensors.size === 0) throw new Error(`${placeOf(file.path)}: has no tensors; get it again`);
  return [...file.tensors].map(([stored, { shape }]) => {
    const name = stored.startsWith(prefix) ? stored.slice(prefix.length) : fail(stored, `does not begin with ${prefix}`);
    const expected = expectedShape(name, model, layers, rank) ?? fail(stored, "has no place in this model");
    if (!fits(shape, expected)) fail(stored, `has shape [${shape}] where [${expected}] is needed`);
    const other = prefix + name.replace(/\.lora_([AB])\.weight$/, (_, part) => `.lora_${part === "A" ? "B" : "A"}.weight`);
    if (!file.tensors.has(other)) fail(stored, `is there, but ${quoted(other)} is not`);
    return name;
  });
}

/** null where the model has no such weight; "any" for a size that is free. */
function expectedShape(
  name: string,
  { config, weights }: DecoderModel,
  layers: ReturnType<typeof linearLayers>,
  rank: number,
): Size[] | null {
  const module = moduleOf(name);
  if (module === null) return weights.get(name)?.shape ?? (name === config.names.score ? ["any", config.hiddenSize] : null);
  const [output, input] = layers.get(module) ?? [];
  if (output === undefined || input === undefined) return null;
  return name.endsWith(".lora_A.weight") ? [rank, input] : [output, rank];
}

type Size = number | "any";

function fits(shape: readonly number[], expected: readonly Size[]): boolean {
  return shape.length === expected.length && expected.every((size, i) => size === "any" || size === shape[i]);
}
