import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { openCheckpoint, openSafetensors } from "basewise/models";
import { type Random, seededRandom } from "basewise/statistics";
import { type PairExample, type Task, type TrainConfig, type TrainOptions, type TrainResult, train } from "basewise/training";
import { evenPairs, evenRatings, newFolder, tiny, tinyModel, withTensor } from "./runs.ts";

const model = await tinyModel(newFolder());
const config: TrainConfig = {
  ...tiny,
  epochs: 6,
  microTokens: 96,
  saveEvery: 2,
  evaluateEvery: 5,
  keepCheckpoints: 1,
  schedule: "cosine",
  warmupSteps: 3,
};

type Run = Omit<TrainOptions, "output" | "resume">;
const tasks: Record<"bradley-terry" | "regression", () => Run> = {
  "bradley-terry": () => {
    const random = seededRandom(1);
    const task: Task = { kind: "bradley-terry", centering: 0.01 };
    return { model, task, config, data: { train: evenPairs(80, random), validation: evenPairs(20, random) }, backend: "onnx", threads: 1 };
  },
  regression: () => {
    const random = seededRandom(2);
    const task: Task = { kind: "regression", attributes: ["even", "odd"] };
    return {
      model,
      task,
      config,
      data: { train: evenRatings(80, random), validation: evenRatings(20, random) },
      backend: "cpu",
      threads: 1,
    };
  },
};

/** Everything that a run leaves behind, but for the time that it took. */
function remains(output: string): Record<string, unknown> {
  const folder = join(output, "checkpoints");
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".safetensors"));
  const lines = readFileSync(join(output, "log.jsonl"), "utf8").trimEnd().split("\n");
  const timeless = lines.map((line) => {
    const { seconds, tokensPerSecond, ...rest } = JSON.parse(line) as Record<string, unknown>;
    assert.ok(Number(seconds) >= 0);
    return rest;
  });
  return {
    lines: timeless,
    ...Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(folder, name)).toString("base64")])),
  };
}

const child = join(import.meta.dirname, "train-child.js");

/** Let a process train and kill it, after some steps (the first and the last of them counted) and a moment. @returns whether it came to the end */
function trainAndKill(options: object, random: Random | null): Promise<boolean> {
  const steps = random === null || random() < 0.2 ? 0 : 1 + Math.floor(6 * random());
  const moment = steps === 0 ? 1500 : 12;
  return new Promise((resolve, reject) => {
    const process = spawn(globalThis.process.execPath, [child, JSON.stringify(options)], { stdio: ["ignore", "pipe", "pipe"] });
    const killSoon = (): void => void setTimeout(() => process.kill("SIGKILL"), moment * (random?.() ?? 0));
    let [seen, errors] = [0, ""];
    if (random !== null && steps === 0) killSoon();
    createInterface(process.stdout).on("line", () => {
      seen++;
      if (random !== null && seen === steps) killSoon();
    });
    process.stderr.on("data", (text) => {
      errors += text;
    });
    process.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve(false);
      else if (code === 0) resolve(true);
      else reject(new Error(errors));
    });
  });
}

describe("a run that is killed", () => {
  for (const [name, options] of Object.entries(tasks)) {
    it(`${name}: after eleven kills at random moments it ends with the bytes of an unbroken run`, async () => {
      const unbroken = newFolder();
      const result = await train({ ...options(), output: unbroken });
      assert.equal(result.steps, 60);

      const seed = Date.now() % 100_000;
      const random = seededRandom(seed);
      let [output, kills] = [newFolder(), 0];
      while (kills < 11) {
        if (!(await trainAndKill({ ...options(), output, resume: true }, random))) kills++;
        else {
          assert.deepEqual(remains(output), remains(unbroken), `kill seed ${seed}`); // too fast to be killed so often: another run
          output = newFolder();
        }
      }
      assert.ok(await trainAndKill({ ...options(), output, resume: true }, null));
      assert.deepEqual(remains(output), remains(unbroken), `kill seed ${seed}`);
    });
  }
});

/** Train until a step is done, then stop by the signal. */
async function trainUpTo(step: number, options: TrainOptions): Promise<TrainResult> {
  const controller = new AbortController();
  return train({ ...options, signal: controller.signal, onStep: (line) => line.step === step && controller.abort() });
}

/** All files of a folder. */
function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name)).toString("base64")]),
  );
}

