import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { openWorkspace, type TensorFunction, tf } from "basewise/compute";
import { coresOf } from "../../lib/src/compute/limits.ts";
import { lanesWithin } from "../../lib/src/compute/onnx/lanes.ts";

const vector = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
const scaled: TensorFunction = ({ w, x }) => ({ y: w!.mul(x!).sum() });

/** tanh(x wᵀ) w, many times over: 0.1 s and more. */
const long: TensorFunction = ({ w, x }) => {
  let y = x!;
  for (let i = 0; i < 40; i += 1) y = tf.matMul(tf.tanh(tf.matMul(y, w!, false, true)), w!);
  return { y };
};
const noise = (seed: number, ...shape: number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, i) => Math.sin(seed + i * 12.9898) / 16) };
};

describe("how many lanes pay", () => {
  it("is one for each thread, while the others' copies fit", () => {
    assert.equal(lanesWithin(100, 1000, 4), 4);
    assert.equal(lanesWithin(100, 250, 4), 3); // two copies
    assert.equal(lanesWithin(251, 250, 4), 1);
    assert.equal(lanesWithin(0, 0, 4), 1);
    assert.equal(lanesWithin(1, 1000, 1), 1);
  });

  it("counts two hardware threads of a core once", () => {
    assert.equal(coresOf(8, "1\n", "linux", "x64"), 4);
    assert.equal(coresOf(8, "0\n", "linux", "x64"), 8);
    assert.equal(coresOf(8, null, "linux", "arm64"), 8);
    assert.equal(coresOf(8, null, "win32", "x64"), 4);
    assert.equal(coresOf(8, null, "darwin", "arm64"), 8);
    assert.equal(coresOf(1, "1\n", "linux", "x64"), 1);
  });

  it("is one on other engines, and of a tensor that is not there nobody can say", async () => {
    for (const [backend, threads, lanes] of [
      ["cpu", 4, 1],
      ["onnx-web", 4, 1],
      ["onnx", 4, 4],
      ["onnx", 1, 1],
    ] as const) {
      const workspace = await openWorkspace({ backend, threads });
      await workspace.put({ w: vector(1, 2) });
      assert.equal(workspace.lanesFor(["w"]), lanes, `${backend}, ${threads} threads`);
      if (backend === "onnx") assert.throws(() => workspace.lanesFor(["v"]), /there is no tensor v \(held: w\)/);
      await workspace.close();
    }
  });
});

