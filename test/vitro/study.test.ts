import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openCheckpoint, openModel } from "basewise/models";
import {
  compareModel,
  fullWorld,
  isSameModel,
  lengthBaseline,
  makeZoo,
  missingModels,
  preTrain,
  readStudy,
  recipeOf,
  rewardTasks,
  runStudy,
  type StudyPlan,
  scoreSkills,
  writeWorld,
  zoo,
} from "basewise/vitro";
import { engine, smallPlan, tiny } from "./small.ts";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-vitro-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe("the zoo", () => {
  it("has three families in four generations, other architectures and seeds, and what follows pre-training", () => {
    equal(new Set(zoo.map(({ name }) => name)).size, zoo.length);
    const generations = zoo.filter(
      ({ stage, seed, repeats, family, architecture }) =>
        stage === "base" && !repeats && seed === 1 && architecture === recipeOf(`${family}-xs-3m`).architecture,
    );
    equal(generations.length, 12);
    deepEqual(
      new Set(
        zoo
          .filter(({ family, size, tokens }) => family === "atlas" && size === "S" && tokens === 4e6)
          .map(({ architecture }) => architecture),
      ),
      new Set(["llama", "qwen2", "gemma2"]),
    );
    for (const { from } of zoo) if (from !== null) ok(zoo.some(({ name }) => name === from));
  });
});

describe("pre-training", () => {
  it("learns, and a run that was stopped ends with the same weights", async () => {
    const whole = await preTrain(tiny, join(folder, "whole"), join(folder, "work-whole"), engine);
    const losses = whole.lines.flatMap((line) => (line.kind === "step" ? [line.loss] : []));
    equal(losses.length, 60);
    ok(losses.at(-1)! < 0.7 * losses[0]!, `${losses[0]} → ${losses.at(-1)}`);
    ok(Math.abs(losses[0]! - Math.log(384)) < 1, `a model that knows nothing gives each word the same chance: ${losses[0]}`);

    const stop = new AbortController();
    const half = await preTrain(tiny, join(folder, "halves"), join(folder, "work-halves"), {
      ...engine,
      signal: stop.signal,
      onStep: ({ step }) => step === 25 && stop.abort(),
    });
    ok(half.stopped);
    await preTrain(tiny, join(folder, "halves"), join(folder, "work-halves"), engine);
    deepEqual(weights(join(folder, "halves")), weights(join(folder, "whole")));
  });
});

describe("skills", () => {
  it("of a model that knows nothing are at chance", async () => {
    const model = await openModel(join(folder, "work-whole", "start"), engine);
    try {
      const scores = await scoreSkills(model, { items: 60 });
      ok(scores.length >= 10);
      const outside = scores.filter(({ low, high, chance }) => chance < low || chance > high);
      ok(outside.length <= 4, JSON.stringify(outside)); // 95 % intervals of 18 skills
    } finally {
      await model.dispose();
    }
  });
});

describe("the length baseline", () => {
  it("does not win: neither longer nor shorter answers are better", async () => {
    const { longer, shorter } = await lengthBaseline(
      writeWorld(join(folder, "world"), { ...fullWorld, pairs: 1, validationPairs: 1, documents: 1 }),
    );
    for (const [i, section] of longer.sections.entries()) {
      const ties = 1 - section.value! - shorter.sections[i]!.value!;
      const accuracy = section.value! + ties / 2;
      ok(Math.abs(accuracy - 0.5) < 0.08, `${section.section}: ${accuracy}`);
    }
  });
});

