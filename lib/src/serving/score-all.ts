import { inParallel } from "../files/index.ts";

export interface ScoreAllOptions {
  /** requests at a time */
  readonly concurrency?: number | undefined;
  /** called after each one, in their order, with the number of those done */
  readonly onProgress?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Score a list, several at a time; an error says which one it is of, counted from 0. */
export async function scoreAll<T>(
  what: string,
  items: readonly T[],
  score: (item: T, signal: AbortSignal) => Promise<Float32Array>,
  { concurrency = 16, onProgress, signal }: ScoreAllOptions,
): Promise<Float32Array[]> {
  const results: Float32Array[] = [];
  const named = (item: T, i: number, stop: AbortSignal): Promise<Float32Array> =>
    score(item, stop).catch((error: Error) => {
      throw stop.aborted ? error : new Error(`${what} ${i}: ${error.message}`, { cause: error });
    });
  for await (const result of inParallel(items, concurrency, named, { signal })) {
    results.push(result);
    onProgress?.(results.length);
  }
  return results;
}
