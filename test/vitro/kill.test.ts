import { deepEqual, equal, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "basewise/statistics";
import { preTrain, runStudy } from "basewise/vitro";
import { engine, smallPlan, tiny } from "./small.ts";

let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "basewise-vitro-kill-"));
  await preTrain(tiny, join(folder, "zoo", "tiny"), join(folder, "work-tiny"), engine);
});
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

/** Start a child, wait for so many lines and then some milliseconds, and kill −9. @returns its lines */
async function killed(what: "pre-train" | "study", words: readonly unknown[], count: number, wait: number): Promise<string[]> {
  const child = spawn(process.execPath, ["test/vitro/vitro-child.js", what, JSON.stringify(words)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "close");
  const lines: string[] = [];
  await new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => void (lines.push(line) === count && resolve()));
    void gone.then(() => resolve());
  });
  await sleep(wait);
  child.kill("SIGKILL");
  await gone;
  ok(lines.length >= count && !lines.includes("finished"), `killed too late, or it failed: ${lines.join(", ")}`);
  return lines;
}

describe("a model whose making is killed", () => {
  it("three times, goes on from a checkpoint and ends with the bytes of an unbroken run", async () => {
    const words = [tiny, join(folder, "again"), join(folder, "work-again")] as const;
    const random = seededRandom(5);
    let first = 1;
    for (let round = 0; round < 3; round++) {
      const steps = (await killed("pre-train", words, 8 + Math.floor(8 * random()), 20 * random())).map(Number);
      ok(steps[0]! <= first + steps.length, `starts at ${steps[0]}`);
      if (round > 0) ok(steps[0]! > 1, "starts anew");
      first = steps.at(-1)! + 1;
    }
    await preTrain(...words, engine);
    const saved = (name: string): Buffer => readFileSync(join(folder, name, "model.safetensors"));
    ok(saved("again").equals(saved("zoo/tiny")));
  });
});

describe("a study that is killed", () => {
  const plan = smallPlan("tiny");
  const read = (output: string): unknown => {
    const { coreSeconds: _, ...record } = JSON.parse(readFileSync(join(output, "study.json"), "utf8"));
    const tables = ["rewards", "subsets", "skills", "presence", "detection", "length"];
    return { record, tables: tables.map((name) => readFileSync(join(output, `${name}.csv`), "utf8")) };
  };

  it("five times at random moments, ends with the bytes of an unbroken one", async () => {
    const zoo = join(folder, "zoo");
    const start = performance.now();
    ok(await runStudy(plan, zoo, join(folder, "unbroken"), join(folder, "work-unbroken"), engine));
    const part = (performance.now() - start) / 7;
    const words = [plan, zoo, join(folder, "killed"), join(folder, "work-killed")] as const;
    const random = seededRandom(6);
    let done = 0;
    for (let round = 0; round < 5; round++) {
      const lines = await killed("study", words, 1 + (round % 2), part * random()); // the first line tells what is done before
      ok(Number(lines[0]) >= done, `${lines[0]} of ${done} parts are left`);
      done = Number(lines.at(-1));
    }
    equal(
      await runStudy(...words, {
        ...engine,
        onStart: (before) => ok(before >= done && before >= 2 && before < 7, `${done}, then ${before}`),
      }),
      true,
    );
    deepEqual(read(join(folder, "killed")), read(join(folder, "unbroken")));
  });
});
