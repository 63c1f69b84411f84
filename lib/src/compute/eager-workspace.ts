import type { ChosenBackend } from "./backends.ts";
import type { Numbers, TensorFunction } from "./onnx/index.ts";
import { tf } from "./tf.ts";
import type { TensorNumbers, Workspace } from "./workspace.ts";
import { checkTensor, sameType, unknownName } from "./workspace-checks.ts";

/** A workspace on a backend of TensorFlow.js, which is in use: functions run as they are written, tensors stay on its device. */
export function openEagerWorkspace({ name: backend, device, reason }: ChosenBackend): Workspace {
  const tensors = new Map<string, tf.Tensor>();
  let open = true;
  const checkOpen = (): void => {
    if (!open) throw new Error("workspace: it is closed; open another");
  };
  const find = (name: string): tf.Tensor => {
    checkOpen();
    return tensors.get(name) ?? unknownName(name, tensors.keys());
  };
  const hold = (name: string, tensor: tf.Tensor): void => {
    tensors.get(name)?.dispose();
    tensors.set(name, tf.keep(tensor));
  };
  return {
    backend,
    description: `${backend}${device === null || device === "processor" ? "" : `, ${device}`} (${reason})`,
    compiled: false,

    async put(given, { transfer = false } = {}) {
      checkOpen();
      for (const [name, tensor] of Object.entries(given)) hold(name, tensorOf(name, tensor, !transfer));
    },

    async get(names) {
      const found: Record<string, Float32Array> = {};
      for (const name of names) {
        const tensor = find(name);
        if (tensor.dtype !== "float32") throw new Error(`workspace: ${name} is ${tensor.dtype}; only float32 tensors can be got`);
        found[name] = (await numbersOf(tensor)) as Float32Array;
      }
      return found;
    },

    async drop(names) {
      for (const name of names) {
        find(name).dispose();
        tensors.delete(name);
      }
    },

    async run(fn, inputs, held) {
      const own = Object.fromEntries(held.map((name) => [name, find(name)]));
      for (const name of Object.keys(inputs)) {
        if (tensors.has(name)) throw new Error(`workspace: ${name} is an input and a held tensor; give one of them another name`);
      }
      const results = computed(fn, own, inputs);
      const given: [string, tf.Tensor][] = [];
      try {
        for (const [name, tensor] of results) if (tensors.has(name)) sameType(name, tensors.get(name)!, tensor);
      } catch (error) {
        tf.dispose([...results.values()]);
        throw error;
      }
      for (const [name, tensor] of results) {
        if (tensors.has(name)) hold(name, tensor);
        else given.push([name, tensor]);
      }
      const found: Record<string, Numbers> = {};
      for (const [name, tensor] of given) found[name] = await numbersOf(tensor);
      tf.dispose(given.map(([, tensor]) => tensor));
      return found;
    },

    foresee: () => {},

    lanesFor: () => 1,

    async close() {
      open = false;
      tf.dispose([...tensors.values()]);
      tensors.clear();
    },
  };
}

/** The function's results, as tensors of their own. */
function computed(
  fn: TensorFunction,
  held: Readonly<Record<string, tf.Tensor>>,
  inputs: Readonly<Record<string, TensorNumbers>>,
): Map<string, tf.Tensor> {
  const found = tf.tidy(() => {
    const given = Object.entries(inputs).map(([name, tensor]) => [name, tensorOf(name, tensor, false)]);
    const results = fn({ ...held, ...Object.fromEntries(given) });
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tf.keep(tf.clone(tensor))]));
  });
  return new Map(Object.entries(found));
}

/** @param copied  on the plain backend a tensor is the array that it is made of */
function tensorOf(name: string, given: TensorNumbers, copied: boolean): tf.Tensor {
  checkTensor(name, given);
  return tf.tensor(copied ? given.data.slice() : given.data, [...given.shape], given.dtype ?? "float32");
}

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** A copy of a tensor's numbers, in the kind of array that its type has. */
async function numbersOf(tensor: tf.Tensor): Promise<Numbers> {
  const data = await tensor.data(); // data, not dataSync: WebGPU has no other way
  return new arrays[tensor.dtype as keyof typeof arrays](data as Float32Array);
}
