import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";

function doctor(...words: string[]): { code: number | null; out: string } {
  const done = spawnSync(process.execPath, [join("lib", "bin", "basewise.js"), "doctor", ...words], { encoding: "utf8" });
  return { code: done.status, out: done.stdout };
}

describe("basewise doctor", () => {
  it("prints one JSON object that gives every missing engine its reason", () => {
    const { code, out } = doctor("--json");
    const machine = JSON.parse(out);
    assert.deepEqual([code, out.trim().split("\n").length], [0, 1]);
    assert.equal(machine.node.version, process.versions.node);
    const names = machine.engines.map((engine: { name: string }) => engine.name);
    assert.deepEqual(names, ["tensorflow-gpu", "tensorflow", "webgpu", "onnx", "onnx-web", "cpu", "onnx-webgpu", "onnx-cuda"]);
    for (const engine of machine.engines) assert.equal(engine.available, engine.reason === null);
  });
  it("says the same in lines", () => {
    const { out } = doctor();
    for (const word of [
      "Node",
      "Memory",
      "Backend webgpu",
      "Backend onnx ",
      "Backend onnx-cuda",
      "Backend cpu",
      "Graphics card",
      "jupyter",
      "sbatch",
    ])
      assert.match(out, new RegExp(`^${word}`, "m"));
  });
});
