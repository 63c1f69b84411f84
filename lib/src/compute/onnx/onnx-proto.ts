import { Message } from "./protobuf.ts";

/** Types of elements that our graphs have. Shapes of ONNX operators are int64; tensors of TensorFlow.js never are. */
export type ElementType = "float32" | "int32" | "int64" | "bool";

export type ElementData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** `{float}` tells a number with a fraction, or one that could have one, from a whole one; `{graph}` is one that an operation runs. */
export type Attribute = number | string | readonly number[] | { readonly float: number } | { readonly graph: OnnxGraph };
export type Attributes = Readonly<Record<string, Attribute>>;

export interface OnnxNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

export interface OnnxTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** whether it has other shapes in other runs, so that the file gives none */
  readonly varies?: boolean;
}

/** A graph as the file format has it: everything goes by its name. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxTensor[];
  readonly outputs: readonly OnnxTensor[];
  readonly constants: readonly (OnnxTensor & { readonly data: ElementData | ExternalData })[];
}

/** Numbers that lie in another file of the same folder. */
export interface ExternalData {
  readonly file: string;
  readonly offset: number;
  readonly byteLength: number;
}

/** com.microsoft holds the operators that ONNX Runtime adds to the standard ones. */
export const contributed = "com.microsoft";

const elementTypeNumbers: Readonly<Record<ElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };
const irVersion = 10;
const operatorSet = 21;
/** Of operations that came later. */
const laterSets: Readonly<Record<string, number>> = { TensorScatter: 24 };

/**
 * A model in the ONNX format. Fields and their numbers: onnx.proto3 of ONNX 1.16.
 *
 * @throws when the constants exceed the 2 GiB that a protobuf file can have: weights belong into inputs
 */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  return modelMessage(graph).bytes();
}

/** As `encodeModel`, not yet in one piece. */
export function modelMessage(graph: OnnxGraph): Message {
  const bytes = constantBytes(graph);
  if (bytes > 2 ** 31 - 2 ** 20) {
    throw new Error(`compile: the function's constants take ${bytes} bytes, an ONNX file at most 2 GiB; pass weights as inputs`);
  }
  return new Message()
    .integer(1, irVersion)
    .text(2, "basewise")
    .message(7, graphMessage(graph))
    .message(8, new Message().text(1, "").integer(2, operatorSetOf(graph)))
    .message(8, new Message().text(1, contributed).integer(2, 1));
}

/** Of a graph and those within it, but for those in other files. */
function constantBytes({ nodes, constants }: OnnxGraph): number {
  const own = constants.reduce((sum, { data }) => sum + ("file" in data ? 0 : data.byteLength), 0);
  return graphsWithin(nodes).reduce((sum, graph) => sum + constantBytes(graph), own);
}

function graphsWithin(nodes: readonly OnnxNode[]): OnnxGraph[] {
  return nodes.flatMap(({ attributes }) => Object.values(attributes).flatMap((value) => (hasGraph(value) ? [value.graph] : [])));
}

/** The oldest that has all operations of a graph, and of those within it. */
function operatorSetOf({ nodes }: OnnxGraph): number {
  const own = nodes.reduce((newest, { op }) => Math.max(newest, laterSets[op] ?? 0), operatorSet);
  return graphsWithin(nodes).reduce((newest, graph) => Math.max(newest, operatorSetOf(graph)), own);
}

function hasGraph(value: Attribute): value is { readonly graph: OnnxGraph } {
  return typeof value === "object" && "graph" in value;
}

function graphMessage({ nodes, inputs, outputs, constants }: OnnxGraph): Message {
  const message = new Message().text(2, "graph");
  for (const node of nodes) message.message(1, nodeMessage(node));
  for (const constant of constants) message.message(5, constantMessage(constant));
  for (const input of inputs) message.message(11, tensorMessage(input));
  for (const output of outputs) message.message(12, tensorMessage(output));
  return message;
}

function nodeMessage({ op, domain, inputs, outputs, attributes }: OnnxNode): Message {
  const message = new Message();
  for (const input of inputs) message.text(1, input);
  for (const output of outputs) message.text(2, output);
  message.text(3, outputs[0]!).text(4, op);
  for (const [name, value] of Object.entries(attributes)) message.message(5, attributeMessage(name, value));
  return domain === "" ? message : message.text(7, domain);
}

function attributeMessage(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === "string") return message.text(4, value).integer(20, 3);
  if (typeof value === "number") return message.integer(3, value).integer(20, 2);
  if (hasGraph(value)) return message.message(6, graphMessage(value.graph)).integer(20, 5);
  if ("float" in value) return message.float(2, value.float).integer(20, 1);
  for (const item of value) message.integer(8, item);
  return message.integer(20, 7);
}

function constantMessage({ name, type, shape, data }: OnnxGraph["constants"][number]): Message {
  const message = new Message();
  for (const size of shape) message.integer(1, size);
  message.integer(2, elementTypeNumbers[type]).text(8, name);
  // little-endian, as every machine with a binary is
  if (!("file" in data)) return message.raw(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const { file, offset, byteLength } = data;
  for (const [key, value] of Object.entries({ location: file, offset, length: byteLength })) {
    message.message(13, new Message().text(1, key).text(2, String(value)));
  }
  return message.integer(14, 1);
}

function tensorMessage({ name, type, shape, varies }: OnnxTensor): Message {
  const dimensions = new Message();
  for (const size of shape) dimensions.message(1, new Message().integer(1, size));
  const tensor = new Message().integer(1, elementTypeNumbers[type]);
  if (varies !== true) tensor.message(2, dimensions);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}
