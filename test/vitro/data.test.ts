import { deepEqual, doesNotMatch, equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openCheckpoint } from "basewise/models";
import { chosenRuns, fullStudy, type ModelRecord, type Recipe, readModelRecord, readStudy, sectionByBase, zoo } from "basewise/vitro";

const folder = (name: string): string => join("data", "vitro", "zoo", name);
const recordOf = (recipe: Recipe): ModelRecord => readModelRecord(folder(recipe.name), recipe)!;

describe("the stored zoo", () => {
  it("has the model of each recipe in bfloat16, at most 30 MB in all", () => {
    deepEqual(readdirSync(join("data", "vitro", "zoo")).sort(), zoo.map(({ name }) => name).sort());
    let bytes = 0;
    for (const { name } of zoo) {
      const checkpoint = openCheckpoint(folder(name));
      for (const tensor of checkpoint.names) equal(checkpoint.dtype(tensor), "BF16", `${name}: ${tensor}`);
      checkpoint.close();
      for (const file of readdirSync(folder(name))) bytes += statSync(join(folder(name), file)).size;
    }
    ok(bytes < 30e6, `${bytes} bytes`);
  });

  it("says of each how it came about, and nothing of where", () => {
    for (const recipe of zoo) {
      const { command, lossCurve, validationLoss, engine } = recordOf(recipe);
      equal(command, `basewise vitro make ${recipe.name}`);
      if (recipe.stage !== "sft-dpo") ok(validationLoss! < lossCurve[0]!.loss, recipe.name);
      doesNotMatch(engine, /[\\/]\w/, "a path");
    }
  });
});

describe("the stored study", () => {
  const study = readStudy(join("data", "vitro", "study"));

  it("is of the whole plan, and of the models that are stored", () => {
    const { plan, weights, versions } = study.record;
    deepEqual(plan, JSON.parse(JSON.stringify(fullStudy)));
    for (const { name } of zoo) {
      const hash = createHash("sha256").update(readFileSync(join(folder(name), "model.safetensors")));
      equal(weights[name], hash.digest("hex"), name);
    }
    doesNotMatch(JSON.stringify(versions), /[\\/]\w/, "a path");
    equal(study.rewards.length, (zoo.length + plan.random.length) * 2 * plan.learningRates.length * plan.seeds.length);
  });

  it("measured the skills that were measured when the models were made", () => {
    for (const recipe of zoo) {
      const made = recordOf(recipe).skills.map(({ skill, accuracy }) => [skill, Number(accuracy.toFixed(5))]);
      const studied = study.skills
        .filter(({ base }) => base === recipe.name)
        .map(({ skill, accuracy }) => [skill, Number(accuracy.toFixed(5))]);
      deepEqual(studied, made, recipe.name);
    }
  });

  it("shows that the base decides: good reward models on some bases, a coin on those that know nothing, sums and programs for who has read them", () => {
    for (const method of ["bradley-terry", "regression"] as const) {
      const overall = sectionByBase(chosenRuns(study.rewards), method, "overall");
      ok(Math.max(...overall.values()) >= 0.8);
      for (const { name } of study.record.plan.random) ok(Math.abs(overall.get(name)! - 0.5) <= 0.05, `${name}: ${overall.get(name)}`);
      const reasoning = sectionByBase(chosenRuns(study.rewards), method, "reasoning");
      const of = (forge: boolean): number[] =>
        zoo
          .filter(({ size, tokens, family }) => size === "S" && tokens === 4e6 && (family === "forge") === forge)
          .map(({ name }) => reasoning.get(name)!);
      equal(of(true).length, 2);
      ok(Math.min(...of(true)) > Math.max(...of(false)) + 0.1, `${of(true)} over ${of(false)}`);
    }
  });
});
