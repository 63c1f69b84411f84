import { logSoftmax, tf } from "../compute/index.ts";
import type { DecoderInputs } from "./decoder-inputs.ts";
import { type DecoderModel, logits, logProbabilities, predictions } from "./heads.ts";

/**
 * Log-probability of every token after the first, and what the model expected of it: mean and standard deviation of the log-probability
 * over the vocabulary,
 *
 *     μ = Σᵥ pᵥ ln pᵥ,   σ² = Σᵥ pᵥ (ln pᵥ − μ)²,   p the distribution of the next token
 *
 * The logits of `chunk` tokens are held at a time. Min-K%++ is made of these (basewise/presence).
 *
 * @returns [batch, 3 · (length − 1)]: log-probabilities, means, deviations; what stands beyond a text's length means nothing
 */
export function tokenMomentsOf(model: DecoderModel, inputs: DecoderInputs, chunk: number): tf.Tensor2D {
  return tf.tidy(() => {
    const { shape, hidden, targets } = predictions(model, inputs);
    const [means, deviations]: [tf.Tensor1D[], tf.Tensor1D[]] = [[], []];
    for (let start = 0; start < hidden.shape[0]; start += chunk) {
      const rows = tf.slice(hidden, [start, 0], [Math.min(chunk, hidden.shape[0] - start), -1]);
      const [mean, deviation] = momentsOf(logits(model, rows));
      means.push(mean);
      deviations.push(deviation);
    }
    const parts = [logProbabilities(model, hidden, targets, chunk), joined(means), joined(deviations)];
    return tf.concat(
      parts.map((part) => tf.reshape(part, shape)),
      1,
    );
  });
}

function joined(parts: tf.Tensor1D[]): tf.Tensor1D {
  return parts.length === 1 ? parts[0]! : tf.concat(parts);
}

/** μ and σ of each row of logits [rows, vocabulary]. */
function momentsOf(rows: tf.Tensor2D): [mean: tf.Tensor1D, deviation: tf.Tensor1D] {
  return tf.tidy(() => {
    const logs = logSoftmax(rows);
    const shares = tf.exp(logs);
    const mean = tf.sum(tf.mul(shares, logs), 1, true);
    const variance = tf.sum(tf.mul(shares, tf.square(tf.sub(logs, mean))), 1);
    return [tf.reshape(mean, [-1]), tf.sqrt(variance) as tf.Tensor1D];
  });
}
