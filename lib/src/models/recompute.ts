import { tf } from "../compute/index.ts";

/**
 * Compute something in such a way that only its inputs are kept for the gradient: what lies between is freed at once and computed
 * again when the gradient is due. The gradient is the same.
 *
 * @param compute    a pure function of the two lists
 * @param inputs     tensors that have a gradient; what is large depends on the first
 * @param constants  tensors that have none
 */
export function recomputed<T extends tf.Tensor>(
  compute: (inputs: tf.Tensor[], constants: tf.Tensor[]) => T,
  inputs: readonly tf.Tensor[],
  constants: readonly tf.Tensor[] = [],
): T {
  const operation = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: tf.Tensor[]) => void;
    const given = args as tf.Tensor[];
    save([...given, ...constants]);
    return {
      value: tf.tidy(() => compute(given, [...constants])),
      gradFunc: (dy, saved) => {
        const [first, ...others] = saved.slice(0, given.length);
        const kept = [after(dy as tf.Tensor, first!), ...others];
        return gradientsWithin(() => compute(kept, saved.slice(given.length)), kept, dy as tf.Tensor);
      },
    };
  });
  return operation(...inputs) as T;
}

/**
 * A tensor as it is, available once another one is. In a compiled graph equal computations are done once: without this the second one
 * would be the first, whose results would be kept all the while.
 */
function after(other: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const number = tf.reshape(tf.slice(tf.reshape(other, [-1]), 0, 1), []);
  return tf.where(tf.less(number, number), 0, x); // nothing is less than itself
}

/**
 * Gradients computed while another gradient is. TensorFlow.js has one tape and forgets it after each gradient, so the outer one is
 * put back. What does not depend on an input has gradient 0.
 */
function gradientsWithin(compute: () => tf.Tensor, inputs: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  const { state } = tf.engine();
  const outer = state.activeTape;
  try {
    return tf.tidy(() => {
      const { grads } = tf.engine().gradients(compute, inputs, dy, true);
      return grads.map((gradient, i) => gradient ?? tf.zerosLike(inputs[i]!));
    });
  } finally {
    state.activeTape = outer;
  }
}
