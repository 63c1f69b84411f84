import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { promisify } from "node:util";

const room = mkdtempSync(join(tmpdir(), "basewise-train-"));
after(() => rmSync(room, { recursive: true, maxRetries: 5, retryDelay: 200 }));
const data = "test/fixtures/training";
const program = "lib/bin/basewise.js";
const always = ["--base", "test/fixtures/checkpoints/llama", "--backend", "onnx", "--config", "laptop"];
const pairs = ["--method", "bradley-terry", "--data", `${data}/pairs.jsonl`, "--validation", `${data}/held-out.jsonl`, ...always];
const small = ["--set", "batchSize=8", "maxSteps=4", "evaluateEvery=2", "saveEvery=2", "learningRate=1e-3", "keepCheckpoints=9"];

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
const run = async (...words: string[]): Promise<Ended> => {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, "train", ...words], { encoding: "utf8" });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
};
const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("basewise train", () => {
  const whole = join(room, "whole");

  it("trains, saves a model, records the run, and prints a JSON line for each step, evaluation and at the end", async () => {
    const store = join(room, "store.duckdb");
    const { code, out, err } = await run(...pairs, ...small, "--output", whole, "--json", "--store", store, "--show-example");
    assert.equal(code, 0, err);
    assert.deepEqual(
      jsonLines(out).map(({ kind }) => kind),
      ["step", "step", "evaluation", "step", "step", "evaluation", "summary"],
    );
    assert.match(err, /training: 240 rows, 240 kept/);
    assert.match(err, /chosen, as the model gets it \(\d+ tokens\):\n<\|begin_of_text\|>/);
    for (const file of ["model/config.json", "model/model.safetensors", "model/README.md", "model/tokenizer.json", "log.jsonl"]) {
      assert.ok(existsSync(join(whole, file)), file);
    }
    const { openStore, listRuns } = await import("basewise/store");
    const opened = await openStore(store, { readOnly: true });
    const [recorded, ...others] = await listRuns(opened);
    await opened.close();
    assert.deepEqual(others, []);
    assert.deepEqual([recorded!.status, recorded!.method, recorded!.learningRate, recorded!.seed], ["finished", "bradley-terry", 1e-3, 42]);
  });

  it("refuses a folder that holds a training, and goes on with it when asked", async () => {
    const again = [...pairs, ...small, "--output", whole, "--no-store"];
    const refused = await run(...again);
    assert.deepEqual([refused.code, refused.out], [2, ""]);
    assert.match(refused.err, /holds checkpoints, log\.jsonl, model; add --resume/);
    const before = readFileSync(join(whole, "model/model.safetensors"));
    const resumed = await run(...again, "--resume", "--json");
    assert.deepEqual(
      jsonLines(resumed.out).map(({ kind }) => kind),
      ["summary"],
    );
    assert.ok(before.equals(readFileSync(join(whole, "model/model.safetensors"))));
  });

  it("says nothing in the card of where on this machine things are", async () => {
    const output = join(room, "private");
    const own = join(room, "own.jsonl");
    copyFileSync(`${data}/pairs.jsonl`, own);
    const { code, err } = await run(...pairs, ...small, "maxSteps=1", "--data", own, `--output=${output}`, "--no-store");
    assert.equal(code, 0, err);
    const card = readFileSync(join(output, "model/README.md"), "utf8");
    assert.ok(!card.includes(room), card);
    assert.match(card, /- training: `test\/fixtures\/training\/pairs\.jsonl`, `own\.jsonl`: 480 rows/);
    assert.match(card, /--output=private --no-store/);
    assert.ok(!existsSync(join(output, "train.lock")));
  });

  it("refuses to replace its own base, as --resume would", async () => {
    const model = join(whole, "model");
    const before = readFileSync(join(model, "model.safetensors"));
    const { code, err } = await run(...pairs, ...small, "--base", model, "--output", whole, "--no-store", "--resume");
    assert.equal(code, 2);
    assert.match(err, /model: is read by this training, which would replace it; choose another --output\n$/);
    assert.ok(before.equals(readFileSync(join(model, "model.safetensors"))));
  });
  it("refuses a folder in which another process trains", { skip: process.platform === "win32" && "no signals" }, async () => {
    const output = join(room, "two");
    const words = ["train", ...pairs, ...small, "maxSteps=500", "--output", output, "--no-store", "--json"];
    const child = spawn(process.execPath, [program, ...words]);
    const ended = once(child, "exit");
    await once(child.stdout, "data");
    const second = await run(...words.slice(1), "--resume");
    child.kill("SIGKILL");
    await ended;
    assert.deepEqual([second.code, second.out], [2, ""]);
    assert.match(second.err, new RegExp(`another basewise run \\(process ${child.pid}\\) is at work .*train\\.lock`));
  });

  /** A training that is stopped after its first step. */
  const stopAfterFirstStep = async (output: string, stop: (child: ChildProcess) => void): Promise<{ code: number | null; err: string }> => {
    const child: ChildProcess = spawn(process.execPath, [program, "train", ...pairs, ...small, "--output", output, "--no-store", "--json"]);
    const ended = once(child, "close") as Promise<[number | null]>;
    let err = "";
    child.stderr!.on("data", (text) => {
      err += text;
    });
    await once(child.stdout!, "data");
    stop(child);
    return { code: (await ended)[0], err };
  };
  const stops = {
    SIGTERM: (child: ChildProcess) => child.kill("SIGTERM"),
    SIGKILL: (child: ChildProcess) => child.kill("SIGKILL"),
    "the reader's end": (child: ChildProcess) => child.stdout!.destroy(),
  };

  for (const [how, stop] of Object.entries(stops)) {
    it(`ends with the same weights after ${how} and --resume`, { skip: process.platform === "win32" && "no signals" }, async () => {
      const output = join(room, how.replaceAll(/\W/g, "-"));
      const { code, err: said } = await stopAfterFirstStep(output, stop);
      assert.equal(code, how === "SIGKILL" ? null : 130);
      if (how !== "SIGKILL") {
        assert.ok(existsSync(join(output, "checkpoints"))); // the step was finished and saved
        assert.match(said, /stopped after step \d of 4, which is saved in .*; --resume goes on\n$/);
      }
      assert.ok(!existsSync(join(output, "model")));
      const { code: done, err } = await run(...pairs, ...small, "--output", output, "--no-store", "--resume");
      assert.equal(done, 0, err);
      const saved = (folder: string): Buffer => readFileSync(join(folder, "model/model.safetensors"));
      assert.ok(saved(output).equals(saved(whole)));
    });
  }

  it("trains a regression model with a merge vector, and a search says which rate is best", async () => {
    const output = join(room, "regression");
    const words = ["--method", "regression", "--data", `${data}/ratings.jsonl`, "--preferences", `${data}/held-out.jsonl`, ...always];
    const { code, out, err } = await run(
      ...words,
      "--set",
      "batchSize=8",
      "maxSteps=1",
      "--learning-rates",
      "1e-4,1e-3",
      "--output",
      output,
      "--json",
      "--no-store",
    );
    assert.equal(code, 0, err);
    const summary = jsonLines(out).at(-1)!;
    assert.equal((summary["rates"] as unknown[]).length, 2);
    const config = JSON.parse(readFileSync(join(output, "model/config.json"), "utf8")) as {
      basewise: { merge_vector: number[] };
      num_labels: number;
    };
    assert.deepEqual([config.num_labels, config.basewise.merge_vector.length], [5, 5]);
    assert.deepEqual((summary["merge"] as { weights: number[] }).weights, config.basewise.merge_vector);
  });

  it("a dry run prints steps, memory and time and writes nothing", async () => {
    const output = join(room, "dry");
    const { code, out } = await run(...pairs, "--set", "batchSize=16", "--output", output, "--dry-run", "--json");
    const [plan] = jsonLines(out);
    assert.deepEqual([code, plan!["kind"], plan!["steps"], plan!["examples"]], [0, "plan", 15, 240]); // 240 / 16
    assert.ok((plan!["seconds"] as number) > 0);
    assert.ok(!existsSync(output));
  });

  it("explains what is wrong in one line", async () => {
    const output = ["--output", join(room, "wrong")];
    const wrong: [string[], RegExp][] = [
      [[...pairs, "--set", "rate=1"], /--set: there is no field "rate"; known: epochs/],
      [[...pairs, "--config", "mine"], /--config mine: there is no such configuration; known: paperBradleyTerry/],
      [[...pairs, "--learning-rates", "1e-6,fast"], /--learning-rates: "fast" is no rate/],
      [[...pairs, "--data", `${data}/ratings.jsonl`], /ratings\.jsonl, line 1: holds rated answers where preference pairs are needed/],
      [[...pairs, "--data", "nowhere.jsonl"], /nowhere\.jsonl: no such file/],
      [[...pairs, "--base", "./nowhere"], /nowhere: no such folder, and not a name of the hub/],
      [[...pairs, "--limit", "999999"], /--limit 999999: the model takes 256 tokens/],
      [[...pairs, "--beta", "x"], /--beta <number>.*'x' is invalid\. give a number/],
      [[...pairs, "--output", "package.json"], /--output package\.json: a file has that name; choose another folder/],
      [[...pairs, "--limit", "5"], /training data \(.*pairs\.jsonl\): nothing is left of 240 rows, 0 kept; left out: 240 too long/],
    ];
    for (const [words, message] of wrong) {
      const { code, out, err } = await run(...output, ...words, "--no-store");
      assert.deepEqual([code, out], [2, ""], words.join(" "));
      assert.match(err, message);
      assert.ok(!existsSync(output[1]!));
    }
  });
});
