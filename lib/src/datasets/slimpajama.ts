import { type Line, lineCutter, oneLine, parseLines, placeOf, readPieces } from "../files/index.ts";
import { readParquetRows } from "./parquet.ts";
import { gunzipped } from "./rows.ts";
import { faultLine, readZstd, type ZstdPart } from "./zstd.ts";

/** The sources of SlimPajama-627B, as `meta.redpajama_set_name` has them after "RedPajama". */
export const slimPajamaSubsets: readonly string[] = ["CommonCrawl", "C4", "Github", "Book", "ArXiv", "Wikipedia", "StackExchange"];

/** Those that the paper scores (§5.2), in its order. */
export const paperSubsets: readonly string[] = ["Github", "Book", "ArXiv", "Wikipedia", "StackExchange"];

export interface SlimPajamaDocument {
  /** one of `slimPajamaSubsets` */
  readonly subset: string;
  readonly text: string;
}

/** What comes out of a file, in its order. */
export type SlimPajamaPart =
  | { readonly kind: "documents"; readonly documents: readonly SlimPajamaDocument[] /** of other subsets */; readonly others: number }
  /** what came since the last such part can be trusted: the end of the file, or of a zstd frame, has been reached and verified */
  | { readonly kind: "checked" }
  /** what came since the last end cannot be trusted */
  | { readonly kind: "fault"; readonly message: string };

/** What to do about damage: stop with an error, go on with the next frame of the file, or with the next file. */
export type OnFault = "stop" | "next-frame" | "next-file";

/** Endings of the files that `readSlimPajama` reads. */
export const slimPajamaEndings: readonly string[] = [".jsonl", ".jsonl.zst", ".jsonl.gz", ".parquet"];

/**
 * Documents of a file of SlimPajama: rows {"text", "meta": {"redpajama_set_name"}} in JSON Lines, plain or compressed by zstd or gzip, or in
 * Parquet. Any size in constant memory. A line that ends as the published files' lines do is parsed only where its subset is wanted.
 *
 * @param wanted  subsets, of `slimPajamaSubsets`
 * @throws (with "stop") one line: file and byte, line or row, what is wrong there
 */
export async function* readSlimPajama(path: string, wanted: ReadonlySet<string>, onFault: OnFault): AsyncGenerator<SlimPajamaPart> {
  try {
    yield* path.toLowerCase().endsWith(".parquet") ? rowParts(path, wanted) : lineParts(path, wanted, onFault === "next-frame");
    yield { kind: "checked" };
  } catch (error) {
    if (onFault === "stop") throw error;
    yield { kind: "fault", message: (error as Error).message };
  }
}

async function* rowParts(path: string, wanted: ReadonlySet<string>): AsyncGenerator<SlimPajamaPart> {
  let row = 0;
  for await (const value of readParquetRows(path)) {
    const { subset, text } = requireDocument(value, `${placeOf(path)}, row ${++row}`);
    const isWanted = wanted.has(subset);
    yield { kind: "documents", documents: isWanted ? [{ subset, text }] : [], others: isWanted ? 0 : 1 };
  }
}

async function* lineParts(path: string, wanted: ReadonlySet<string>, goOn: boolean): AsyncGenerator<SlimPajamaPart> {
  const name = placeOf(path);
  let cut = lineCutter(name);
  let mayBeHalf = false; // the first line after a lost frame
  let problem: Error | null = null; // with a line of this frame; whether the file is damaged shows at the frame's end
  const read = (lines: Iterable<Line>): SlimPajamaPart => {
    const documents: SlimPajamaDocument[] = [];
    let others = 0;
    for (const line of lines) {
      const document = isOther(line.bytes, wanted) ? "other" : documentOf(line, path, mayBeHalf);
      if (document === "other" || (document && !wanted.has(document.subset))) others++;
      else if (document) documents.push(document);
      mayBeHalf = false;
    }
    return { kind: "documents", documents, others };
  };
  for await (const part of contentOf(path, goOn)) {
    if (part.kind === "bytes") {
      try {
        if (!problem) yield read(cut(part.bytes));
      } catch (error) {
        if (!isZstd(path)) throw error;
        problem = error as Error;
      }
    } else if (part.kind === "frame" && !problem) yield { kind: "checked" };
    else {
      if (problem && !goOn) throw problem;
      yield { kind: "fault", message: part.kind === "fault" ? faultLine(path, part.fault) : problem!.message };
      [cut, mayBeHalf, problem] = [lineCutter(name), true, null];
    }
  }
  yield read(cut(null));
}

async function* contentOf(path: string, goOn: boolean): AsyncGenerator<ZstdPart> {
  if (isZstd(path)) yield* readZstd(path, goOn ? "next-frame" : "stop");
  else {
    const pieces = path.toLowerCase().endsWith(".gz") ? gunzipped(path) : readPieces(path);
    for await (const bytes of pieces) yield { kind: "bytes", bytes };
  }
}

function isZstd(path: string): boolean {
  return path.toLowerCase().endsWith(".zst");
}

/**
 * Whether a line ends as those of the published files do, with a subset that is not wanted. Within a text the quotes would be escaped, so that
 * such an end can only be that of the object itself.
 */
function isOther(bytes: Uint8Array, wanted: ReadonlySet<string>): boolean {
  const length = Math.min(80, bytes.length);
  const end = Buffer.from(bytes.buffer, bytes.byteOffset + bytes.length - length, length).toString("latin1");
  const subset = /", "meta": \{"redpajama_set_name": "RedPajama(\w+)"\}\}\s*$/.exec(end)?.[1];
  return subset !== undefined && slimPajamaSubsets.includes(subset) && !wanted.has(subset);
}

/** The document of a line; null for a blank one, and for half a line where that is to be expected. */
function documentOf(line: Line, path: string, mayBeHalf: boolean): SlimPajamaDocument | null {
  try {
    for (const { value } of parseLines([line], path)) return requireDocument(value, `${placeOf(path)}, line ${line.line}`);
  } catch (error) {
    if (!mayBeHalf) throw error;
  }
  return null;
}

function requireDocument(value: unknown, where: string): SlimPajamaDocument {
  const { text, meta } = (value ?? {}) as { text?: unknown; meta?: { redpajama_set_name?: unknown } | null };
  if (typeof text !== "string") throw new Error(`${where}: "text" is not text; is this a file of SlimPajama?`);
  const name = meta?.redpajama_set_name;
  if (typeof name !== "string") throw new Error(`${where}: meta.redpajama_set_name is not there; is this a file of SlimPajama?`);
  const subset = name.replace(/^RedPajama/, "");
  if (!name.startsWith("RedPajama") || !slimPajamaSubsets.includes(subset)) {
    throw new Error(
      `${where}: meta.redpajama_set_name is ${JSON.stringify(oneLine(name, 40))}; known: ${slimPajamaSubsets.map((known) => `RedPajama${known}`).join(", ")}`,
    );
  }
  return { subset, text };
}

/**
 * Names of subsets as people write them: "Book" or "RedPajamaBook", any case.
 *
 * @throws one line that lists the known ones
 */
export function subsetsNamed(names: readonly string[]): string[] {
  return names.map((name) => {
    const short = name
      .trim()
      .replace(/^RedPajama/i, "")
      .toLowerCase();
    const found = slimPajamaSubsets.find((subset) => subset.toLowerCase() === short);
    if (!found) throw new Error(`subset ${JSON.stringify(oneLine(name, 40))} is unknown; known: ${slimPajamaSubsets.join(", ")}`);
    return found;
  });
}
