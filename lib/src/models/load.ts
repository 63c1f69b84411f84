import { tf } from "../compute/index.ts";
import { type Checkpoint, isBuffer } from "./checkpoint.ts";
import { type DecoderConfig, readModelConfig } from "./config.ts";
import type { DecoderModel } from "./heads.ts";
import { weightShapes } from "./weights.ts";

/** A model in memory. */
export interface LoadedModel extends DecoderModel {
  readonly weights: Map<string, tf.Tensor>;
  /** tensors of the checkpoint that the model does not use */
  readonly unused: readonly string[];
  /** free the weights */
  dispose(): void;
}

/** What a checkpoint's model is made of. */
export interface ModelParts {
  readonly config: DecoderConfig;
  /** of the weights that the model uses, by name */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** tensors of the checkpoint that the model does not use */
  readonly unused: readonly string[];
}

/**
 * The configuration and the weights that a model of this checkpoint has.
 *
 * The head is what the checkpoint has: tied where config.json says so and there is no other lm_head.weight in it; none where it has
 * none, as in reward models, which have score.weight instead.
 *
 * @throws one line that names the field of config.json
 */
export function modelParts(checkpoint: Checkpoint): ModelParts {
  const config = headsOf(checkpoint, readModelConfig(checkpoint.config));
  const shapes = weightShapes(config);
  if (!checkpoint.has(config.names.head)) shapes.delete(config.names.head);
  if (checkpoint.has(config.names.score)) shapes.set(config.names.score, [config.numLabels ?? 0, config.hiddenSize]);
  const unused = checkpoint.names.filter((name) => !shapes.has(name) && !isBuffer(name) && name !== config.names.head);
  return { config, shapes, unused };
}

/**
 * Load a model into TensorFlow.js: read config.json, then one tensor after another as float32.
 *
 * @param trainable  make every weight a tf.Variable
 * @throws one line that names the field of config.json, or tensor and file: missing, or of another shape
 */
export function loadModel(checkpoint: Checkpoint, { trainable = false }: { readonly trainable?: boolean } = {}): LoadedModel {
  const { config, shapes, unused } = modelParts(checkpoint);
  const weights = new Map<string, tf.Tensor>();
  const dispose = (): void => {
    for (const tensor of weights.values()) tensor.dispose();
    weights.clear();
  };
  try {
    for (const [name, shape] of shapes) {
      const tensor = tf.tensor(checkpoint.read(name, shape), [...shape], "float32");
      weights.set(name, trainable ? asVariable(tensor) : tf.keep(tensor));
    }
  } catch (error) {
    dispose();
    throw error;
  }
  return { config, weights, unused, dispose };
}

function asVariable(tensor: tf.Tensor): tf.Variable {
  const variable = tf.variable(tensor);
  tensor.dispose();
  return variable;
}

/** The configuration with its heads as the checkpoint has them. */
function headsOf(checkpoint: Checkpoint, config: DecoderConfig): DecoderConfig {
  const { score } = config.names;
  const numLabels = checkpoint.has(score) ? (config.numLabels ?? checkpoint.shape(score)[0] ?? 0) : null;
  const merged = config.mergeVector?.length ?? numLabels;
  if (numLabels !== null && merged !== numLabels) {
    throw new Error(
      `config.json: basewise.merge_vector has ${merged} weights for the ${numLabels} outputs of ${score}; write one for each`,
    );
  }
  return { ...config, numLabels, tieWordEmbeddings: config.tieWordEmbeddings && isTied(checkpoint, config) };
}

/** A second matrix that differs from the embeddings is not tied to them. */
function isTied(checkpoint: Checkpoint, config: DecoderConfig): boolean {
  const { head, embedding } = config.names;
  if (!checkpoint.has(head)) return true;
  const rowsAtOnce = 4096;
  for (let row = 0; row < config.vocabSize; row += rowsAtOnce) {
    const [from, to] = [row, Math.min(row + rowsAtOnce, config.vocabSize)];
    const tied = checkpoint.readRows(embedding, from, to);
    if (checkpoint.readRows(head, from, to).some((value, i) => value !== tied[i])) return false;
  }
  return true;
}