describe("calls in lanes", () => {
  it("are the same to the last bit as one after the other, time and again", async () => {
    const workspace = await openWorkspace({ backend: "onnx", threads: 3 });
    await workspace.put({ w: noise(1, 128, 128) });
    const inputs = Array.from({ length: 7 }, (_, i) => ({ x: noise(i + 2, 64, 128) }));
    const expected: Float32Array[] = [];
    for (const input of inputs) expected.push((await workspace.run(long, input, ["w"]))["y"] as Float32Array);
    for (let round = 0; round < 20; round += 1) {
      const found = await Promise.all(inputs.map((input) => workspace.run(long, input, ["w"], 3)));
      assert.deepEqual(
        found.map(({ y }) => y),
        expected,
      );
    }
    await workspace.close();
  });

  it("are under way at the same time", async () => {
    const workspace = await openWorkspace({ backend: "onnx", threads: 2 });
    await workspace.put({ w: noise(1, 512, 512) });
    const order: string[] = [];
    const call = async (name: string, rows: number): Promise<void> => {
      await workspace.run(long, { x: noise(3, rows, 512) }, ["w"], 2);
      order.push(name);
    };
    await Promise.all([call("long", 512), call("short", 2)]); // compiled; what follows only computes
    order.length = 0;
    await Promise.all([call("long", 512), call("short", 2), call("short", 2)]);
    assert.deepEqual(order, ["short", "short", "long"]);
    await workspace.close();
  });

  it("see tensors as they were when the call was made", async () => {
    const workspace = await openWorkspace({ backend: "onnx", threads: 2 });
    const grow: TensorFunction = ({ w }) => ({ w: w!.add(1) });
    const two = (): Promise<number[]> =>
      Promise.all([1, 10].map(async (x) => (await workspace.run(scaled, { x: vector(x, x) }, ["w"], 2))["y"]![0]!));
    await workspace.put({ w: vector(1, 2) });
    const first = two();
    const put = workspace.put({ w: vector(3, 4) });
    const second = two();
    const grown = workspace.run(grow, {}, ["w"]);
    const third = two();
    assert.deepEqual(await Promise.all([first, second, third]), [
      [3, 30],
      [7, 70],
      [9, 90],
    ]);
    await Promise.all([put, grown]);
    await workspace.drop(["w"]);
    await assert.rejects(two(), /there is no tensor w/);
    await workspace.put({ w: vector(5, 5) });
    assert.deepEqual(await two(), [10, 100]);
    await workspace.close();
  });

  it("are at least one", async () => {
    const workspace = await openWorkspace({ backend: "onnx", threads: 2 });
    for (const lanes of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(workspace.run(scaled, { w: vector(1), x: vector(1) }, [], lanes), {
        message: `workspace: ${lanes} lanes; give a whole number above 0`,
      });
    }
    assert.deepEqual(await workspace.run(scaled, { w: vector(2), x: vector(3) }, [], 1), { y: Float32Array.of(6) });
    await workspace.close();
  });

  it("may not replace what is held", async () => {
    const workspace = await openWorkspace({ backend: "onnx", threads: 2 });
    await workspace.put({ w: vector(1, 2) });
    const replacing: TensorFunction = ({ w, x }) => ({ w: w!.add(x!) });
    const wrong = workspace.run(replacing, { x: vector(1, 1) }, ["w"], 2);
    await assert.rejects(wrong, { message: "workspace: the function replaces w; run it in one lane" });
    assert.deepEqual(await workspace.get(["w"]), { w: Float32Array.of(1, 2) });
    await workspace.close();
  });

  it("fail one by one, and the others go on", async () => {
    const workspace = await openWorkspace({ backend: "onnx", threads: 2 });
    await workspace.put({ w: vector(1, 2) });
    const huge: TensorFunction = ({ x }) => ({ most: tf.max(tf.mul(tf.reshape(x!, [-1, 1]), tf.reshape(x!, [1, -1]))) });
    const million = { shape: [4_000_000], data: new Float32Array(4_000_000) };
    const found = await Promise.allSettled([
      workspace.run(huge, { x: million }, ["w"], 2),
      workspace.run(scaled, { x: vector(1, 1) }, ["w"], 2),
      workspace.run(huge, { x: million }, ["w"], 2),
      workspace.run(scaled, { x: vector(2, 2) }, ["w"], 2),
    ]);
    assert.deepEqual(
      found.map((result) => (result.status === "fulfilled" ? result.value["y"]![0] : result.reason.message.split(";")[0])),
      ["workspace: there is not enough memory", 3, "workspace: there is not enough memory", 6],
    );
    await workspace.close();
  });

  it("fail when the workspace is closed, whether they are under way, wait, or come later", async () => {
    const workspace = await openWorkspace({ backend: "onnx", threads: 2 });
    await workspace.put({ w: noise(1, 512, 512) });
    const call = (): Promise<unknown> => workspace.run(long, { x: noise(3, 512, 512) }, ["w"], 2);
    await Promise.all([call(), call()]);
    const calls = Promise.allSettled([call(), call(), call(), call()]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await workspace.close();
    for (const { status } of await calls) assert.equal(status, "rejected");
    await assert.rejects(call(), /^Error: workspace: the thread that computes is closed; open another workspace$/);
  });

  it("let the process exit in the middle", () => {
    const script =
      'const { openWorkspace } = await import("basewise/compute"); const w = await openWorkspace({ backend: "onnx", threads: 2 });' +
      "const x = { shape: [2000, 2000], data: new Float32Array(4e6) }; const f = ({ x }) => ({ y: x.matMul(x).matMul(x).sum() });" +
      "for (let i = 0; i < 4; i++) w.run(f, { x }, [], 2).catch(() => {}); setTimeout(() => process.exit(3), 500);";
    const done = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8", timeout: 60_000 });
    assert.deepEqual([done.status, done.stdout, done.stderr], [3, "", ""]);
  });
});
