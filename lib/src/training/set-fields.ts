import { oneLine } from "../files/index.ts";
import type { LoraOptions } from "../models/index.ts";
import { checkConfig, paperBradleyTerry, type TrainConfig } from "./config.ts";

/** What adapters are unless told otherwise: all linear layers and the head. */
const usualLora: LoraOptions = { rank: 16, alpha: 32, targets: ["all-linear"], trainHead: true };

/**
 * Change fields of a config by their names: "learningRate=1e-5", "adam.weightDecay=0.1", "schedule=cosine", "clipNorm=null".
 * `train=lora` alone takes adapters of rank 16 for all linear layers; `lora.rank=8`, `lora.targets=q_proj,v_proj` change them.
 *
 * @throws one line: no such field (with those that there are), a value of another kind, a config that cannot be used
 */
export function setFields(config: TrainConfig, settings: readonly string[]): TrainConfig {
  let changed: TrainConfig = config;
  for (const setting of settings) {
    const [name, text] = setting.split(/=(.*)/s) as [string, string | undefined];
    if (text === undefined) throw new Error(`${oneLine(setting)}: write it as name=value, e.g. learningRate=1e-5`);
    changed = setField(changed, name.trim(), text.trim());
  }
  if (changed.train === "lora") changed = { ...changed, lora: changed.lora ?? usualLora };
  else if (changed.lora !== null) changed = { ...changed, lora: null };
  checkConfig(changed);
  return changed;
}

function setField(config: TrainConfig, name: string, text: string): TrainConfig {
  const [group, field] = name.split(".") as [string, string | undefined];
  if (group === "lora" && field !== undefined && Object.hasOwn(usualLora, field)) {
    const value = field === "targets" ? text.split(",") : parse(name, text, usualLora[field as keyof LoraOptions]);
    return { ...config, train: "lora", lora: { ...(config.lora ?? usualLora), [field]: value } };
  }
  if (group === "adam" && field !== undefined && Object.hasOwn(config.adam, field)) {
    return { ...config, adam: { ...config.adam, [field]: parse(name, text, config.adam[field as keyof TrainConfig["adam"]]) } };
  }
  if (!plainFields.includes(name))
    throw new Error(`there is no field ${JSON.stringify(oneLine(name, 40))}; known: ${fieldNames().join(", ")}`);
  return { ...config, [name]: parse(name, text, paperBradleyTerry[name as keyof TrainConfig]) };
}

/** A value like the one that stands there: a number (or null), true or false, or a word. `checkConfig` knows the rest. */
function parse(name: string, text: string, like: unknown): unknown {
  if (text === "null") return null;
  if (typeof like === "boolean") {
    if (text === "true" || text === "false") return text === "true";
    throw new Error(`${name}: ${JSON.stringify(oneLine(text, 40))} is neither true nor false`);
  }
  if (typeof like === "string") return text;
  const value = Number(text);
  if (text === "" || !Number.isFinite(value)) throw new Error(`${name}: ${JSON.stringify(oneLine(text, 40))} is no number`);
  return value;
}

const plainFields: readonly string[] = Object.keys(paperBradleyTerry).filter((name) => name !== "adam" && name !== "lora");

function fieldNames(): string[] {
  const nested = (group: string, fields: object): string[] => Object.keys(fields).map((field) => `${group}.${field}`);
  return [...plainFields, ...nested("adam", paperBradleyTerry.adam), ...nested("lora", usualLora)];
}
