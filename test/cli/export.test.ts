import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

const llama = join("test", "fixtures", "checkpoints", "llama");
let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

function exported(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join("lib", "bin", "basewise.js"), "export", ...words], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("basewise export", () => {
  it("writes the file and says what it reads and gives", () => {
    const path = join(folder, "llama.onnx");
    const plain = exported(llama, "--output", path, "--length", "24", "--batch", "3");
    deepEqual([plain.status, plain.stderr, plain.stdout], [0, "", `${path}: ids int32 [3, 24] → logprobs float32 [3, 23]\n`]);
    ok(statSync(path).size > 100_000);
    match(exported(llama, "--output", path).stderr, /llama\.onnx: is there already; choose another name or add --force\n$/);
    const json = exported(llama, "--output", path, "--task", "logprobs", "--json", "--force");
    deepEqual(JSON.parse(json.stdout), {
      task: "logprobs",
      files: [path],
      inputs: { ids: { dtype: "int32", shape: [1, 256] } }, // its context, for it is shorter than 512
      outputs: { logprobs: { dtype: "float32", shape: [1, 255] } },
    });
  });
  it("refuses, in one line, what cannot be", () => {
    const path = join(folder, "no.onnx");
    const fails = (words: string[], message: RegExp): void => {
      const { status, stderr, stdout } = exported(...words);
      deepEqual([status, stdout], [2, ""]);
      match(stderr, message);
      equal(stderr.trim().split("\n").length, 1, stderr);
    };
    fails([llama, "--output", join(folder, "no.bin")], /--output .*no\.bin: the name must end in \.onnx/);
    fails([llama, "--output", path, "--task", "rewards"], /no score\.weight, so it is no reward model/);
    fails([llama, "--output", path, "--task", "poems"], /--task.*logprobs, rewards/);
    fails([llama, "--output", path, "--length", "1"], /length is 1; the model takes 2 to 256 tokens/);
    fails([join(folder, "nothing"), "--output", path], /no such folder/);
    fails([llama], /--output/);
  });
});