describe("a run that is stopped", () => {
  const options = tasks["bradley-terry"]();

  it("by the signal: the step is finished and saved, and a resume ends as an unbroken run does", async () => {
    const [unbroken, output] = [newFolder(), newFolder()];
    await train({ ...options, output: unbroken });
    const first = await trainUpTo(7, { ...options, output });
    assert.deepEqual([first.steps, first.totalSteps, first.stopped], [7, 60, true]);
    assert.match(first.checkpoints.last, /step-000007$/);
    const second = await train({ ...options, output, resume: true });
    assert.deepEqual([second.steps, second.stopped], [60, false]);
    assert.deepEqual(remains(output), remains(unbroken));
    const again = await train({ ...options, output, resume: true }); // nothing is left to do
    assert.deepEqual([again.steps, again.best], [60, second.best]);
    assert.deepEqual(remains(output), remains(unbroken));
  });

  it("by SIGTERM: the program has time to save", async () => {
    const output = newFolder();
    const process = spawn(globalThis.process.execPath, [child, JSON.stringify({ ...options, output })]);
    const lines: string[] = [];
    createInterface(process.stdout).on("line", (line) => {
      lines.push(line);
      if (line === "step 3") process.kill("SIGTERM");
    });
    await new Promise((resolve) => process.on("close", resolve));
    const { steps, stopped } = JSON.parse(lines.at(-1)!.slice("done ".length)) as { steps: number; stopped: boolean };
    assert.ok(stopped && steps >= 3 && steps < 60, lines.at(-1));
    assert.ok(filesOf(output)[join(output, "checkpoints", `step-${String(steps).padStart(6, "0")}`, "state.json")]);
  });

  it("is not gone on with when config, task, data or base are others, and the fields are named", async () => {
    const output = newFolder();
    await trainUpTo(4, { ...options, output });
    const before = filesOf(output);
    const { train: pairs, validation } = options.data;
    const others: [Partial<TrainOptions>, RegExp][] = [
      [{ config: { ...config, learningRate: 0.5 } }, /config\.learningRate is 0\.5, was 0\.001;/],
      [
        { config: { ...config, adam: { ...config.adam, beta2: 0.5 }, seed: 1 } },
        /config\.adam\.beta2 is 0\.5, was 0\.999; config\.seed is 1/,
      ],
      [{ task: { kind: "bradley-terry", centering: 0.02 } }, /task\.centering is 0\.02, was 0\.01/],
      [{ data: { train: pairs.slice(1), validation } }, /train\.examples is 79, was 80; train\.sha256/],
      [{ data: { train: pairs.toReversed(), validation } }, /train\.sha256 is /],
      [{ data: { train: pairs, validation: [] } }, /validation\.examples is 0, was 20/],
      [{ model: await tinyModel(newFolder(), { hiddenSize: 8 }) }, /base is /],
    ];
    for (const [other, message] of others) await assert.rejects(train({ ...options, output, resume: true, ...other }), message);
    await assert.rejects(train({ ...options, output }), /holds a training run .*resume it, or choose another folder/);
    assert.deepEqual(filesOf(output), before);
  });
});

describe("a run that fails", () => {
  const options = tasks["bradley-terry"]();

  it("by a number that is none: step and examples are named, and the last checkpoint is whole", async () => {
    const base = openCheckpoint(model);
    const name = "model.embed_tokens.weight";
    const embedding = base.read(name);
    embedding[31 * base.shape(name)[1]!] = Number.NaN; // token 31, which one pair of the fifth step has
    const without31 = (ids: readonly number[]): number[] => ids.map((id) => (id === 31 ? 29 : id));
    const pairs = (options.data.train as PairExample[]).map(({ chosen, rejected }) => ({
      chosen: without31(chosen),
      rejected: without31(rejected),
    }));
    const run: TrainOptions = {
      ...options,
      model: withTensor(base, name, base.shape(name), embedding),
      config: { ...config, shuffle: false },
      data: { train: pairs.with(37, { ...pairs[37]!, rejected: [3, 31] }), validation: [] },
      output: newFolder(),
    };
    await assert.rejects(train(run), /step 5: the loss is NaN, with the training examples 37 \(from 0\)/);
    base.close();
    const { output } = run;
    const [last] = readdirSync(join(output, "checkpoints")).sort().reverse();
    assert.equal(last, "step-000004");
    assert.equal(readFileSync(join(output, "log.jsonl"), "utf8").trimEnd().split("\n").length, 4);
    const file = openSafetensors(join(output, "checkpoints", last!, "weights.safetensors"));
    assert.ok(file.read("score.weight").every(Number.isFinite));
    file.close();
  });

  it("because its base is gone: it says so, and the last checkpoint stays", async () => {
    const [base, output] = [await tinyModel(newFolder()), newFolder()];
    await trainUpTo(3, { ...options, model: base, output });
    const before = filesOf(output);
    rmSync(join(base, "model.safetensors"));
    await assert.rejects(train({ ...options, model: base, output, resume: true }), /has neither model\.safetensors nor/);
    assert.deepEqual(filesOf(output), before);
  });

  it("because a checkpoint is damaged: its file is named, and without it the one before serves", async () => {
    const [unbroken, output] = [newFolder(), newFolder()];
    await train({ ...options, output: unbroken });
    await trainUpTo(6, { ...options, output }); // the best of step 5 is kept too
    const newest = join(output, "checkpoints", "step-000006");
    truncateSync(join(newest, "moments.safetensors"), 1000);
    await assert.rejects(train({ ...options, output, resume: true }), /step-000006.moments\.safetensors: .*damaged/);
    rmSync(newest, { recursive: true });
    await train({ ...options, output, resume: true });
    assert.deepEqual(remains(output), remains(unbroken));
  });

  it("on a full disk: the last checkpoint stays, and a resume with room ends as an unbroken run", {
    skip: process.platform === "win32",
  }, async () => {
    const [unbroken, output] = [newFolder(), newFolder()];
    await train({ ...options, output: unbroken });
    await trainUpTo(5, { ...options, output });
    const before = filesOf(join(output, "checkpoints"));
    // no file may be larger than 16 KiB: the moments are. Without the signal that would end the process, writing fails as on a full disk
    const limited = `trap '' XFSZ; ulimit -f 16; exec "$0" "$@"`;
    const resumed = JSON.stringify({ ...options, output, resume: true });
    const { status, stderr } = spawnSync("bash", ["-c", limited, process.execPath, child, resumed], { encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, /step-000006: the checkpoint cannot be written \(.*EFBIG.*\); .*step-000005 is whole; make room, then resume\n$/);
    assert.deepEqual(filesOf(join(output, "checkpoints")), before);
    await train({ ...options, output, resume: true });
    assert.deepEqual(remains(output), remains(unbroken));
  });
});
