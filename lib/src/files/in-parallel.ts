import { setMaxListeners } from "node:events";

export interface ParallelOptions {
  /** ends the work: what is under way is aborted, and the reason is thrown */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Work on many items, at most `limit` at a time, and give the results in the order of the items.
 *
 * Items are taken only as they are needed: one slow item holds back at most `4 limit` others, so that a stream of any length takes the
 * memory of a few. The first error ends it: what is under way is aborted, results that are ready and next in order are still given,
 * then the error is thrown. Leaving the loop early (`break`) aborts what is under way, too.
 *
 * @param items  a list, a generator, or a stream
 * @param limit  how many at a time, at least 1
 * @param work   one item; it should stop when the signal says so
 * @example for await (const square of inParallel([1, 2, 3], 2, async (n) => n * n)) …  // 1, 4, 9
 */
export async function* inParallel<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T, index: number, signal: AbortSignal) => Promise<R>,
  { signal }: ParallelOptions = {},
): AsyncGenerator<R, void, undefined> {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new Error(`inParallel: limit is ${limit}; give a whole number above 0`);
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // one for each item that is under way, and no leak
  const forward = (): void => stop.abort(signal?.reason);
  if (signal?.aborted) forward();
  signal?.addEventListener("abort", forward, { once: true });
  const source = one(items);
  const results = new Map<number, R>();
  const changed = bell();
  let [taken, given, running] = [0, 0, limit];
  let failure: { readonly error: unknown } | undefined;

  const runner = async (): Promise<void> => {
    try {
      for (;;) {
        while (taken - given >= 4 * limit && !stop.signal.aborted) await changed.wait();
        if (stop.signal.aborted) return;
        const index = taken++;
        const next = await source.next();
        if (next.done || stop.signal.aborted) return;
        results.set(index, await work(next.value, index, stop.signal));
        changed.ring();
      }
    } catch (error) {
      failure ??= { error };
      stop.abort(error);
    } finally {
      running--;
      changed.ring();
    }
  };
  stop.signal.addEventListener("abort", () => changed.ring(), { once: true });
  const runners = Array.from({ length: limit }, runner);
  try {
    for (;;) {
      if (signal?.aborted) throw signal.reason;
      if (results.has(given)) {
        const result = results.get(given)!;
        results.delete(given++);
        changed.ring();
        yield result;
      } else if (failure) throw failure.error;
      else if (running === 0) return;
      else await changed.wait();
    }
  } finally {
    signal?.removeEventListener("abort", forward);
    stop.abort();
    await Promise.all(runners);
    await source.return?.(undefined);
  }
}

/** One queue for all who take from it: a generator answers one call after the other. */
async function* one<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}

/** Wake all who wait. */
function bell(): { ring(): void; wait(): Promise<void> } {
  let ring = (): void => {};
  let rung = new Promise<void>((resolve) => (ring = resolve));
  return {
    ring() {
      const old = ring;
      rung = new Promise<void>((resolve) => (ring = resolve));
      old();
    },
    wait: () => rung,
  };
}
