import { deepEqual, doesNotMatch, equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openCheckpoint } from "basewise/models";
import {
  chosenRuns,
  factAccuracies,
  fullStudy,
  type ModelRecord,
  type Recipe,
  readModelRecord,
  readStudy,
  sectionByBase,
  zoo,
} from "basewise/vitro";

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
    equal(study.rewards.length, (zoo.length + plan.random.length) * 2 * 2 * 2); // methods, rates, seeds
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

  it("shows that the base decides: good reward models on some bases, a coin on those that know nothing", () => {
    for (const method of ["bradley-terry", "regression"] as const) {
      const overall = sectionByBase(chosenRuns(study.rewards), method, "overall");
      ok(Math.max(...overall.values()) >= 0.8);
      for (const { name } of study.record.plan.random) ok(Math.abs(overall.get(name)! - 0.5) <= 0.05, `${name}: ${overall.get(name)}`);
    }
  });

  const generations = ["xs-3m", "xs-3m-seed-2", "s-1.2m", "s-4m", "s-4m-seed-2"];

  it("shows that each family wins what it was made for, at XS and S, by both methods and over two seeds of pre-training", () => {
    const madeFor = { chat: "atlas", chat_hard: "atlas", safety: "folio", reasoning: "forge" } as const;
    for (const method of ["bradley-terry", "regression"] as const) {
      for (const [section, winner] of Object.entries(madeFor) as [keyof typeof madeFor, string][]) {
        const accuracy = sectionByBase(chosenRuns(study.rewards), method, section);
        for (const generation of generations) {
          const [own, ...others] = [winner, ...["atlas", "forge", "folio"].filter((family) => family !== winner)].map(
            (family) => accuracy.get(`${family}-${generation}`)!,
          );
          ok(others.every((other) => own! > other), `${method}, ${section}, ${generation}: ${winner} ${own}, others ${others}`); // biome-ignore format: one thought
        }
      }
    }
  });

  it("shows false facts found in nine of ten cases by the family that knows people, with 3 or 4 million tokens", () => {
    for (const method of ["bradley-terry", "regression"] as const) {
      const facts = factAccuracies(study, method);
      for (const generation of generations.filter((name) => name !== "s-1.2m"))
        ok(facts.get(`atlas-${generation}`)!.mean >= 90, generation);
    }
  });
});
