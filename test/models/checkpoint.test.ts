import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, describe, it } from "node:test";
import { type CheckpointToSave, isBuffer, openCheckpoint, openSafetensors, saveCheckpoint } from "basewise/models";

const fixtures = "test/fixtures/checkpoints";
const room = mkdtempSync(join(tmpdir(), "basewise-checkpoint-"));
after(() => rmSync(room, { recursive: true }));
let folders = 0;

/** A copy of the sharded fixture, with its index changed. */
function gemma2(change: (map: Record<string, string>, folder: string) => void = () => {}): string {
  const folder = join(room, `copy-${folders++}`);
  cpSync(join(fixtures, "gemma2"), folder, { recursive: true });
  const path = join(folder, "model.safetensors.index.json");
  const index = JSON.parse(readFileSync(path, "utf8"));
  change(index.weight_map, folder);
  writeFileSync(path, JSON.stringify(index));
  return folder;
}

const norm = "model.norm.weight";

describe("openCheckpoint", () => {
  it("finds every tensor of one file and of shards, and checks the shape that is asked for", () => {
    for (const [name, count] of [
      ["llama", 30],
      ["gemma2", 46],
    ] as const) {
      const checkpoint = openCheckpoint(join(fixtures, name));
      assert.equal(checkpoint.names.length, count);
      const [hidden, vocabulary] = [checkpoint.config["hidden_size"] as number, checkpoint.config["vocab_size"] as number];
      assert.deepEqual(checkpoint.shape("model.embed_tokens.weight"), [vocabulary, hidden]);
      assert.equal(checkpoint.read("model.embed_tokens.weight", [vocabulary, hidden]).length, vocabulary * hidden);
      const all = checkpoint.read("model.embed_tokens.weight");
      assert.deepEqual(checkpoint.readRows("model.embed_tokens.weight", 3, 5), all.subarray(3 * hidden, 5 * hidden));
      assert.throws(
        () => checkpoint.read(norm, [hidden + 1]),
        new RegExp(
          `${name}.model.*safetensors: tensor "model.norm.weight" has shape \\[${hidden}\\] where config.json needs \\[${hidden + 1}\\]`,
        ),
      );
      assert.ok(!checkpoint.has("nowhere"));
      assert.throws(() => checkpoint.read("nowhere"), /tensor "nowhere" is missing/);
      checkpoint.close();
    }
  });

  it("follows links, as the hub's cache has them", () => {
    const folder = gemma2();
    const blobs = join(room, "blobs");
    mkdirSync(blobs);
    for (const name of readdirSync(folder)) {
      renameSync(join(folder, name), join(blobs, name));
      symlinkSync(join(blobs, name), join(folder, name));
    }
    const checkpoint = openCheckpoint(folder);
    assert.ok(checkpoint.read(norm).every(Number.isFinite));
    checkpoint.close();
  });

  const hostile = [
    "../model.safetensors",
    "/etc/model.safetensors",
    "a/../../b.safetensors",
    "C:\\b.safetensors",
    "..\\b.safetensors",
    "\\\\host\\b.safetensors",
    "./b.safetensors",
    "a//b.safetensors",
    "",
  ];
  for (const name of hostile) {
    it(`does not leave the folder for "${name}"`, () => {
      const folder = gemma2((map) => (map[norm] = name));
      assert.throws(() => openCheckpoint(folder), /index\.json: tensor "model\.norm\.weight": ".*" leads out of the folder/);
    });
  }

  it("names the shard that is absent, the tensor that its shard lacks, and an index that is none", () => {
    const [first, second] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    const absent = gemma2((_, folder) => rmSync(join(folder, second)));
    assert.throws(() => openCheckpoint(absent), /index\.json: tensor ".*": "model-00002-of-00002\.safetensors" is not in the folder/);
    const misplaced = gemma2((map) => (map[norm] = map[norm] === first ? second : first));
    assert.throws(() => openCheckpoint(misplaced), /model-0000\d-of-00002\.safetensors: tensor "model\.norm\.weight" is missing/);
    const number = gemma2((map) => (map[norm] = 3 as never));
    assert.throws(() => openCheckpoint(number), /"model\.norm\.weight": "3" is not a file name/);
    const folder = gemma2();
    const index = join(folder, "model.safetensors.index.json");
    for (const [text, message] of [
      ["{", /index\.json: is not JSON/],
      ["[]", /index\.json: is not a JSON object/],
      ["{}", /index\.json: has no weight_map/],
      ['{"weight_map":{"a":"x.safetensors","a":"y.safetensors"}}', /index\.json: has "a" twice/],
    ] as const) {
      writeFileSync(index, text);
      assert.throws(() => openCheckpoint(folder), message);
    }
  });

  it("names a damaged shard", () => {
    const folder = gemma2((_, place) => writeFileSync(join(place, "model-00002-of-00002.safetensors"), "nonsense, nonsense"));
    assert.throws(() => openCheckpoint(folder), /model-00002-of-00002\.safetensors: the header should have \d+ bytes/);
  });

  it("refuses pickles and says how to convert them", () => {
    const folder = join(room, "pickle");
    mkdirSync(folder);
    writeFileSync(join(folder, "config.json"), "{}");
    assert.throws(() => openCheckpoint(folder), /pickle: has neither model\.safetensors nor model\.safetensors\.index\.json/);
    writeFileSync(join(folder, "pytorch_model.bin"), "");
    assert.throws(
      () => openCheckpoint(folder),
      /has only pytorch_model\.bin, a pickle.*python3 -c '.*save_pretrained\(".*pickle-safetensors"\)'/,
    );
    const mixed = gemma2((map) => (map[norm] = "pytorch_model-00001-of-00002.bin"));
    assert.throws(
      () => openCheckpoint(mixed),
      /"pytorch_model-00001-of-00002\.bin" is no safetensors file; if you trust it, convert it: python3/,
    );
    assert.throws(() => openCheckpoint(join(room, "nowhere")), /nowhere.config\.json: no such file/);
  });
});

