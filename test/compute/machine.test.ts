import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { findOnPath, inspectMachine, isSupportedNode, parseGraphicsCards, tensorFlowEngines } from "basewise/compute";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "basewise-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function install(main: string, hasLibrary: boolean): void {
  const folder = join(root, "node_modules", "@tensorflow", "tfjs-node-gpu");
  mkdirSync(hasLibrary ? join(folder, "lib") : folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "@tensorflow/tfjs-node-gpu", version: "4.22.0", main: "main.js" }));
  writeFileSync(join(folder, "main.js"), main);
}
const native = () => tensorFlowEngines(root).find((engine) => engine.package.endsWith("gpu"))!;

describe("tensorFlowEngines", () => {
  it("says that a package is not installed", () => {
    assert.equal(native().available, false);
    assert.match(native().reason!, /^not installed/);
  });
  it("tells a package without its native library from a working one", () => {
    install("module.exports = {};", false);
    assert.match(native().reason!, /without its native library/);
    assert.equal(native().version, "4.22.0");
  });
  it("survives a library that ends the process that loads it", () => {
    install("process.abort();", true);
    assert.match(native().reason!, /^does not load: /);
  });
  it("gives a package that throws its first line as the reason", () => {
    install("throw new Error('libcudart.so.11: cannot open\\nmore');", true);
    assert.equal(native().reason, "does not load: libcudart.so.11: cannot open");
  });
  it("gives util back what Node 23 dropped before it loads the package", () => {
    install("if (!require('util').isNullOrUndefined(null) || !require('util').isArray([])) throw new Error('no helpers');", true);
    assert.deepEqual({ available: native().available, reason: native().reason }, { available: true, reason: null });
  });
});

describe("inspectMachine", () => {
  it("finds this Node, some memory and plain TensorFlow.js of this project, in under two seconds", () => {
    const start = performance.now();
    const machine = inspectMachine();
    assert.ok(performance.now() - start < 2000);
    assert.equal(machine.node.version, process.versions.node);
    assert.ok(machine.memoryGiB.total > 0 && machine.memoryGiB.free <= machine.memoryGiB.total);
    assert.equal(machine.engines.find((engine) => engine.package === "@tensorflow/tfjs-node")?.available, true);
    assert.equal(machine.graphicsCards.length > 0, machine.noGraphicsCard === null);
  });
});

describe("findOnPath", () => {
  it("takes the first executable file, and nothing else", { skip: process.platform === "win32" }, () => {
    for (const name of ["a", "b"]) mkdirSync(join(root, name));
    mkdirSync(join(root, "a", "tool")); // a folder is not a program
    writeFileSync(join(root, "a", "plain"), "", { mode: 0o644 });
    writeFileSync(join(root, "b", "tool"), "", { mode: 0o755 });
    const path = [join(root, "a"), join(root, "b")].join(delimiter);
    assert.equal(findOnPath("tool", path), join(root, "b", "tool"));
    assert.equal(findOnPath("plain", path), null);
  });
});

describe("isSupportedNode", () => {
  it("asks for versions that load ES modules from require", () => {
    const versions = ["18.20.0", "20.18.9", "20.19.0", "22.11.0", "22.12.0", "23.0.0", "24.0.0", "26.1.0"];
    assert.deepEqual(versions.filter(isSupportedNode), ["20.19.0", "22.12.0", "24.0.0", "26.1.0"]);
  });
});

describe("parseGraphicsCards", () => {
  it("reads one card a line and drops what is not one", () => {
    assert.deepEqual(parseGraphicsCards("NVIDIA H100 PCIe, 81559, 535.104.05\r\nNo devices\n"), [
      { name: "NVIDIA H100 PCIe", memoryMiB: 81559, driver: "535.104.05" },
    ]);
  });
});