describe("a study", () => {
  const plan = smallPlan("whole");
  const tables = (output: string): string[] =>
    ["rewards", "subsets", "skills", "presence", "length"].map((name) => readFileSync(join(output, `${name}.csv`), "utf8"));

  it("that was stopped again and again ends with the same tables", async () => {
    equal(rewardTasks(plan).length, 4);
    ok(await runStudy(plan, folder, join(folder, "tables"), join(folder, "study"), engine));
    let runs = 0;
    for (let finished = false; !finished && runs < 20; runs++) {
      const stop = new AbortController();
      const once = { ...engine, parallel: 1, signal: stop.signal, onPart: () => stop.abort() };
      finished = await runStudy(plan, folder, join(folder, "tables-2"), join(folder, "study-2"), once);
    }
    ok(runs > 3, `${runs} runs`);
    deepEqual(tables(join(folder, "tables-2")), tables(join(folder, "tables")));
    const [rewards, subsets, skills, presence] = tables(join(folder, "tables")).map((text) => text.trim().split("\n").length - 1);
    deepEqual([rewards, subsets, skills, presence], [4, 4 * 23, 2 * 18, 2 * 20]);
    const read = readStudy(join(folder, "tables"));
    deepEqual([read.rewards.length, read.detection.length, read.length.length], [4, 0, 23]);
    deepEqual(read.record.plan, plan);
  });

  it("takes no rows of weights that were made again, of another plan or of another version", async () => {
    const work = join(folder, "study");
    cpSync(join(folder, "work-whole", "start"), join(folder, "remade", "whole"), { recursive: true });
    const stop = new AbortController();
    let left = Number.NaN;
    const onStart = (done: number, of: number): void => {
      left = of - done;
      stop.abort();
    };
    const once = { ...engine, signal: stop.signal, onStart };
    equal(await runStudy(plan, join(folder, "remade"), join(folder, "tables-3"), work, once), false);
    equal(left, 3, "the base's scores and its two reward models");
    const grown = { ...plan, learningRates: { ...plan.learningRates, regression: [2e-4, 5e-5] } };
    equal(await runStudy(grown, folder, join(folder, "tables-3"), work, once), false);
    equal(left, 2, "the reward models of the rate that is new, of one method");
    const other = runStudy({ ...plan, items: 6 }, folder, join(folder, "tables-3"), work, engine);
    await rejects(other, /journal\.jsonl: was begun with something else \(items is 5 there and 6 now\)/);
    const journal = join(work, "journal.jsonl");
    writeFileSync(journal, readFileSync(journal, "utf8").replace(/"basewise":"[^"]+"/, '"basewise":"0.0.1"'));
    await rejects(runStudy(plan, folder, join(folder, "tables-3"), work, engine), /\(basewise is "0\.0\.1" there and "/);
  });

  it("says in one line what stands in its way, before anything is computed", async () => {
    const work = join(folder, "study-4");
    const refused = async (changed: Partial<StudyPlan>, why: RegExp, { zoo = folder, output = "tables-4" } = {}): Promise<void> => {
      await rejects(runStudy({ ...plan, ...changed }, zoo, join(folder, output), work, engine), ({ message }: Error) => {
        match(message, why);
        return !message.includes("\n");
      });
    };
    await refused({ items: 6 }, /tables: holds the tables of another study; choose another folder/, { output: "tables" });
    await refused({ models: ["whole", "nope"] }, /lacks 1 of the 2 base models; make them first: basewise vitro make nope --zoo /);
    writeFileSync(join(folder, "file"), "");
    await refused({}, /file: cannot be written \(a file is where a folder should be/, { output: "file" });
    const damaged = join(folder, "damaged", "whole");
    cpSync(join(folder, "whole"), damaged, { recursive: true });
    truncateSync(join(damaged, "model.safetensors"), 50_000);
    await refused({}, /damaged[\\/]whole[\\/]model\.safetensors: .* damaged/, { zoo: join(folder, "damaged") });
    ok(!existsSync(work));
    mkdirSync(work);
    writeFileSync(join(work, "study.lock"), String(process.pid));
    await refused({}, /another basewise run .*study\.lock/);
  });
});

describe("a model of the zoo", () => {
  const name = "atlas-xs-3m";
  const copy = (zoo: string, record: object | string | null): string => {
    cpSync(join(folder, "whole"), join(folder, zoo, name), { recursive: true });
    const text = typeof record === "string" ? record : JSON.stringify(record);
    if (record !== null) writeFileSync(join(folder, zoo, name, "vitro.json"), text);
    return join(folder, zoo);
  };
  const recipe = recipeOf(name);

  it("that is there, is not made again, nor is one of another recipe or a damaged one replaced", async () => {
    const make = (zoo: string): Promise<boolean> => makeZoo([name], zoo, join(folder, "work-zoo"), engine);
    ok(await make(copy("zoo-there", { recipe })));
    await rejects(
      make(copy("zoo-other", { recipe: { ...recipe, tokens: 5 } })),
      /another recipe \(tokens is 5 there and 3000000 now\); delete/,
    );
    await rejects(
      make(copy("zoo-text", "{")),
      /vitro\.json: is no record of a model; delete the folder and make it again: basewise vitro make/,
    );
    const damaged = copy("zoo-damaged", { recipe });
    rmSync(join(damaged, name, "model.safetensors"));
    await rejects(make(damaged), /has neither model\.safetensors nor .*make it again: basewise vitro make atlas-xs-3m/);
    const there = join(folder, "zoo-there");
    await rejects(makeZoo([name], there, there, engine), /zoo-there: is the models' folder, too; choose another/);
    ok(!existsSync(join(folder, "work-zoo", name)));
    deepEqual(missingModels(["atlas-s-4m-sft"], join(folder, "zoo-there")).map((missing) => missing.name), ["atlas-s-4m", "atlas-s-4m-sft"]); // biome-ignore format: one thought
  });

  it("is compared with the same one of another zoo: by its weights, then by the loss of its first steps", () => {
    const record = (start: number | null): object => ({
      recipe,
      lossCurve:
        start === null
          ? []
          : [
              { step: 292, loss: start },
              { step: 584, loss: 0.7 },
            ],
      validationLoss: 0.5 + (start ?? 0),
    });
    const own = copy("compare-own", record(1.5));
    const same = copy("compare-same", record(1.5));
    deepEqual(compareModel(name, own, same), { model: name, sameWeights: true, startDifference: 0, lossDifference: 0 });
    for (const [start, expected] of [
      [1.5009, true],
      [1.4988, false],
      [null, false],
    ] as const) {
      const other = copy(`compare-${start}`, record(start));
      cpSync(join(folder, "work-whole", "start", "model.safetensors"), join(other, name, "model.safetensors"));
      const compared = compareModel(name, own, other);
      equal(compared.sameWeights, false);
      equal(compared.startDifference === null, start === null);
      equal(isSameModel(compared), expected, `${start}`);
    }
    throws(() => compareModel(name, own, join(folder, "nowhere")), /nowhere.* is not there; make it: basewise vitro make atlas-xs-3m/);
  });
});

function weights(of: string): Record<string, Float32Array> {
  const checkpoint = openCheckpoint(of);
  try {
    return Object.fromEntries(checkpoint.names.map((name) => [name, checkpoint.read(name)]));
  } finally {
    checkpoint.close();
  }
}
