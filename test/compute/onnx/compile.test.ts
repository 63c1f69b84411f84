import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { compile, type Signature, type TensorFunction, tf, useBackend } from "basewise/compute";

await useBackend("cpu");

const three: Signature = { x: { shape: [3] } };
const numbers = (...values: number[]): Float32Array => Float32Array.from(values);

/** The one line that a function's compilation ends with. */
async function refusal(fn: unknown, signature: Signature = three): Promise<string> {
  const before = tf.memory().numTensors;
  const error = await compile(fn as TensorFunction, signature).then(
    () => assert.fail("it was compiled"),
    (reason: Error) => reason,
  );
  assert.equal(tf.getBackend(), "cpu", "the backend in use is as before");
  assert.equal(tf.memory().numTensors, before, "tensors are left");
  assert.ok(!error.message.includes("\n"), "one line");
  return error.message;
}

describe("compile", () => {
  it("runs a gradient worked by hand", async () => {
    // d/dx Σ x³ = 3x²
    const run = await compile(({ x }) => ({ slope: tf.grad((own) => tf.sum(tf.mul(tf.square(own), own)))(x!) }), three);
    assert.deepEqual(await run({ x: numbers(1, 2, -3) }), { slope: numbers(3, 12, 27) });
    assert.deepEqual(run.results, { slope: { dtype: "float32", shape: [3] } });
    await run.dispose();
  });

  it("leaves the processor alone between two runs: waiting threads would keep another session's from it", async () => {
    const square: Signature = { x: { shape: [512, 512] } };
    const run = await compile(({ x }) => ({ y: tf.matMul(x!, x!) }), square, { threads: 2 });
    const used: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      await run({ x: new Float32Array(512 * 512) });
      const before = process.cpuUsage();
      await setTimeout(100);
      const { user, system } = process.cpuUsage(before);
      used.push((user + system) / 1000);
    }
    assert.ok(Math.min(...used) < 10, `${used} ms of 100`); // 35 to 40 with threads that go on waiting
    await run.dispose();
  });

  it("compiles a function once for a signature, again for another length and after it was freed", async () => {
    let traces = 0;
    const fn: TensorFunction = ({ x }) => {
      traces += 1;
      return { y: tf.neg(x!) };
    };
    const run = await compile(fn, three);
    assert.equal(await compile(fn, { x: { shape: [3] } }), run);
    const longer = await compile(fn, { x: { shape: [4] } });
    assert.equal(traces, 2);
    await run.dispose();
    await (await compile(fn, three)).dispose();
    assert.equal(traces, 3);
    await longer.dispose();
  });

  it("takes tensors from outside as constants and leaves them where they are", async () => {
    const factor = tf.tensor1d([2, 3, 4]);
    const run = await compile(({ x }) => ({ y: tf.mul(x!, factor) }), three);
    tf.dispose(tf.add(factor, 1)); // still there for the plain backend
    factor.dispose();
    assert.deepEqual(await run({ x: numbers(1, 1, 2) }), { y: numbers(2, 3, 8) });
    await run.dispose();
  });

  it("gives results that are inputs, constants, alike or empty", async () => {
    const run = await compile(
      ({ x, unused }) => {
        const y = tf.add(x!, 1);
        return { x: x!, again: x!, y, twice: y, one: tf.scalar(1), none: tf.slice(x!, 0, 0), unused: tf.zerosLike(unused!) };
      },
      { ...three, unused: { shape: [2], dtype: "int32" } },
    );
    const x = numbers(1, 2, 3);
    const y = numbers(2, 3, 4);
    const results = await run({ x, unused: new Int32Array(2) });
    assert.deepEqual(results, { x, again: x, y, twice: y, one: numbers(1), none: numbers(), unused: new Int32Array(2) });
    assert.notEqual(results["y"]!.buffer, results["twice"]!.buffer);
    await run.dispose();
  });

  it("writes results into arrays that it is given", async () => {
    const run = await compile(({ x }) => ({ y: tf.neg(x!), z: tf.sum(x!) }), three);
    const y = numbers(0, 0, 0);
    const results = await run({ x: numbers(1, 2, 3) }, { y });
    assert.equal(results["y"], y);
    assert.deepEqual([y, results["z"]], [numbers(-1, -2, -3), numbers(6)]);
    await run.dispose();
  });

  it("runs on two calls at a time", async () => {
    const run = await compile(({ x }) => ({ y: tf.neg(x!) }), three);
    const [first, second] = await Promise.all([run({ x: numbers(1, 2, 3) }), run({ x: numbers(4, 5, 6) })]);
    assert.deepEqual([first["y"], second["y"]], [numbers(-1, -2, -3), numbers(-4, -5, -6)]);
    await run.dispose();
  });

  it("does not change what a constant was when the function was compiled", async () => {
    const own = numbers(1, 2, 3);
    const run = await compile(({ x }) => ({ y: tf.add(x!, tf.tensor1d(own)) }), three);
    own.fill(100);
    assert.deepEqual(await run({ x: numbers(0, 0, 0) }), { y: numbers(1, 2, 3) });
    await run.dispose();
  });
});

