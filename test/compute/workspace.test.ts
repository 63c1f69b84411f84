import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openWorkspace, type TensorFunction, tf, useBackend, type Workspace } from "basewise/compute";
import { startEngine } from "../../lib/src/compute/backends.ts";

const single = (value: number) => ({ shape: [], data: Float32Array.of(value) });
const vector = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });

/** w ← w − rate · gradient, and the sum of w as it was; the sum is read before w changes. */
const step: TensorFunction = ({ w, gradient, rate }) => ({ w: w!.sub(gradient!.mul(rate!)), before: w!.sum() });

/** The sum of x²⁵ / 512²⁴, x of 512 rows: 6 · 10⁹ multiplications. */
const long: TensorFunction = ({ x }) => {
  let y = x!;
  for (let i = 0; i < 24; i += 1) y = tf.matMul(y, x!).div(512);
  return { sum: tf.sum(y) };
};

for (const backend of ["cpu", "onnx", "onnx-web"] as const) {
  describe(`a workspace on ${backend}`, () => {
    let workspace: Workspace;
    before(async () => {
      workspace = await openWorkspace({ backend, threads: 1 });
    });
    after(() => workspace.close());

    it("says what computes", () => {
      assert.equal(workspace.backend, backend);
      assert.match(
        workspace.description,
        backend === "cpu" ? /^cpu \(asked for\)$/ : /^onnx(-web)?, ONNX Runtime 1\.\d+\.\d+, 1 thread \(/,
      );
      assert.equal(workspace.compiled, backend !== "cpu");
    });

    it("keeps what replaces a held tensor, and gives the rest back", async () => {
      await workspace.put({ w: vector(1, 2, 3) });
      const found = await workspace.run(step, { gradient: vector(1, 0, -1), rate: single(0.5) }, ["w"]);
      assert.deepEqual(found, { before: Float32Array.of(6) });
      assert.deepEqual(await workspace.run(step, { gradient: vector(0, 0, 2), rate: single(1) }, ["w"]), { before: Float32Array.of(6) });
      assert.deepEqual(await workspace.get(["w"]), { w: Float32Array.of(0.5, 2, 1.5) }); // by hand: 3 + 0.5 − 2
    });

    it("runs calls in the order in which they were made", async () => {
      await workspace.put({ w: vector(0) });
      const runs = [1, 2, 3, 4].map((rate) => workspace.run(step, { gradient: vector(-1), rate: single(rate) }, ["w"]));
      const last = workspace.get(["w"]);
      assert.deepEqual(
        (await Promise.all(runs)).map(({ before }) => before![0]),
        [0, 1, 3, 6],
      );
      assert.deepEqual(await last, { w: Float32Array.of(10) });
    });

    it("lets a result replace a held tensor that the function does not read", async () => {
      await workspace.put({ first: vector(1, 2), total: vector(9, 9) });
      assert.deepEqual(await workspace.run(({ first }) => ({ total: first!.mul(3) }), {}, ["first"]), {});
      assert.deepEqual(await workspace.get(["total", "first"]), { total: Float32Array.of(3, 6), first: Float32Array.of(1, 2) });
    });

    it("goes by what is held at the time, also where the function has run before", async () => {
      const product: TensorFunction = ({ one, two }) => ({ product: one!.mul(two!), two: two!.add(1) });
      await workspace.put({ one: vector(2, 3) });
      assert.deepEqual(await workspace.run(product, { two: vector(4, 5) }, ["one"]), {
        product: Float32Array.of(8, 15),
        two: Float32Array.of(5, 6),
      });
      await workspace.put({ product: vector(0, 0), two: vector(1, 1) });
      assert.deepEqual(await workspace.run(product, {}, ["one", "two"]), {});
      assert.deepEqual(await workspace.get(["product", "two"]), { product: Float32Array.of(2, 3), two: Float32Array.of(2, 2) });
      await workspace.put({ product: vector(0, 0, 0) });
      await assert.rejects(workspace.run(product, {}, ["one", "two"]), /gives product as float32 \[2\], but it is held as float32 \[3\]/);
      await workspace.drop(["product", "two"]);
      assert.deepEqual(Object.keys(await workspace.run(product, { two: vector(4, 5) }, ["one"])), ["product", "two"]);
      await workspace.drop(["one"]);
    });

    it("swaps two held tensors, each of which is read after the other is written", async () => {
      await workspace.put({ a: vector(1, 2), b: vector(3, 4) });
      const swap: TensorFunction = ({ a, b }) => ({ a: b!.add(0), b: a!.add(0) });
      await workspace.run(swap, {}, ["a", "b"]);
      assert.deepEqual(await workspace.get(["a", "b"]), { a: Float32Array.of(3, 4), b: Float32Array.of(1, 2) });
    });

    it("gives back results that are an input, a held tensor, one result twice, or of other types", async () => {
      await workspace.put({ kept: vector(1, -2) });
      const many: TensorFunction = ({ kept, ids }) => {
        const square = kept!.square();
        return { same: kept!, given: ids!, one: square, two: square, large: kept!.greater(0), none: kept!.slice(0, 0) };
      };
      const found = await workspace.run(many, { ids: { dtype: "int32", shape: [2], data: Int32Array.of(7, -8) } }, ["kept"]);
      assert.deepEqual(found, {
        same: Float32Array.of(1, -2),
        given: Int32Array.of(7, -8),
        one: Float32Array.of(1, 4),
        two: Float32Array.of(1, 4),
        large: Uint8Array.of(1, 0),
        none: new Float32Array(),
      });
      found["same"]![0] = 100;
      assert.deepEqual(await workspace.get(["kept"]), { kept: Float32Array.of(1, -2) });
    });

    it("computes the same in shapes that were foreseen, in others, and without", async () => {
      const rowsOf = (n: number) => ({
        x: { shape: [n, 3], data: Float32Array.from({ length: 3 * n }, (_, i) => i + n) },
        ids: { shape: [n], dtype: "int32" as const, data: Int32Array.from({ length: n }, (_, i) => (2 * i) % 3) },
        rate: single(n),
      });
      // results of one shape, of one that varies, without elements for one row, and there for two rows alone; unused inputs
      const make = (): TensorFunction => (tensors) => {
        const [x, w] = [tensors["x"] as tf.Tensor2D, tensors["w"]!];
        const n = x.shape[0];
        return {
          w: n === 4 ? w.add(1) : w.add(tf.sum(x, 0).mul(tensors["rate"]!)),
          picked: tf.gather(w, tensors["ids"] as tf.Tensor1D),
          gaps: tf.sub(tf.slice(x, [1, 0], [n - 1, 3]), tf.slice(x, [0, 0], [n - 1, 3])),
          ...(n === 2 && { two: tf.sum(x) }),
        };
      };
      const calls = [2, 1, 4, 3, 1, 2, 4];
      const all: unknown[] = [];
      for (const foreseen of [[1, 2, 4], [2], []]) {
        const fn = make();
        await workspace.put({ w: vector(1, 2, 3) });
        workspace.foresee(fn, foreseen.map(rowsOf), ["w"]);
        const found = [];
        for (const n of calls) found.push(await workspace.run(fn, rowsOf(n), ["w"]), await workspace.get(["w"]));
        all.push(found);
      }
      assert.deepEqual(all[1], all[0]);
      assert.deepEqual(all[2], all[0]);
      const [first, held] = all[0] as Record<string, Float32Array>[];
      assert.deepEqual({ ...first }, { picked: Float32Array.of(1, 3), gaps: Float32Array.of(3, 3, 3), two: Float32Array.of(27) });
      assert.deepEqual(held, { w: Float32Array.of(1 + 2 * 7, 2 + 2 * 9, 3 + 2 * 11) }); // rows 2 3 4 and 5 6 7, rate 2
      assert.deepEqual(Object.keys((all[0] as Record<string, unknown>[])[2]!), ["picked", "gaps"]);
      await workspace.drop(["w"]);
    });

    it("computes right, and each shape by itself, where constants are too many for one file", { skip: backend !== "onnx" }, async () => {
      const constant = tf.linspace(0, 1, 100);
      const add: TensorFunction = ({ x }) => ({ sum: tf.add(x!, constant) });
      const limited = await openWorkspace({ backend, threads: 1 });
      Object.assign(limited, { mostConstants: 1000 });
      const rows = [1, 2, 3].map((n) => ({ x: { shape: [n, 100], data: new Float32Array(100 * n) } }));
      limited.foresee(add, rows, []);
      for (const inputs of rows) assert.deepEqual((await limited.run(add, inputs, []))["sum"]!.slice(0, 100), constant.dataSync());
      assert.equal((limited as unknown as { foreseen: WeakMap<TensorFunction, object> }).foreseen.has(add), false); // given up
      await limited.close();
      constant.dispose();
    });

    it("says that calls which are foreseen differ in more than shapes", { skip: backend !== "onnx" }, async () => {
      const xOf = (n: number) => ({ x: { shape: [n], data: new Float32Array(n).fill(1) } });
      await workspace.put({ v: single(0) });
      const sometimes: TensorFunction = ({ x, v }) => ({ s: tf.sum(x!), ...(x!.shape[0] === 4 && { v: tf.add(v!, tf.sum(x!)) }) });
      workspace.foresee(sometimes, [xOf(2), xOf(4)], ["v"]);
      await assert.rejects(workspace.run(sometimes, xOf(4), ["v"]), /foreseen need inputs of the same names, and replace the same tensors/);
      assert.deepEqual(await workspace.get(["v"]), { v: Float32Array.of(0) });
      const sum: TensorFunction = ({ x, y }) => ({ s: tf.sum(y === undefined ? x! : tf.add(x!, y)) });
      workspace.foresee(sum, [xOf(2), { ...xOf(3), y: single(1) }], []);
      await assert.rejects(workspace.run(sum, xOf(2), []), /foreseen need inputs of the same names/);
      await workspace.drop(["v"]);
    });

    it("copies what it is given, unless it may take it", async () => {
      const own = vector(1, 2);
      await workspace.put({ own });
      own.data[0] = 5;
      assert.deepEqual(await workspace.get(["own"]), { own: Float32Array.of(1, 2) });
      const part = new Float32Array([0, 1, 2, 3]).subarray(1, 3); // of a larger buffer, which is not given away
      const whole = Float32Array.of(4, 5);
      await workspace.put({ part: { shape: [2], data: part }, whole: { shape: [2], data: whole } }, { transfer: true });
      assert.deepEqual(await workspace.get(["part", "whole"]), { part: Float32Array.of(1, 2), whole: Float32Array.of(4, 5) });
      assert.equal(part.length, 2);
      if (backend !== "cpu") assert.equal(whole.length, 0);
    });

    it("takes another shape of a tensor that is put again, and forgets what is dropped", async () => {
      await workspace.put({ w: vector(1), gone: vector(1) });
      await workspace.put({ w: vector(1, 2, 3, 4) });
      const { before: sum } = await workspace.run(step, { gradient: vector(0, 0, 0, 0), rate: single(0) }, ["w"]);
      assert.equal(sum![0], 10);
      await workspace.drop(["gone"]);
      await assert.rejects(workspace.get(["gone"]), /^Error: workspace: there is no tensor gone \(held: [^\n]*\); put it first$/);
      await assert.rejects(workspace.run(step, {}, ["gone"]), /there is no tensor gone/);
    });

    it("refuses, in one line, what does not fit", async () => {
      await workspace.put({ w: vector(1, 2, 3) });
      const wrong = { shape: [4], data: Float32Array.of(1) };
      await assert.rejects(workspace.put({ wrong }), {
        message: "workspace: wrong is Float32Array of 1; expected Float32Array of 4, shape [4]",
      });
      await assert.rejects(
        workspace.run(({ w }) => ({ w: w!.sum() }), {}, ["w"]),
        /the function gives w as float32 \[\], but it is held as float32 \[3\]/,
      );
      await assert.rejects(workspace.run(step, { w: vector(1) }, []), /^Error: workspace: w is an input and a held tensor/);
      await workspace.put({ ids: { dtype: "int32", shape: [1], data: Int32Array.of(1) } });
      await assert.rejects(workspace.get(["ids"]), /ids is int32; only float32/);
      assert.deepEqual(await workspace.get(["w"]), { w: Float32Array.of(1, 2, 3) });
    });

    it("fails with the function's error, and goes on", async () => {
      const failing: TensorFunction = () => {
        throw new Error("not today");
      };
      await assert.rejects(workspace.run(failing, {}, []), { message: "not today" });
      assert.deepEqual(await workspace.run(() => ({ two: tf.scalar(1).add(1) }), {}, []), { two: Float32Array.of(2) });
    });
  });
}

describe("a workspace on cpu", () => {
  it("leaves no tensor behind", async () => {
    await useBackend("cpu");
    const before = tf.memory().numTensors;
    const workspace = await openWorkspace({ backend: "cpu" });
    await workspace.put({ w: vector(1, 2, 3) });
    for (let i = 0; i < 5; i += 1) await workspace.run(step, { gradient: vector(1, 1, 1), rate: single(0.1) }, ["w"]);
    assert.equal(tf.memory().numTensors, before + 1);
    await assert.rejects(workspace.run(({ w }) => ({ w: w!.sum() }), {}, ["w"]));
    assert.equal(tf.memory().numTensors, before + 1);
    await workspace.close();
    assert.equal(tf.memory().numTensors, before);
    await assert.rejects(workspace.get(["w"]), /it is closed/);
  });
});

describe("a workspace on onnx", () => {
  const square = (side: number) => ({ shape: [side, side], data: new Float32Array(side * side).fill(1) });

  it("leaves this thread free: a timer ticks while a function runs", async () => {
    const workspace = await openWorkspace({ backend: "onnx", threads: 1 });
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 5);
    const sums: number[] = [];
    await workspace.run(long, { x: square(512) }, []); // compiled; what follows only computes
    ticks = 0;
    for (let i = 0; i < 4; i += 1) sums.push((await workspace.run(long, { x: square(512) }, []))["sum"]![0]!);
    clearInterval(timer);
    await workspace.close();
    assert.deepEqual(sums, [2 ** 18, 2 ** 18, 2 ** 18, 2 ** 18]); // ones · ones / 512 are ones
    assert.ok(ticks > 8, `${ticks} ticks`); // without a thread of its own at most one for each run
  });

  it("says that memory is short, and goes on", async () => {
    const workspace = await openWorkspace({ backend: "onnx" });
    const huge: TensorFunction = ({ x }) => ({ most: tf.max(tf.mul(tf.reshape(x!, [-1, 1]), tf.reshape(x!, [1, -1]))) });
    const million = { shape: [4_000_000], data: new Float32Array(4_000_000) };
    await assert.rejects(workspace.run(huge, { x: million }, []), /^Error: workspace: there is not enough memory; [^\n]*$/);
    assert.deepEqual(await workspace.run(huge, { x: vector(3, 2) }, []), { most: Float32Array.of(9) });
    await workspace.close();
  });

  it("computes right for more shapes than it keeps, and for those that it let go", async () => {
    const workspace = await openWorkspace({ backend: "onnx", threads: 1 });
    const sum: TensorFunction = ({ x }) => ({ sum: x!.sum() });
    for (const length of [...Array.from({ length: 40 }, (_, i) => i + 1), 1, 2, 40]) {
      const ones = { shape: [length], data: new Float32Array(length).fill(1) };
      assert.deepEqual(await workspace.run(sum, { x: ones }, []), { sum: Float32Array.of(length) });
    }
    await workspace.close();
  });

  it("fails what is under way when it is closed, and what comes later", async () => {
    const workspace = await openWorkspace({ backend: "onnx", threads: 1 });
    const running = workspace.run(long, { x: square(512) }, []);
    const later = workspace.get([]);
    const failed = Promise.allSettled([running, later]);
    await workspace.close();
    for (const { status } of await failed) assert.equal(status, "rejected");
    await assert.rejects(workspace.put({ w: vector(1) }), /^Error: workspace: the thread that computes is closed; open another workspace$/);
  });

  const runs = 'const { openWorkspace } = await import("basewise/compute"); const w = await openWorkspace({ backend: "onnx" });';
  const put = "await w.put({ x: { shape: [1], data: Float32Array.of(4) } });";
  it("lets the process end without being closed, but not while something is under way", () => {
    const script = `${runs} ${put} w.run(({ x }) => ({ y: x.sqrt() }), {}, ["x"]).then(({ y }) => console.log(y[0]));`;
    const done = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8", timeout: 60_000 });
    assert.deepEqual([done.status, done.stdout, done.stderr], [0, "2\n", ""]);
  });
  const large = "w.run(({ x }) => ({ y: x.matMul(x).sum() }), { x: { shape: [3000, 3000], data: new Float32Array(9e6) } }, [])";
  for (const [how, leave] of [
    ["exit", "process.exit(3)"],
    ["fail", 'throw new Error("no more")'],
    ["close the workspace and exit", "w.close().then(() => process.exit(3))"],
  ] as const) {
    it(`lets the process ${how} in the middle of a run`, () => {
      const script = `${runs} ${large}.catch(() => {}); setTimeout(() => { ${leave}; }, 400);`;
      const done = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8", timeout: 60_000 });
      assert.equal(done.status, how === "fail" ? 1 : 3, done.stderr);
      assert.doesNotMatch(done.stderr, /terminate called/);
    });
  }
});