describe("isBuffer", () => {
  it("knows buffers from weights of nearly the same name", () => {
    assert.ok(
      ["model.layers.0.self_attn.rotary_emb.inv_freq", "transformer.h.1.attn.bias", "transformer.h.1.attn.masked_bias"].every(isBuffer),
    );
    assert.ok(!["transformer.h.1.attn.c_attn.bias", "model.layers.0.self_attn.q_proj.bias", norm].some(isBuffer));
  });
});

/** Everything of a checkpoint, to be saved elsewhere. */
function contentOf(folder: string): CheckpointToSave & { close(): void } {
  const { config, names, shape, read, close } = openCheckpoint(folder);
  return { config, tensors: names.map((name) => ({ name, shape: shape(name), data: () => read(name) })), tokenizerFrom: folder, close };
}

describe("saveCheckpoint", () => {
  it("gives back every number, in one file and in shards, with the tokenizer", async () => {
    for (const [name, shardBytes, files] of [
      ["llama", 5e9, 1],
      ["gemma2", 100_000, 6],
      ["phi3", 1, 21],
    ] as const) {
      const folder = join(room, `saved-${name}`);
      const content = contentOf(join(fixtures, name));
      await saveCheckpoint(folder, { ...content, dtype: "F32", shardBytes });
      content.close();
      const [before, now] = [openCheckpoint(join(fixtures, name)), openCheckpoint(folder)];
      assert.deepEqual([...now.names].sort(), [...before.names].sort());
      for (const tensor of now.names) assert.deepEqual(now.read(tensor, before.shape(tensor)), before.read(tensor));
      const shards = readdirSync(folder).filter((file) => file.endsWith(".safetensors"));
      assert.equal(shards.length, files);
      assert.ok(existsSync(join(folder, "tokenizer.json")) && !existsSync(`${folder}.tmp`));
      if (files > 1) {
        const index = JSON.parse(readFileSync(join(folder, "model.safetensors.index.json"), "utf8"));
        const bytes = now.names.reduce((sum, tensor) => sum + 4 * now.shape(tensor).reduce((a, b) => a * b, 1), 0);
        assert.equal(index.metadata.total_size, bytes);
        assert.match(shards.at(-1)!, new RegExp(`^model-0*${files}-of-0*${files}\\.safetensors$`));
        const sizes = shards.map((shard) => {
          const file = openSafetensors(join(folder, shard));
          const tensors = [...file.tensors.values()].map(({ begin, end }) => end - begin);
          file.close();
          return tensors;
        });
        assert.ok(sizes.every((tensors) => tensors.length === 1 || tensors.reduce((a, b) => a + b) <= shardBytes));
      }
      before.close();
      now.close();
    }
  });

  it("keeps floats of config.json floats, which transformers 5 insists on, and says the type", async () => {
    const folder = join(room, "floats");
    const config = {
      torch_dtype: "bfloat16",
      rope_theta: 10_000,
      layers: 2,
      rope_scaling: { factor: 8, rope_type: "x" },
      note: '"factor": 8',
    };
    await saveCheckpoint(folder, { config, tensors: [{ name: "w", shape: [1], data: Float32Array.of(1) }], dtype: "F16" });
    const text = readFileSync(join(folder, "config.json"), "utf8");
    assert.match(text, /"rope_theta": 10000\.0,/);
    assert.match(text, /"factor": 8\.0,/);
    assert.match(text, /"layers": 2,/);
    const { torch_dtype: _, ...rest } = config;
    assert.deepEqual(JSON.parse(text), { ...rest, dtype: "float16" });
  });

  it("does not touch what is there, unless it is a model and to be replaced", async () => {
    const weight = (value: number): CheckpointToSave => ({
      config: {},
      tensors: [{ name: "w", shape: [1], data: Float32Array.of(value) }],
    });
    const read = (folder: string): number => {
      const checkpoint = openCheckpoint(folder);
      const [value] = checkpoint.read("w");
      checkpoint.close();
      return value!;
    };
    const folder = join(room, "place");
    mkdirSync(folder); // an empty folder is free
    await saveCheckpoint(folder, weight(1));
    await assert.rejects(saveCheckpoint(folder, weight(2)), /place: the folder is not empty; give a new one$/);
    assert.equal(read(folder), 1);
    await saveCheckpoint(folder, { ...weight(3), replace: true });
    assert.equal(read(folder), 3);
    const wrong = { name: "v", shape: [2], data: new Float32Array(3) };
    await assert.rejects(
      saveCheckpoint(folder, { config: {}, tensors: [wrong], replace: true }),
      /place: tensor "v" has 3 numbers where shape \[2\] needs 2/,
    );
    await assert.rejects(
      saveCheckpoint(folder, { config: {}, tensors: [wrong, wrong], replace: true }),
      /place: two tensors have the name "v"/,
    );
    assert.equal(read(folder), 3);
    const other = join(room, "other");
    mkdirSync(other);
    writeFileSync(join(other, "thesis.txt"), "years of work");
    await assert.rejects(saveCheckpoint(other, { ...weight(1), replace: true }), /it holds no model to replace/);
    // Killed between the two renames: the model that was moved aside comes back.
    renameSync(folder, `${folder}.old.tmp`);
    await assert.rejects(saveCheckpoint(folder, weight(4)), /not empty/);
    assert.equal(read(folder), 3);
    assert.deepEqual(
      readdirSync(room).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  it("leaves the old model whole when it is killed, and cleans up the next time", async () => {
    const folder = join(room, "killed");
    const content = contentOf(join(fixtures, "llama"));
    await saveCheckpoint(folder, content);
    const program = `
      import { saveCheckpoint } from "basewise/models";
      const late = () => new Promise(() => setInterval(() => {}, 1000) && console.log("writing"));
      const tensors = [{ name: "a", shape: [1000], data: new Float32Array(1000) }, { name: "b", shape: [1], data: late }];
      await saveCheckpoint(${JSON.stringify(folder)}, { config: {}, tensors, replace: true });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      cwd: resolve("lib"),
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    assert.ok(existsSync(`${folder}.tmp`));
    child.kill("SIGKILL");
    await once(child, "exit");
    const checkpoint = openCheckpoint(folder);
    assert.equal(checkpoint.names.length, 30);
    checkpoint.close();
    await saveCheckpoint(folder, { ...content, replace: true });
    content.close();
    assert.ok(!existsSync(`${folder}.tmp`) && !existsSync(`${folder}.old.tmp`));
  });
});
