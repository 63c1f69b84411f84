import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openSafetensors, writeSafetensors } from "basewise/models";
import { seededRandom } from "basewise/statistics";

const folder = mkdtempSync(join(tmpdir(), "basewise-safetensors-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

/** A file of our own making: any header, any data. */
function fileOf(header: unknown, data = 0): string {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return fileOfBytes(Buffer.concat([length, json, Buffer.alloc(data)]));
}

function fileOfBytes(bytes: Uint8Array): string {
  const path = join(folder, `${files++}.safetensors`);
  writeFileSync(path, bytes);
  return path;
}

const tensor = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype: unknown = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("openSafetensors", () => {
  it("reads the three types to the exact numbers", () => {
    // 1.5, −2⁻¹⁴ · 1/1024 (the smallest half-precision subnormal), −∞ by hand in each layout; all exact in float32
    const f16 = Buffer.from(Uint16Array.of(0x3e00, 0x8001, 0xfc00).buffer);
    const bf16 = Buffer.from(Uint16Array.of(0x3fc0, 0xb380, 0xff80).buffer);
    const f32 = Buffer.from(Uint32Array.of(0x3fc00000, 0xb3800000, 0xff800000).buffer);
    const path = fileOf({ half: tensor(0, 6, [3], "F16"), brain: tensor(6, 12, [3], "BF16"), full: tensor(12, 24, [3]) }, 24);
    const whole = readFileSync(path);
    Buffer.concat([f16, bf16, f32]).copy(whole, whole.length - 24);
    const file = openSafetensors(fileOfBytes(whole));
    const expected = Float32Array.of(1.5, -(2 ** -24), -Infinity);
    for (const name of ["half", "brain", "full"]) assert.deepEqual(file.read(name), expected, name);
    file.close();
    file.close(); // a second time does no harm
    assert.throws(() => file.read("half"), /read of "half" after close/);
  });

  it("reads single rows, scalars and empty tensors", async () => {
    const path = join(folder, "rows.safetensors");
    const data = Float32Array.from({ length: 12 }, (_, i) => i);
    const tensors = [
      { name: "m", shape: [4, 3], data },
      { name: "scalar", shape: [], data: Float32Array.of(7) },
      { name: "none", shape: [0, 5], data: new Float32Array(0) },
    ];
    await writeSafetensors(path, tensors, { dtype: "BF16" });
    const file = openSafetensors(path);
    assert.deepEqual(file.read("m", [1, 3]), Float32Array.of(3, 4, 5, 6, 7, 8));
    assert.deepEqual(file.read("m", [4, 4]), new Float32Array(0));
    assert.deepEqual(file.read("scalar"), Float32Array.of(7));
    assert.deepEqual(file.read("none"), new Float32Array(0));
    assert.throws(() => file.read("m", [3, 5]), /rows\.safetensors: tensor "m": rows 3 to 5 are asked for, and it has 4$/);
    assert.throws(() => file.read("n"), /rows\.safetensors: there is no tensor "n" \(3 others are\)/);
    file.close();
  });

  it("names the type that it does not read, but only when that tensor is asked for", () => {
    const file = openSafetensors(fileOf({ ids: tensor(0, 16, [2], "I64"), w: tensor(16, 20) }, 20));
    assert.equal(file.read("w").length, 1);
    assert.throws(() => file.read("ids"), /tensor "ids": has dtype I64; F32, F16 and BF16 can be read/);
    file.close();
  });

  it("reads what lies beyond 4 GiB without reading the rest", () => {
    const [before, bytes] = [5 * 2 ** 30, Buffer.from(Float32Array.of(1, 2, 3).buffer)];
    const path = fileOf({ large: tensor(0, before), last: tensor(before, before + 12) });
    const start = readFileSync(path).length;
    truncateSync(path, start + before); // a hole: takes no space
    const handle = openSync(path, "r+");
    writeSync(handle, bytes, 0, 12, start + before);
    writeSync(handle, bytes, 0, 12, start + before - 12);
    closeSync(handle);
    const file = openSafetensors(path);
    assert.deepEqual(file.read("last"), Float32Array.of(1, 2, 3));
    assert.deepEqual(file.read("large", [before / 4 - 4, before / 4]), Float32Array.of(0, 1, 2, 3));
    file.close();
    rmSync(path);
  });

  it("notices that the file became shorter after it was opened", () => {
    const path = fileOf({ w: tensor(0, 400) }, 400);
    const file = openSafetensors(path);
    truncateSync(path, 200);
    assert.throws(() => file.read("w"), /tensor "w": the file ends at byte 200, before the tensor does/);
    file.close();
  });

  const broken: [string, () => string, RegExp][] = [
    ["an empty file", () => fileOfBytes(new Uint8Array(0)), /has 0 bytes/],
    ["a header longer than the file", () => fileOfBytes(Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 123)), /255 bytes, and only 1 are there/],
    ["an absurd length", () => fileOfBytes(new Uint8Array(16).fill(255)), /18446744073709551615 bytes, and only 8/],
    ["a header that is no JSON", () => fileOf("{]"), /header is not JSON/],
    ["a header that is a list", () => fileOf("[]"), /not a JSON object/],
    ["a header that is no text", () => fileOfBytes(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xc3, 0x28)), /not UTF-8/],
    ["overlapping tensors", () => fileOf({ a: tensor(0, 8), b: tensor(4, 12) }, 12), /"b" overlaps the tensor before it/],
    ["two tensors in one place", () => fileOf({ a: tensor(0, 8), b: tensor(0, 8) }, 8), /"b" overlaps/],
    ["a gap", () => fileOf({ a: tensor(0, 8), b: tensor(12, 16) }, 16), /"b" leaves 4 unused bytes before it/],
    ["bytes behind the last tensor", () => fileOf({ a: tensor(0, 8) }, 9), /tensors end at byte \d+ and the file at \d+/],
    ["a file cut short", () => fileOf({ a: tensor(0, 8) }, 7), /"a" has data_offsets \[0,8\], outside the 7 bytes of data/],
    ["offsets that run backwards", () => fileOf({ a: tensor(8, 4, [1]) }, 8), /"a" has data_offsets \[8,4\], outside/],
    ["negative offsets", () => fileOf({ a: tensor(-4, 0, [1]) }, 4), /"a" has data_offsets \[-4,0\], not two whole numbers/],
    ["three offsets", () => fileOf({ a: { dtype: "F32", shape: [1], data_offsets: [0, 4, 4] } }, 4), /"a" has data_offsets/],
    ["a shape that needs other bytes", () => fileOf({ a: tensor(0, 8, [3]) }, 8), /"a" has 8 bytes where F32 \[3\] needs 12/],
    ["a negative dimension", () => fileOf({ a: tensor(0, 8, [-1, -2]) }, 8), /"a" has shape \[-1,-2\]/],
    ["half a dimension", () => fileOf({ a: tensor(0, 8, [0.5, 4]) }, 8), /"a" has shape \[0.5,4\]/],
    ["dimensions as text", () => fileOf({ a: tensor(0, 8, "2") }, 8), /"a" has shape "2"/],
    ["dimensions whose product overflows", () => fileOf({ a: tensor(0, 8, [2 ** 40, 2 ** 40]) }, 8), /"a" has 8 bytes where/],
    ["a type that is none", () => fileOf({ a: tensor(0, 8, [2], "Q4_K") }, 8), /"a" has dtype "Q4_K", which the format does not know/],
    ["no type", () => fileOf({ a: { shape: [2], data_offsets: [0, 8] } }, 8), /"a" has dtype missing/],
    ["a tensor that is a number", () => fileOf({ a: 1 }), /"a" is not described by an object/],
    [
      "one name twice",
      () => fileOf(`{"a":${JSON.stringify(tensor(0, 4))},"\\u0061":${JSON.stringify(tensor(0, 4))}}`, 4),
      /"a" is in the header twice/,
    ],
    [
      "a field twice",
      () => fileOf('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
      /"dtype" is in the header twice/,
    ],
    ["a folder", () => folder, /cannot be opened|is not a file/],
    ["no file", () => join(folder, "absent.safetensors"), /absent\.safetensors: no such file/],
  ];
  for (const [what, path, message] of broken) {
    it(`refuses ${what} in one line that names the file`, () => {
      const place = path();
      assert.throws(
        () => openSafetensors(place),
        (error: Error) => {
          assert.match(error.message, message);
          assert.ok(error.message.includes(place), error.message);
          assert.doesNotMatch(error.message, /\n/);
          return true;
        },
      );
    });
  }

  it("keeps messages on one bounded line whatever the tensor is called", () => {
    const path = fileOf({ [`line\nbreak${"x".repeat(10_000)}`]: tensor(0, 8, [3]) }, 8);
    assert.throws(
      () => openSafetensors(path),
      (error: Error) => !error.message.includes("\n") && error.message.length < 500,
    );
  });

  it("takes names that objects have by themselves", () => {
    const file = openSafetensors(
      fileOf(
        '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"constructor":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}',
        4,
      ),
    );
    assert.deepEqual([...file.tensors.keys()].sort(), ["__proto__", "constructor"]);
    file.close();
  });

  it("survives flipped bytes and cut ends: an error in one line, or numbers of the size that the shape says", async () => {
    const uniform = seededRandom(4);
    const below = (n: number) => Math.floor(uniform() * n);
    const whole = readFileSync("test/fixtures/checkpoints/llama/model.safetensors");
    const headerEnd = 8 + Number(whole.readBigUInt64LE(0));
    const outcomes = { refused: 0, read: 0 };
    for (let round = 0; round < 1500; round++) {
      const bytes = Buffer.from(whole);
      for (let flip = 0; flip <= below(3); flip++) {
        const place = below(round % 3 === 0 ? 8 : headerEnd);
        bytes[place] = bytes[place]! ^ (1 << below(8));
      }
      const path = join(folder, "fuzz.safetensors");
      writeFileSync(path, round % 5 === 0 ? bytes.subarray(0, below(bytes.length)) : bytes);
      try {
        const file = openSafetensors(path);
        for (const [name, { shape, begin, end }] of file.tensors) {
          assert.ok(end - begin <= whole.length);
          try {
            assert.equal(
              file.read(name).length,
              shape.reduce((product, size) => product * size, 1),
            );
          } catch (error) {
            assert.match((error as Error).message, /has dtype/);
          }
        }
        file.close();
        outcomes.read++;
      } catch (error) {
        assert.match((error as Error).message, /^[^\n]*fuzz\.safetensors: [^\n]*$/);
        assert.equal((error as Error).constructor, Error);
        outcomes.refused++;
      }
    }
    // A flip within a tensor's name harms nobody here; most others must be noticed.
    assert.ok(outcomes.refused > 750 && outcomes.read > 50, JSON.stringify(outcomes));
  });
});

describe("writeSafetensors", () => {
  it("rounds to the nearest and ties to even in BF16", async () => {
    // bits of the float32 → the 16 bits kept, by hand
    const cases = [
      [0x3f808000, 0x3f80], // 1 + half a step: tie, stays at the even one
      [0x3f818000, 0x3f82], // tie, up to the even one
      [0x3f808001, 0x3f81], // just past the tie
      [0x3f807fff, 0x3f80], // just before it
      [0x7f7fffff, 0x7f80], // the largest float32 becomes ∞
      [0xff7f8000, 0xff80], // a tie that carries into −∞
      [0x7f800000, 0x7f80], // ∞ stays
      [0x7f800001, 0x7fc0], // a NaN whose upper bits are those of ∞ must not become ∞
      [0x00000001, 0x0000], // a tiny number becomes 0
      [0x80000000, 0x8000], // −0
    ];
    const data = new Float32Array(Uint32Array.from(cases, ([bits]) => bits!).buffer);
    const path = join(folder, "bf16.safetensors");
    await writeSafetensors(path, [{ name: "w", shape: [cases.length], data }], { dtype: "BF16" });
    const bytes = readFileSync(path).subarray(-2 * cases.length);
    assert.deepEqual(
      cases.map((_, i) => bytes.readUInt16LE(2 * i)),
      cases.map(([, bits]) => bits),
    );
  });

  it("rounds to the nearest and ties to even in F16, subnormals and overflow included", async () => {
    const cases: [number, number][] = [
      [1 + 2 ** -11, 0x3c00], // tie to even
      [1 + 3 * 2 ** -11, 0x3c02], // tie to even
      [1 + 2 ** -11 + 2 ** -23, 0x3c01],
      [2 - 2 ** -12, 0x4000], // carries into the exponent
      [65_504, 0x7bff],
      [65_519.996, 0x7bff],
      [65_520, 0x7c00], // ∞
      [-Infinity, 0xfc00],
      [2 ** -24, 0x0001], // the smallest
      [2 ** -25, 0x0000], // tie to even: 0
      [2 ** -25 * 1.5, 0x0001],
      [2 ** -14 - 2 ** -25, 0x0400], // tie between the largest subnormal and the smallest normal number
      [-0, 0x8000],
      [NaN, 0x7e00],
    ];
    const path = join(folder, "f16.safetensors");
    await writeSafetensors(path, [{ name: "w", shape: [cases.length], data: Float32Array.from(cases, ([value]) => value) }], {
      dtype: "F16",
    });
    const bytes = readFileSync(path).subarray(-2 * cases.length);
    assert.deepEqual(
      cases.map((_, i) => bytes.readUInt16LE(2 * i)),
      cases.map(([, bits]) => bits),
    );
  });

  it("gives back every 16-bit number bit by bit", async () => {
    for (const dtype of ["F16", "BF16"] as const) {
      const first = fileOf({ w: tensor(0, 131_072, [65_536], dtype) }, 131_072);
      const bytes = readFileSync(first);
      for (let bits = 0; bits < 65_536; bits++) bytes.writeUInt16LE(bits, bytes.length - 131_072 + 2 * bits);
      const file = openSafetensors(fileOfBytes(bytes));
      const again = join(folder, "again.safetensors");
      await writeSafetensors(again, [{ name: "w", shape: [65_536], data: () => file.read("w") }], { dtype });
      file.close();
      const written = readFileSync(again).subarray(-131_072);
      const notANumber = (bits: number) => (bits & 0x7fff) > (dtype === "F16" ? 0x7c00 : 0x7f80);
      for (let bits = 0; bits < 65_536; bits++) {
        const back = written.readUInt16LE(2 * bits);
        assert.ok(notANumber(bits) ? notANumber(back) : back === bits, `${dtype} ${bits.toString(16)} came back as ${back.toString(16)}`);
      }
    }
  });

  it("leaves the old file as it was, and no draft, when a tensor does not fit", async () => {
    const path = join(folder, "kept.safetensors");
    await writeSafetensors(path, [{ name: "w", shape: [1], data: Float32Array.of(3) }], { dtype: "F32" });
    const wrong = { name: "v", shape: [2, 2], data: () => new Float32Array(3) };
    await assert.rejects(
      writeSafetensors(path, [{ name: "w", shape: [1], data: Float32Array.of(4) }, wrong], { dtype: "F32" }),
      /kept\.safetensors: tensor "v" has 3 numbers where shape \[2,2\] needs 4$/,
    );
    const same = { name: "w", shape: [0], data: new Float32Array(0) };
    await assert.rejects(writeSafetensors(path, [same, same], { dtype: "F32" }), /two tensors have the name "w"/);
    const file = openSafetensors(path);
    assert.deepEqual(file.read("w"), Float32Array.of(3));
    file.close();
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });
});
