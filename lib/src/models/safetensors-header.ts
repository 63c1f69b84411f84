import { duplicateKey } from "./json-keys.ts";

/** One tensor of a file: what it holds and where. */
export interface TensorEntry {
  /** as the file writes it: "F32", "BF16", … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** bytes from the start of the file: the first byte, and the one after the last */
  readonly begin: number;
  readonly end: number;
}

/**
 * A header is at most this long (bytes): room for a hundred thousand tensors, and little enough that a hostile one costs seconds. The
 * format's own reader allows 100 MB.
 */
export const longestHeader: number = 16 * 2 ** 20;

/** Bits of one number, for every type of the format. */
const bitsOf: ReadonlyMap<unknown, number> = new Map([
  ...each(4, "F4"),
  ...each(6, "F6_E2M3 F6_E3M2"),
  ...each(8, "BOOL U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ"),
  ...each(16, "I16 U16 F16 BF16"),
  ...each(32, "I32 U32 F32"),
  ...each(64, "I64 U64 F64 C64"),
]);

function each(bits: number, dtypes: string): [string, number][] {
  return dtypes.split(" ").map((dtype) => [dtype, bits]);
}

/**
 * The tensors that a safetensors header lists, after checks that leave nothing to trust: the tensors fill the data exactly, one behind
 * the other, and every shape accounts for its bytes.
 *
 * Format: 8 bytes length N (little-endian), N bytes JSON {name: {dtype, shape, data_offsets: [begin, end]}}, then the data.
 * Source: huggingface/safetensors, README "Format", and the rules of its reference reader (`validate` in lib.rs).
 *
 * @param text       the JSON
 * @param dataStart  bytes before the data: 8 + N
 * @param fileSize   bytes of the whole file
 * @throws one line without the file's name: what is wrong, and of which tensor
 */
export function parseHeader(text: string, dataStart: number, fileSize: number): Map<string, TensorEntry> {
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(headerObject(text))) {
    if (name !== "__metadata__") tensors.set(name, tensorEntry(name, value, dataStart, fileSize));
  }
  let position = dataStart;
  const inOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [name, { begin, end }] of inOrder) {
    if (begin !== position) {
      throw new Error(
        `${quoted(name)} ${begin < position ? "overlaps the tensor before it" : `leaves ${begin - position} unused bytes before it`}`,
      );
    }
    position = end;
  }
  if (position !== fileSize) throw new Error(`the tensors end at byte ${position} and the file at ${fileSize}`);
  return tensors;
}

function headerObject(text: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw new Error("the header is not JSON");
  }
  if (!isObject(header)) throw new Error("the header is not a JSON object");
  const twice = duplicateKey(text);
  if (twice !== undefined) throw new Error(`${quoted(twice)} is in the header twice`);
  return header;
}

function tensorEntry(name: string, value: unknown, dataStart: number, fileSize: number): TensorEntry {
  const fail = (wrong: string): Error => new Error(`${quoted(name)} ${wrong}`);
  if (!isObject(value)) throw fail("is not described by an object");
  const { dtype, shape, data_offsets: offsets } = value;
  const bits = bitsOf.get(dtype);
  if (typeof dtype !== "string" || bits === undefined) throw fail(`has dtype ${shown(dtype)}, which the format does not know`);
  if (!isCounts(shape)) throw fail(`has shape ${shown(shape)}, not a list of whole numbers ≥ 0`);
  if (!isCounts(offsets) || offsets.length !== 2) throw fail(`has data_offsets ${shown(offsets)}, not two whole numbers ≥ 0`);
  const [begin, end] = [dataStart + offsets[0]!, dataStart + offsets[1]!];
  if (begin > end || end > fileSize) throw fail(`has data_offsets ${shown(offsets)}, outside the ${fileSize - dataStart} bytes of data`);
  const bytes = (shape.reduce((product, size) => product * size, 1) * bits) / 8;
  if (bytes !== end - begin) throw fail(`has ${end - begin} bytes where ${dtype} ${shown(shape)} needs ${bytes}`);
  return { dtype, shape, begin, end };
}

/** A name from a file as it goes into a message: one line, of bounded length. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 117)}…` : name);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