describe("the choice of a workspace", () => {
  let root = "";
  before(() => {
    root = mkdtempSync(join(tmpdir(), "basewise-"));
  });
  after(() => rmSync(root, { recursive: true }));
  const install = (name: string, ...folders: string[]): void => {
    const folder = join(root, "node_modules", ...name.split("/"));
    mkdirSync(join(folder, ...folders), { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name, version: "1.2.3" }));
  };
  const chosen = async (): Promise<string> => {
    const workspace = await openWorkspace({ root });
    await workspace.close();
    return workspace.backend;
  };
  it("is plain TensorFlow.js alone, then WebAssembly where the native package has no binary, then the native one", async () => {
    install("@tensorflow/tfjs");
    assert.equal(await chosen(), "cpu");
    install("onnxruntime-web");
    install("onnxruntime-node", "bin", "napi-v6", "sunos", "sparc");
    assert.equal(await chosen(), "onnx-web");
    await assert.rejects(
      openWorkspace({ root, backend: "onnx" }),
      /^Error: backend onnx is not available: has no binary for \w+ on \w+; onnx-web/,
    );
    install("onnxruntime-node", "bin", "napi-v6", process.platform, process.arch);
    assert.equal(await chosen(), "onnx");
  });
  it("goes on to WebAssembly where the native package has a binary that does not start, as on Alpine", async () => {
    const tried: string[] = [];
    const start = async ({ name }: { name: string }, reason: string): Promise<string> => {
      tried.push(name);
      if (name === "onnx") throw new Error("Error loading shared library ld-linux-x86-64.so.2: No such file or directory\nmore");
      return `${name}: ${reason}`;
    };
    assert.equal(await startEngine(undefined, ["onnx", "onnx-web", "cpu"], root, start), "onnx-web: found here");
    assert.deepEqual(tried, ["onnx", "onnx-web"]);
    await assert.rejects(startEngine("onnx", ["onnx", "onnx-web", "cpu"], root, start), {
      message:
        "backend onnx is not available: Error loading shared library ld-linux-x86-64.so.2: No such file or directory (basewise doctor lists all)",
    });
  });
  it("names the backends for one that there is not, and refuses to run TensorFlow.js itself on onnx", async () => {
    await assert.rejects(openWorkspace({ backend: "pytorch" }), /^Error: unknown backend "pytorch"; known: tensorflow-gpu, .*onnx-cuda$/);
    await assert.rejects(useBackend("onnx"), /^Error: backend onnx computes whole functions only/);
  });
});
