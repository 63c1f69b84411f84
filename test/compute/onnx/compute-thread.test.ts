import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { ComputeThread } from "../../../lib/src/compute/onnx/compute-thread.ts";
import { GraphCache } from "../../../lib/src/compute/onnx/graph-cache.ts";

/** A thread that does with each question what the lines say. */
function threadOf(lines: string): ComputeThread {
  return new ComputeThread(
    new Worker(
      `const { parentPort } = require("node:worker_threads"); parentPort.on("message", (question) => { if (question.kind === "close") process.exit(); ${lines} });`,
      {
        eval: true,
        stderr: true,
        execArgv: [],
      },
    ),
    new Int32Array(new SharedArrayBuffer(4)),
  );
}
const question = { kind: "get", names: ["w"] } as const;

describe("ComputeThread", () => {
  it("gives each question its answer", async () => {
    const thread = threadOf("parentPort.postMessage({ value: question.names[0] });");
    const answers = ["a", "b", "c"].map((name) => thread.ask({ kind: "get", names: [name] }));
    assert.deepEqual(await Promise.all(answers), ["a", "b", "c"]);
    await thread.close();
  });

  const dead = "workspace: the thread that computes";
  for (const [how, lines, message] of [
    ["that exits", "process.exit(5);", `${dead} ended (exit code 5); open another workspace`],
    ["that throws", 'throw new Error("first line\\nsecond");', `${dead} ended with an error: first line; open another workspace`],
  ] as const) {
    it(`fails all that is asked of a thread ${how}`, async () => {
      const thread = threadOf(lines);
      const open = [thread.ask(question), thread.ask(question)];
      for (const { status } of await Promise.allSettled(open)) assert.equal(status, "rejected");
      await assert.rejects(open[0]!, { message });
      await assert.rejects(thread.ask(question), { message });
      await thread.close();
    });
  }

  it("turns an error in the thread into one line, and tells when memory was short", async () => {
    const thread = threadOf("parentPort.postMessage({ error: question.names[0] });");
    const failing = (text: string): Promise<unknown> => thread.ask({ kind: "get", names: [text] });
    await assert.rejects(failing("Non-zero status code\nmore"), { message: "workspace: Non-zero status code" });
    await assert.rejects(failing("… std::bad_alloc"), /^Error: workspace: there is not enough memory; compute fewer or shorter texts/);
    await assert.rejects(failing("Array buffer allocation failed"), /not enough memory/);
    await thread.close();
  });

  it("fails a question that cannot be sent, and goes on", async () => {
    const thread = threadOf("parentPort.postMessage({ value: 1 });");
    const { buffer } = new Float32Array(1);
    await assert.rejects(thread.ask(question, [buffer, buffer]), /transfer|duplicate/i);
    assert.equal(await thread.ask(question), 1);
    await thread.close();
  });
});

describe("GraphCache", () => {
  const released: number[] = [];
  const entry = (id: number, bytes = 1): { id: number; bytes: number } => ({ id, bytes });
  const fn = (): Record<string, never> => ({});
  const other = (): Record<string, never> => ({});

  it("lets the one go that has not been used for longest", () => {
    released.length = 0;
    const cache = new GraphCache<{ id: number; bytes: number }>(({ id }) => released.push(id), { count: 2, bytes: 100 });
    cache.add(fn, "a", entry(1));
    cache.add(fn, "b", entry(2));
    assert.equal(cache.get(fn, "a")!.id, 1);
    assert.equal(cache.get(other, "a"), undefined);
    cache.add(other, "a", entry(3));
    assert.deepEqual(released, [2]);
    assert.equal(cache.get(fn, "b"), undefined);
    assert.deepEqual([cache.get(fn, "a")!.id, cache.get(other, "a")!.id], [1, 3]);
  });

  it("keeps to the bytes, but always keeps the newest", () => {
    released.length = 0;
    const cache = new GraphCache<{ id: number; bytes: number }>(({ id }) => released.push(id), { count: 9, bytes: 100 });
    for (const [id, bytes] of [
      [1, 40],
      [2, 50],
      [3, 30],
    ] as const)
      cache.add(fn, String(id), entry(id, bytes)); // 120 − 40 fits
    assert.deepEqual(released, [1]);
    cache.add(fn, "4", entry(4, 500));
    assert.deepEqual(released, [1, 2, 3]);
    assert.equal(cache.get(fn, "4")!.id, 4);
  });
});