describe("compile says in one line what it cannot do", () => {
  const here = /compile\.test\.ts:\d+:\d+/;
  it("numbers read, with the place", async () => {
    assert.match(await refusal(({ x }: { x: tf.Tensor }) => ({ y: tf.scalar(x.dataSync()[0]!) })), /reads a tensor's numbers.*tf\.where/);
    assert.match(await refusal(({ x }: { x: tf.Tensor }) => ({ y: (x.arraySync() as number[])[0]! > 0 ? x : tf.neg(x) })), here);
  });
  it("random numbers without a seed", async () => {
    assert.match(await refusal(({ x }: { x: tf.Tensor }) => ({ y: tf.dropout(x, 0.5) })), /draws random numbers, at .*compile\.test\.ts/);
  });
  it("a kernel without a form in ONNX, with its call", async () => {
    assert.match(
      await refusal(({ x }: { x: tf.Tensor }) => ({ y: tf.acosh(x) })),
      /Acosh\(x float32 \[3\]\) has no form in ONNX yet, at .*test\.ts/,
    );
    assert.match(await refusal(({ x }: { x: tf.Tensor }) => ({ y: tf.max(tf.slice(x, 0, 0)) })), /Max\(x float32 \[0\]\) is of nothing/);
  });
  it("what is no object of tensors", async () => {
    assert.match(await refusal(async ({ x }: { x: tf.Tensor }) => ({ y: x })), /asynchronous/);
    assert.match(await refusal(({ x }: { x: tf.Tensor }) => x), /returns no object/);
    assert.match(await refusal(() => ({ y: 3 })), /result y is no tensor/);
  });
  it("types that there are not", async () => {
    assert.match(await refusal(({ x }: { x: tf.Tensor }) => ({ y: tf.complex(x, x) })), /complex64|Complex/);
  });
  it("arrays that do not fit", async () => {
    const run = await compile(({ x }) => ({ y: tf.neg(x!) }), three);
    await assert.rejects(run({}), /input x is nothing; expected Float32Array of 3, shape \[3\]/);
    await assert.rejects(run({ x: numbers(1, 2) }), /input x is Float32Array of 2; expected Float32Array of 3/);
    await assert.rejects(run({ x: Int32Array.of(1, 2, 3) }), /Int32Array of 3; expected Float32Array/);
    await assert.rejects(run({ x: numbers(1, 2, 3) }, { z: numbers(1) }), /no array for result z; known: y/);
    await run.dispose();
  });
});

describe("donated inputs", () => {
  /** A descent that clips the gradient by its norm, so that every update comes after all reading. */
  const descent: TensorFunction = ({ a, b, x }) => {
    const loss = (...[own, other]: tf.Tensor[]): tf.Scalar =>
      tf.mean(tf.square(tf.matMul(tf.tanh(tf.matMul(x as tf.Tensor2D, own as tf.Tensor2D)), other as tf.Tensor2D)));
    const { value, grads } = tf.valueAndGrads(loss)([a!, b!]);
    const norm = tf.sqrt(tf.addN(grads.map((gradient) => tf.sum(tf.square(gradient)))));
    const rate = tf.div(0.1, tf.maximum(norm, 1));
    return { loss: value, a: tf.sub(a!, tf.mul(grads[0]!, rate)), b: tf.sub(b!, tf.mul(grads[1]!, rate)) };
  };
  const signature: Signature = { a: { shape: [40, 30] }, b: { shape: [30, 20] }, x: { shape: [50, 40] } };
  const start = (): Record<string, Float32Array> =>
    Object.fromEntries(
      Object.entries(signature).map(([name, { shape }], i) => [
        name,
        Float32Array.from({ length: shape[0]! * shape[1]! }, (_, k) => Math.sin(k * (i + 1.37))),
      ]),
    );

  it("are updated in place, bit by bit as with buffers of their own, over 50 steps", async () => {
    const inPlace = await compile(descent, signature, { donate: ["a", "b"], threads: 2 });
    const apart = await compile(descent, signature, { threads: 2 });
    assert.deepEqual(inPlace.copied, []);
    const own = start();
    let other = start();
    const { a } = own;
    for (let step = 0; step < 50; step += 1) {
      const results = await inPlace(own);
      assert.equal(results["a"], a);
      other = { ...other, ...((await apart(other)) as Record<string, Float32Array>) };
      assert.deepEqual(own["a"], other["a"]);
      assert.deepEqual(own["b"], other["b"]);
      assert.deepEqual(results["loss"], other["loss"]);
    }
    await inPlace.dispose();
    await apart.dispose();
  });

  it("are not copied after the run, as the binding does with results", async () => {
    const size = 2 ** 22;
    const run = await compile(({ a }) => ({ a: tf.add(a!, 1) }), { a: { shape: [size] } }, { donate: ["a"] });
    const a = new Float32Array(size);
    const before = process.memoryUsage().arrayBuffers;
    await run({ a });
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < size, `${grown} bytes more, for an array of ${4 * size}`);
    assert.deepEqual([a[0], a[size - 1]], [1, 1]);
    await run.dispose();
  });

  it("are copied where something could read them after they are written", async () => {
    const late = await compile(
      ({ a, x }) => ({ a: tf.sub(a!, 1), y: tf.matMul(x as tf.Tensor2D, a as tf.Tensor2D), moved: tf.mul(tf.transpose(a!), 2) }),
      { a: { shape: [2, 2] }, x: { shape: [1, 2] } },
      { donate: ["a"] },
    );
    assert.deepEqual(late.copied, ["a"]);
    const a = numbers(1, 2, 3, 4);
    const { y, moved } = await late({ a, x: numbers(1, 10) });
    assert.deepEqual([a, y, moved], [numbers(0, 1, 2, 3), numbers(31, 42), numbers(2, 6, 4, 8)]);
    const product = await compile(
      ({ a: own }) => ({ a: tf.matMul(own as tf.Tensor2D, own as tf.Tensor2D) }),
      { a: { shape: [2, 2] } },
      { donate: ["a"] },
    );
    assert.deepEqual(product.copied, ["a"]);
    await product({ a });
    assert.deepEqual(a, numbers(2, 3, 6, 11));
    const turned = await compile(({ a: own }) => ({ a: tf.add(own!, tf.transpose(own!)) }), { a: { shape: [2, 2] } }, { donate: ["a"] });
    assert.deepEqual(turned.copied, ["a"]);
    await turned({ a });
    assert.deepEqual(a, numbers(4, 9, 9, 22));
    for (const run of [late, product, turned]) await run.dispose();
  });

  it("may have names that the graph would choose itself", async () => {
    const run = await compile(({ a, "a.new": other }) => ({ a: tf.add(a!, 1), "a.new": tf.add(other!, 2), "a.new.new": tf.neg(a!) }), {
      a: { shape: [] },
      "a.new": { shape: [] },
    });
    assert.deepEqual(await run({ a: numbers(1), "a.new": numbers(10) }), { a: numbers(2), "a.new": numbers(12), "a.new.new": numbers(-1) });
    await run.dispose();
  });

  it("must be inputs and results of one type and shape", async () => {
    const sum: TensorFunction = ({ x }) => ({ x: tf.sum(x!) });
    await assert.rejects(compile(sum, three, { donate: ["x"] }), /x is donated as float32 \[3\], but its result is float32 \[\]/);
    await assert.rejects(compile(sum, three, { donate: ["w"] }), /w is donated, but no input has this name/);
  });
});
