import { tf } from "../tf.ts";
import { callSite } from "./call-site.ts";
import { type Graph, numbers, type Value } from "./graph.ts";
import type { ElementType } from "./onnx-proto.ts";

/** The name under which TensorFlow.js knows the backend. */
export const recordingName = "recording";

/** What the backend has for a tensor: numbers, until a kernel needs it as a value of the graph. */
interface Entry {
  value: Value | null;
  readonly numbers: tf.BackendValues | null;
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  references: number;
}

/**
 * A backend of TensorFlow.js that computes nothing: every kernel adds its operation to a graph. Tensors of other backends that a traced
 * function uses stay where they are; their numbers become constants.
 */
export class RecordingBackend extends tf.KernelBackend {
  private readonly entries = new Map<object, Entry>();
  private current: Graph | null = null;
  /** constants of this recording, by their tensor's data */
  private captured = new Map<object, Value>();

  get graph(): Graph {
    if (this.current === null) throw new Error(`compile: a tensor of a traced function is used after its trace, ${callSite()}`);
    return this.current;
  }

  /** Record what `run` does. */
  record<T>(graph: Graph, run: () => T): T {
    this.current = graph;
    this.captured = new Map();
    try {
      return run();
    } finally {
      this.current = null;
      this.captured.clear();
    }
  }

  /** A tensor that stands for a value of the graph. */
  tensorOf(value: Value): tf.TensorInfo {
    const dtype = value.type as tf.DataType;
    const shape = [...value.shape];
    const dataId = {};
    this.entries.set(dataId, { value, numbers: null, shape, dtype, references: 1 });
    return { dataId, shape, dtype };
  }

  /** The value that a tensor stands for. */
  valueOf({ dataId, shape, dtype }: tf.TensorInfo): Value {
    const entry = this.entries.get(dataId);
    if (entry?.value) return entry.value.shape.join() === shape.join() ? entry.value : this.graph.reshape(entry.value, shape);
    const known = this.captured.get(dataId);
    if (known) return known;
    const value = constantOf(this.graph, entry?.numbers ?? tf.engine().readSync(dataId), shape, dtype);
    this.captured.set(dataId, value);
    return value;
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(dataId: object, values: tf.BackendValues, shape: number[], dtype: tf.DataType, references: number): void {
    this.entries.set(dataId, { value: null, numbers: values, shape, dtype, references });
  }

  /** Numbers of a constant; there are no others while a function is traced. */
  override readSync(dataId: object): tf.BackendValues {
    const entry = this.entries.get(dataId);
    if (entry?.numbers) return entry.numbers;
    const source = entry?.value?.source;
    if (source?.kind === "constant") return source.data as tf.BackendValues;
    throw new Error(
      `compile: the function reads a tensor's numbers (dataSync, arraySync, data), ${callSite()}; they exist only when its graph runs: ` +
        "choose with tf.where, or read them before and pass them in",
    );
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  override refCount(dataId: object): number {
    return this.entries.get(dataId)?.references ?? 0;
  }

  override incRef(dataId: object): void {
    const entry = this.entries.get(dataId);
    if (entry) entry.references += 1;
  }

  override disposeData(dataId: object, force = false): boolean {
    const entry = this.entries.get(dataId);
    if (!entry) return true;
    entry.references -= 1;
    if (entry.references > 0 && !force) return false;
    this.entries.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.entries.size;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override timerAvailable(): boolean {
    return false;
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7; // as TensorFlow.js has it for float32
  }

  override dispose(): void {
    this.entries.clear();
  }
}

/** The graph's element type of a tensor. */
export function elementType(dtype: tf.DataType): ElementType {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw new Error(`compile: tensors of type ${dtype} cannot be compiled, ${callSite()}; use float32, int32 or bool`);
}

function constantOf(graph: Graph, values: tf.BackendValues, shape: readonly number[], dtype: tf.DataType): Value {
  const type = elementType(dtype);
  const data = numbers(type, values as unknown as ArrayLike<number>); // a copy: the caller may change the tensor's numbers later
  const [first] = data;
  if (data.length > 1 && (data as Float32Array).every((number) => number === first)) return graph.filled(type, shape, Number(first));
  return graph.constant(type, shape, data);
}
