import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type BackendName, inspectEngine, listBackends, tf, useBackend } from "basewise/compute";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "basewise-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A package that stands for an engine: `main` is its code. */
function install(name: string, main: string, type: "commonjs" | "module" = "commonjs"): void {
  const folder = join(root, "node_modules", ...name.split("/"));
  mkdirSync(join(folder, "lib"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, version: "9.8.7", main: "index.js", type }));
  writeFileSync(join(folder, "index.js"), main);
}
const gpu = "@tensorflow/tfjs-node-gpu";
const reasonOf = (name: BackendName) => inspectEngine(name, root).reason;

describe("inspectEngine", () => {
  it("says that a package is not installed", () => {
    for (const name of ["tensorflow-gpu", "tensorflow", "webgpu"] as const) assert.match(reasonOf(name)!, /^not installed/);
  });
  it("tells a package without its native library from a working one", () => {
    install("tfjs-node-cpu", "module.exports = {};");
    assert.deepEqual(
      { ...inspectEngine("tensorflow", root), folder: "" },
      {
        ...{ name: "tensorflow", title: "TensorFlow.js, native", package: "tfjs-node-cpu", folder: "", version: "9.8.7" },
        ...{ device: "processor", software: false, whenAsked: false, available: true, reason: null },
      },
    );
    rmSync(join(root, "node_modules", "tfjs-node-cpu", "lib"), { recursive: true });
    assert.match(reasonOf("tensorflow")!, /without its native library/);
  });
  it("finds ONNX Runtime's packages, tells for which platform a binary is missing, and whether its numbers are right", () => {
    for (const name of ["onnx", "onnx-web", "onnx-webgpu", "onnx-cuda"] as const) assert.match(reasonOf(name)!, /^not installed/);
    install("onnxruntime-node", "");
    assert.match(reasonOf("onnx")!, new RegExp(`^has no binary for ${process.platform} on ${process.arch}; onnx-web is used instead$`));
    mkdirSync(join(root, "node_modules", "onnxruntime-node", "bin", "napi-v6", process.platform, process.arch), { recursive: true });
    const runtime = (numbers: string) =>
      `exports.Tensor = class {}; exports.InferenceSession = { create: async () => ({ run: async () => ({ twice: { data: ${numbers} } }) }) };`;
    install("onnxruntime-node", runtime("[3, -4]"));
    const { available, device, version } = inspectEngine("onnx", root);
    assert.deepEqual([available, version, device], [true, "9.8.7", "processor, a thread for each core"]);
    assert.match(
      reasonOf("onnx-cuda")!,
      /^(its libraries are not installed \(environment\.md says how\)|ONNX Runtime has it for Linux on x64 only)$/,
    );
    install("onnxruntime-node", runtime("[3, 4]"));
    assert.equal(reasonOf("onnx"), "computes wrong numbers: 2 · (1.5, -2) = 3,4");
    install("onnxruntime-node", "throw new Error('libstdc++.so.6: cannot open\\nmore');");
    assert.equal(reasonOf("onnx-webgpu"), "libstdc++.so.6: cannot open");
    install("onnxruntime-node", "process.abort();");
    assert.match(reasonOf("onnx-webgpu")!, /^does not load: /);
  });
  it("survives a library that ends the process that loads it", () => {
    install(gpu, "process.abort();");
    assert.match(reasonOf("tensorflow-gpu")!, /^does not load: /);
  });
  it("gives a package that throws its first line as the reason, whatever was logged before", () => {
    install(gpu, "console.error('a log line'); console.log('another'); throw new Error('libcudart.so.11: cannot open\\nmore');");
    assert.equal(reasonOf("tensorflow-gpu"), "does not load: libcudart.so.11: cannot open");
  });
  it("asks the native library whether it computes on a GPU", () => {
    install(gpu, "exports.backend = () => ({ isUsingGpuDevice: false });");
    assert.equal(reasonOf("tensorflow-gpu"), "loads, but finds no GPU");
    install(gpu, "exports.backend = () => ({ isUsingGpuDevice: true });");
    assert.equal(reasonOf("tensorflow-gpu"), null);
  });
  it("gives util back what Node 23 dropped before it loads a native library", () => {
    const old = "if (!require('util').isNullOrUndefined(null) || !require('util').isArray([])) throw new Error('no helpers');";
    install("tfjs-node-cpu", old);
    assert.equal(reasonOf("tensorflow"), null);
  });
  it("knows a graphics driver in software, and the absence of any with what Dawn says of it", () => {
    const adapter = (info: object | null) =>
      `console.warn("Warning: no loader\\n   at x"); export const create = () => ({ requestAdapter: async () => (${info ? `{ info: ${JSON.stringify(info)} }` : "null"}) });`;
    install("webgpu", adapter(null), "module");
    assert.equal(reasonOf("webgpu"), "no graphics device that Dawn accepts (no loader)");
    install("webgpu", adapter({ description: "Card 1", architecture: "turing", isFallbackAdapter: false }), "module");
    assert.deepEqual([inspectEngine("webgpu", root).device, inspectEngine("webgpu", root).software], ["Card 1", false]);
    install("webgpu", adapter({ device: "SwiftShader", architecture: "swiftshader" }), "module");
    assert.deepEqual([inspectEngine("webgpu", root).device, inspectEngine("webgpu", root).software], ["SwiftShader", true]);
  });
});

describe("useBackend", () => {
  it("takes plain TensorFlow.js where nothing else is, and it computes", async () => {
    install("@tensorflow/tfjs", "");
    const { name, reason } = await useBackend(undefined, root);
    assert.deepEqual([name, tf.getBackend()], ["cpu", "cpu"]);
    assert.match(reason, /nothing faster/);
    assert.deepEqual([...tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync()], [11]);
  });
  it("passes over a graphics driver in software, and over a native library that says it loads and then does not", async () => {
    install("@tensorflow/tfjs", "");
    install(
      "webgpu",
      'export const create = () => ({ requestAdapter: async () => ({ info: { architecture: "swiftshader" } }) });',
      "module",
    );
    install("tfjs-node-cpu", `if (!process.execArgv.includes("--eval")) throw new Error("not in this process");`);
    assert.equal((await listBackends(root)).find(({ name }) => name === "tensorflow")!.available, true);
    assert.equal((await useBackend(undefined, root)).name, "cpu");
    await assert.rejects(useBackend("tensorflow", root), /^Error: backend tensorflow is not available: not in this process/);
  });
  it("names the backends there are for one that there is not, and the reason for one that is not here", async () => {
    await assert.rejects(useBackend("cuda", root), { message: 'unknown backend "cuda"; known: tensorflow-gpu, tensorflow, webgpu, cpu' });
    await assert.rejects(useBackend("tensorflow-gpu", root), /^Error: backend tensorflow-gpu is not available: not installed [^\n]*$/);
  });
  it("lets the plain backend compute without a word on standard error", () => {
    const script = 'import { tf, useBackend } from "basewise/compute"; await useBackend("cpu"); tf.scalar(1).add(1).dataSync();';
    const done = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
    assert.deepEqual([done.status, done.stdout, done.stderr], [0, "", ""]);
  });
});
