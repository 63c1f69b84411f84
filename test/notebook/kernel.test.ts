import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { writeKernelspec } from "../../lib/src/notebook/kernel/kernelspec.ts";
import { type Answer, executeInKernel } from "./jupyter-client.ts";
import { Project } from "./project.ts";

const require = createRequire(import.meta.url);
const project = new Project("kernel");
const ours = [process.execPath, fileURLToPath(new URL("../../lib/dist/notebook/kernel/launch.js", import.meta.url))];
const stock = [process.execPath, require.resolve("tslab/bin/tslab"), "kernel", "--config-path"];

const cells = ["console.log('first'); 1", "throw new RangeError('too far');", "console.log('never');"];

function types({ published }: Answer): string[] {
  return published.map(({ type }) => type).filter((type) => type !== "status");
}

describe("the Jupyter kernel", () => {
  it("says what it executes and what went wrong, and aborts what was queued", async () => {
    const [first, failed, never] = await executeInKernel(ours, project.path("connection.json"), cells);
    deepEqual(types(first!), ["execute_input", "stream", "stream"]);
    deepEqual(first!.published.find(({ type }) => type === "execute_input")!.content, { code: cells[0], execution_count: 1 });
    equal(first!.reply["status"], "ok");
    deepEqual(types(failed!), ["execute_input", "error"]);
    const error = failed!.published.find(({ type }) => type === "error")!.content;
    deepEqual([error["ename"], error["evalue"]], ["RangeError", "too far"]);
    deepEqual([failed!.reply["status"], failed!.reply["ename"], failed!.reply["execution_count"]], ["error", "RangeError", 2]);
    deepEqual(types(never!), []);
    equal(never!.reply["status"], "aborted");
  });

  it("goes on after an error when the front end asks for that, as nbconvert --allow-errors does", async () => {
    const [, failed, after] = await executeInKernel(ours, project.path("connection.json"), cells, { stopOnError: false });
    equal(failed!.reply["status"], "error");
    deepEqual(types(after!), ["execute_input", "stream"]);
    deepEqual([after!.reply["status"], after!.reply["execution_count"]], ["ok", 3]);
  });

  it("does with this what tslab as published does not", async () => {
    const [first, failed, never] = await executeInKernel(stock, project.path("connection.json"), cells);
    ok(!types(first!).includes("execute_input"));
    ok(!types(failed!).includes("error"));
    equal(failed!.reply["ename"], undefined);
    equal(never!.reply["status"], "abort"); // not a word of the protocol
  });

  it("is described in the project only, with paths that start it from any folder", () => {
    const folder = writeKernelspec(project.root);
    equal(folder, project.path(".jupyter"));
    const kernel = JSON.parse(project.read(".jupyter/kernels/tslab/kernel.json"));
    equal(kernel.argv[0], process.execPath);
    match(kernel.argv[1], /notebook[\\/]kernel[\\/]launch\.js$/);
    equal(kernel.argv[2], "{connection_file}");
  });
});
