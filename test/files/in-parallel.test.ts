import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inParallel } from "basewise/files";
import { seededRandom } from "basewise/statistics";

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

describe("inParallel", () => {
  it("gives results in order, whatever takes longest, and never works on more than the limit", async () => {
    const random = seededRandom(3);
    const delays = Array.from({ length: 60 }, () => random() * 8);
    let [running, most] = [0, 0];
    const results = await collect(
      inParallel(delays.keys(), 4, async (i) => {
        most = Math.max(most, ++running);
        await sleep(delays[i]);
        running--;
        return i * i;
      }),
    );
    assert.deepEqual(results, delays.map((_, i) => i * i)); // biome-ignore format: one line
    assert.equal(most, 4);
  });

  it("takes items only as they are needed: a million is no more than a few at a time", async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<number> {
      for (;;) yield taken++;
    }
    let given = 0;
    for await (const value of inParallel(endless(), 3, async (i) => i)) {
      assert.equal(value, given++);
      assert.ok(taken - given <= 4 * 3 + 3, `${taken} taken when ${given} were given`);
      if (given === 1000) break;
    }
    await sleep(5);
    assert.ok(taken <= 1000 + 4 * 3 + 3);
  });

  it("one slow item holds back a few, not all", async () => {
    const started: number[] = [];
    const first = deferred();
    const results = inParallel(Array.from({ length: 100 }).keys(), 2, async (i) => {
      started.push(i);
      if (i === 0) await first.promise;
    });
    const next = results.next();
    await sleep(20);
    assert.equal(started.length, 8);
    first.resolve();
    await next;
    assert.equal((await collect(results)).length, 99);
  });

  it("stops at the first error: earlier results are given, later items not begun, the others aborted", async () => {
    const begun: number[] = [];
    const aborted: number[] = [];
    const results: number[] = [];
    const work = async (i: number, _: number, signal: AbortSignal): Promise<number> => {
      begun.push(i);
      signal.addEventListener("abort", () => aborted.push(i));
      await sleep(i === 5 ? 20 : i > 3 ? 5_000 : 1, undefined, { signal });
      if (i === 5) throw new Error("five");
      return i;
    };
    await assert.rejects(async () => {
      for await (const result of inParallel(Array(100).keys(), 3, work)) results.push(result);
    }, /^Error: five$/);
    assert.deepEqual(results, [0, 1, 2, 3]);
    assert.ok(begun.length <= 8 && aborted.includes(4), `${begun} begun, ${aborted} aborted`);
  });

  it("an error of the stream itself is thrown after the results before it", async () => {
    function* broken(): Generator<number> {
      yield 1;
      yield 2;
      throw new Error("line 3 is not JSON");
    }
    const results: number[] = [];
    await assert.rejects(async () => {
      for await (const result of inParallel(broken(), 1, async (i) => i)) results.push(result);
    }, /line 3 is not JSON/);
    assert.deepEqual(results, [1, 2]);
  });

  it("closes the stream and aborts the rest when the loop is left", async () => {
    let closed = false;
    function* source(): Generator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        closed = true;
      }
    }
    let [begun, aborts] = [0, 0];
    for await (const _ of inParallel(source(), 4, async (i, __, signal) => {
      begun++;
      await sleep(i === 0 ? 10 : 5_000, undefined, { signal }).catch(() => aborts++);
    }))
      break;
    assert.equal(closed, true);
    assert.equal(aborts, begun - 1);
    assert.ok(begun >= 2 && begun <= 5, `${begun} begun`);
  });

  it("throws the signal's reason, before it begins or in between", async () => {
    const work = (_: number, __: number, signal: AbortSignal): Promise<void> => sleep(5_000, undefined, { signal });
    await assert.rejects(collect(inParallel([1], 1, work, { signal: AbortSignal.abort(new Error("no")) })), /^Error: no$/);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("later")), 10);
    await assert.rejects(collect(inParallel([1, 2, 3], 2, work, { signal: stop.signal })), /^Error: later$/);
  });

  it("has nothing to do with nothing, and refuses a limit of none", async () => {
    assert.deepEqual(await collect(inParallel([], 3, async (i) => i)), []);
    await assert.rejects(collect(inParallel([1], 0, async (i) => i)), /limit is 0; give a whole number above 0/);
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
