import { existsSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { readText, writeWhole } from "../files/index.ts";
import type { HubOptions } from "../models/index.ts";
import type { AnswerPair, DpoExample, Example, PairExample, Task, TrainConfig, TrainingJob, TrainingPlan } from "../training/index.ts";
import { readLearningRates } from "./learning-rates.ts";
import { Progress } from "./progress.ts";
import { showDownload } from "./scoring.ts";
import { findValidation, type LoadedPart, loadPart } from "./train-data.ts";
import type { TrainFlags } from "./train-flags.ts";
import { note, report, showReading } from "./train-print.ts";

/** All that is known before training starts. */
export interface Prepared {
  readonly flags: TrainFlags;
  readonly job: TrainingJob;
  readonly config: TrainConfig;
  readonly rates: readonly number[] | null;
  readonly seeds: readonly number[];
  readonly parts: readonly LoadedPart<unknown>[];
  readonly plan: TrainingPlan;
}

/** Find the base, read and encode the data, plan the steps. */
export async function prepare(flags: TrainFlags): Promise<Prepared> {
  const [models, training] = await Promise.all([import("../models/index.ts"), import("../training/index.ts")]);
  const config = configOf(flags, training.trainConfigs, training.setFields);
  const rates = ratesOf(flags, training.paperLearningRates);
  const seeds = Array.from({ length: flags.seeds }, (_, i) => config.seed + i);
  const hub: HubOptions = { offline: flags.offline, onNotice: note, onProgress: showDownload };
  const base = await models.resolveModel(flags.base, { ...hub, revision: flags.revision });
  const tokenizer = models.loadTokenizer(base, flags.chatTemplate === undefined ? {} : { chatTemplate: flags.chatTemplate });
  const { maxPositions } = models.readModelConfig(configJson(models.openCheckpoint(base)));
  const { helpSteerAttributes } = await import("../datasets/index.ts");
  const attributes = flags.attributes?.split(",").map((name) => name.trim()) ?? helpSteerAttributes;
  const settings = {
    ...{ tokenizer, hub, attributes, overLong: flags.overLong, limit: limitOf(flags, maxPositions) },
    ...(flags.format && { format: flags.format }),
    ...(flags.asChat && { asChat: true }),
    onProgress: showReading,
  };
  note(`conversations are written by ${tokenizer.templateName}; pad token ${tokenizer.padReason}`);
  const train = await loadPart(flags.method, "training", flags.data, "train", settings);
  report(train, flags);
  const validation = await (flags.validation
    ? loadPart(flags.method, "validation", flags.validation, "validation", settings)
    : findValidation(flags.method, train, flags.data, settings));
  if (validation) report(validation, flags);
  else note("no validation data: no accuracy, and the last weights are kept instead of the best");
  const pairs = flags.preferences
    ? await loadPart("bradley-terry", "merge vector", flags.preferences, "validation", { ...settings, format: undefined } as never)
    : null;
  if (pairs) report(pairs, flags);
  if (flags.method === "regression" && attributes.length !== 5 && pairs)
    throw new Error("--preferences: the merge vector is for five attributes");
  const limits = {
    ...(flags.backend !== undefined && { backend: flags.backend }),
    ...(flags.threads !== undefined && { threads: flags.threads }),
  };
  const data = await dataOf(flags, base, train, validation, limits);
  const job = {
    ...{ base, tokenizer, task: taskOf(flags, attributes), data, ...limits },
    ...(pairs && { mergePairs: pairs.examples as PairExample[] }),
  } as unknown as TrainingJob;
  const plan = training.planTraining({ model: base, task: job.task, data: job.data, config, ...limits });
  return { flags, job, config, rates, seeds, parts: [train, ...(validation ? [validation] : []), ...(pairs ? [pairs] : [])], plan };
}

function configJson(checkpoint: { readonly config: Readonly<Record<string, unknown>>; close(): void }): Readonly<Record<string, unknown>> {
  checkpoint.close();
  return checkpoint.config;
}

function configOf(
  { config, method, set }: TrainFlags,
  known: Readonly<Record<string, TrainConfig>>,
  setFields: (config: TrainConfig, settings: readonly string[]) => TrainConfig,
): TrainConfig {
  const name = config ?? (method === "regression" ? "paperRegression" : "paperBradleyTerry");
  if (!Object.hasOwn(known, name))
    throw new Error(`--config ${name}: there is no such configuration; known: ${Object.keys(known).join(", ")}`);
  try {
    return setFields(known[name]!, set ?? []);
  } catch (error) {
    throw new Error(`--set: ${(error as Error).message}`);
  }
}

function ratesOf({ learningRates, method }: TrainFlags, paper: Readonly<Record<string, readonly number[]>>): readonly number[] | null {
  if (learningRates === undefined) return null;
  const rates = readLearningRates(learningRates);
  return rates === "paper" ? paper[method === "regression" ? "regression" : "bradley-terry"]! : rates;
}

function limitOf({ limit }: TrainFlags, longest: number): number {
  if (limit !== undefined && limit > longest)
    throw new Error(`--limit ${limit}: the model takes ${longest} tokens (max_position_embeddings); give no more, or leave --limit out`);
  return limit ?? Math.min(4096, longest);
}

function taskOf({ method, loss, centering, beta }: TrainFlags, attributes: readonly string[]): Task {
  if (method === "bradley-terry") return { kind: method, variant: loss, centering };
  if (method === "regression") return { kind: method, attributes };
  return method === "dpo" ? { kind: method, beta } : { kind: "language-model" };
}

/** The examples of both parts; for DPO with what the base, as the reference, thinks of them. */
async function dataOf(
  flags: TrainFlags,
  base: string,
  train: LoadedPart<unknown>,
  validation: LoadedPart<unknown> | null,
  limits: { readonly backend?: string; readonly threads?: number },
): Promise<{ train: readonly Example[]; validation: readonly Example[] }> {
  const parts = { train: train.examples as readonly Example[], validation: (validation?.examples ?? []) as readonly Example[] };
  if (flags.method !== "dpo") return parts;
  const { dataFingerprint, withReferences } = await import("../training/index.ts");
  const pairs = [...parts.train, ...parts.validation] as unknown as AnswerPair[];
  const of = { base: flags.base, ...dataFingerprint(pairs.flatMap(({ chosen, rejected }) => [chosen, rejected])) };
  const place = join(flags.output, "references.json");
  const kept = keptReferences(place, of);
  const progress = new Progress("answers by the reference", 2 * pairs.length);
  const found =
    kept?.map((reference, i) => ({ ...pairs[i]!, ...reference })) ??
    (await withReferences(base, pairs, { ...limits, onProgress: (texts) => progress.show(texts) }));
  progress.clear();
  const references = found.map(({ referenceChosen, referenceRejected }) => ({ referenceChosen, referenceRejected }));
  if (!kept && !flags.dryRun) writeWhole(place, `${JSON.stringify({ of, references })}\n`);
  return { train: found.slice(0, parts.train.length), validation: found.slice(parts.train.length) };
}

type Reference = Pick<DpoExample, "referenceChosen" | "referenceRejected">;

/** What an earlier start of the same training has computed, so that a resume need not do it again; null where there is nothing. */
function keptReferences(place: string, of: { readonly examples: number }): readonly Reference[] | null {
  if (!existsSync(place)) return null;
  try {
    const stored = JSON.parse(readText(place)) as { of: unknown; references: Reference[] };
    return isDeepStrictEqual(stored.of, of) && 2 * stored.references.length === of.examples ? stored.references : null;
  } catch {
    return null; // not ours: it is computed and written anew
  }
}
