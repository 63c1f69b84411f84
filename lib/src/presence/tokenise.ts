import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { inParallel, oneLine } from "../files/index.ts";
import type { DocumentText, EncodedText } from "./encode-document.ts";
import type { TokeniseSettings } from "./tokenise-worker.ts";

/** Texts that go to a thread together. */
const textsAtOnce = 8;

/**
 * Tokenise documents in worker threads, in their order. Only some dozens are held at a time, however many there are.
 *
 * @param settings.folder  a model's folder, for `loadTokenizer`
 * @param threads          at least 1
 * @example for await (const { id, encoded } of tokenised(documents, { folder, limit: 2048 }, 2)) …
 */
export async function* tokenised<Document extends DocumentText>(
  documents: AsyncIterable<Document> | Iterable<Document>,
  settings: TokeniseSettings,
  threads: number,
): AsyncGenerator<Omit<Document, "text"> & { readonly encoded: EncodedText }> {
  const idle = Array.from({ length: threads }, () => startThread(settings));
  const all = [...idle];
  const encode = async (some: readonly Document[]): Promise<readonly EncodedText[]> => {
    const thread = idle.pop()!; // there is one: no more chunks than threads are under way
    const answer = Promise.race([once(thread.worker, "message"), thread.failure]);
    thread.worker.postMessage(some.map(({ text, whole }) => ({ text, whole })));
    const [found] = (await answer) as [EncodedText[]];
    idle.push(thread);
    return found;
  };
  const work = async (some: readonly Document[]): Promise<(Omit<Document, "text"> & { encoded: EncodedText })[]> => {
    const found = await encode(some);
    return some.map(({ text: _, ...rest }, i) => ({ ...rest, encoded: found[i]! }));
  };
  try {
    for await (const some of inParallel(chunks(documents), threads, work)) yield* some;
  } finally {
    await Promise.all(all.map(({ worker }) => worker.terminate()));
  }
}

interface Thread {
  readonly worker: Worker;
  /** never resolves; rejects when the thread dies */
  readonly failure: Promise<never>;
}

function startThread(settings: TokeniseSettings): Thread {
  const worker = new Worker(new URL("./tokenise-worker.js", import.meta.url), { workerData: settings, execArgv: [] });
  const failure = new Promise<never>((_, reject) => {
    worker.once("error", (error) => reject(new Error(`a tokenizer thread ended: ${oneLine(error.message, 200)}`)));
  });
  failure.catch(() => {}); // whoever waits for an answer is told
  return { worker, failure };
}

async function* chunks<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T[]> {
  let some: T[] = [];
  for await (const item of items) {
    some.push(item);
    if (some.length < textsAtOnce) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
