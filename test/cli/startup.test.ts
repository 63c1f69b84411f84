import { deepEqual, equal, match } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

describe("the program", () => {
  it("loads no tensors for its help: that would cost every command half a second", () => {
    const script = `
      const { run } = await import("./lib/dist/cli/main.js");
      process.exitCode = await run(["--help"]);
      console.error(Object.keys((await import("node:module")).createRequire(import.meta.url).cache).filter((file) => /tensorflow/.test(file)).length);`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
    equal(status, 0, stderr);
    equal(stderr.trim(), "0");
  });

  it("ends quietly when nobody reads its lines any more, as `head` does", async () => {
    const room = mkdtempSync(join(tmpdir(), "basewise-head-"));
    const documents = join(room, "documents.jsonl");
    writeFileSync(documents, `${JSON.stringify({ text: "The cat sat on the mat." })}\n`.repeat(5000));
    const words = ["logprobs", "test/fixtures/checkpoints/llama", "--documents", documents, "--json"];
    const child = spawn(process.execPath, [join("lib", "bin", "basewise.js"), ...words]);
    const closed = once(child, "close");
    let err = "";
    child.stderr.on("data", (text) => {
      err += text;
    });
    const [first] = await once(child.stdout, "data");
    child.stdout.destroy();
    deepEqual(await closed, [0, null], err);
    rmSync(room, { recursive: true, maxRetries: 5, retryDelay: 200 });
    match(String(first), /^\{"id":/);
    match(err, /^basewise: .*\n$/); // what computes, and no more
  });
});
