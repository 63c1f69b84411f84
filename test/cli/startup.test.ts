import { equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
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
});
