import assert from "node:assert/strict";
import { compile, type Numbers, type Signature, type TensorFunction, tf } from "basewise/compute";

/** What a function gives eagerly, on the backend in use. */
export function eager(fn: TensorFunction, signature: Signature, inputs: Readonly<Record<string, Numbers>>): Record<string, Numbers> {
  const results = new Map<string, Numbers>();
  tf.tidy(() => {
    const tensors = Object.entries(signature).map(([name, { shape, dtype = "float32" }]) => [
      name,
      tf.tensor(inputs[name]!, [...shape], dtype),
    ]);
    for (const [name, tensor] of Object.entries(fn(Object.fromEntries(tensors)))) {
      const array = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[tensor.dtype as "float32"];
      results.set(name, array.from(tensor.dataSync())); // the plain backend leaves some numbers in another kind of array
    }
  });
  return Object.fromEntries(results);
}

/** Compile with two threads, run 20 times: the same bytes each time. */
export async function compiledTwentyTimes(
  fn: TensorFunction,
  signature: Signature,
  inputs: Readonly<Record<string, Numbers>>,
): Promise<Record<string, Numbers>> {
  const run = await compile(fn, signature, { threads: 2 });
  try {
    const first = await run(inputs);
    for (let again = 1; again < 20; again += 1) {
      const next = await run(inputs);
      for (const [name, numbers] of Object.entries(next))
        assert.ok(bytes(numbers).equals(bytes(first[name]!)), `${name}: run ${again} differs`);
    }
    return first;
  } finally {
    await run.dispose();
  }
}

function bytes(numbers: Numbers): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** Every number within the tolerance, relative to the larger of 1 and the number itself; NaN and infinities alike. */
export function agree(actual: Numbers, expected: Numbers, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: how many`);
  expected.forEach((value: number, i: number) => {
    if (Object.is(actual[i], value) || actual[i] === value) return;
    const near = Math.abs(actual[i]! - value) <= tolerance * Math.max(1, Math.abs(value));
    assert.ok(near, `${what}, number ${i}: compiled ${actual[i]}, eager ${value}`);
  });
}

/** Compiled results equal eager ones, in kind and number. */
export async function sameAsEager(
  fn: TensorFunction,
  signature: Signature,
  inputs: Readonly<Record<string, Numbers>>,
  tolerance = 2e-6,
): Promise<void> {
  const expected = eager(fn, signature, inputs);
  const actual = await compiledTwentyTimes(fn, signature, inputs);
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [name, numbers] of Object.entries(expected)) {
    assert.equal(actual[name]!.constructor, numbers.constructor, `${name}: kind of array`);
    agree(actual[name]!, numbers, tolerance, name);
  }
}
