import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { findOnPath, inspectMachine, isSupportedNode, parseGraphicsCards } from "basewise/compute";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "basewise-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("inspectMachine", () => {
  it("finds this Node, some memory and plain TensorFlow.js of this project", () => {
    const machine = inspectMachine();
    assert.equal(machine.node.version, process.versions.node);
    assert.ok(machine.memoryGiB.total > 0 && machine.memoryGiB.free <= machine.memoryGiB.total);
    assert.equal(machine.engines.find((engine) => engine.name === "cpu")?.available, true);
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
