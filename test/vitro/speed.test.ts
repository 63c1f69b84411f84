import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { makingSpeeds, measureSpeed, recipeOf, speedOf, zoo } from "basewise/vitro";

describe("speeds of vitro", () => {
  const folder = mkdtempSync(join(tmpdir(), "speed-"));
  after(() => rmSync(folder, { recursive: true }));

  it("divides the operations, worked by hand, by the seconds", () => {
    // Llama S: 343,200 weights, 3 layers of width 96; a row of 64 tokens: 2·343200·64 + 2·3·96·64·65 = 46,325,760 forward
    const { parameters, operationsPerSecond } = speedOf(recipeOf("folio-s-4m"), 6400, 2, 3);
    equal(parameters, 343_200);
    equal(operationsPerSecond, (3 * 46_325_760 * 100) / 2);
  });

  it("has no speed of a model without a record", () => deepEqual(makingSpeeds(folder), []));

  it("takes tokens of the recipe, seconds of the record and three passes: every stored base model", () => {
    const speeds = makingSpeeds("data/vitro/zoo");
    equal(speeds.length, zoo.filter(({ stage }) => stage === "base").length);
    const one = speeds.find(({ name }) => name === "folio-s-4m")!;
    equal(one.seconds, JSON.parse(readFileSync("data/vitro/zoo/folio-s-4m/vitro.json", "utf8")).seconds);
    equal(one.operationsPerSecond, (3 * 46_325_760 * 62_500) / one.seconds); // 4 million tokens are 62,500 rows of 64
  });

  it("measures steps after the first five, and all texts", async () => {
    const { training, scoring } = await measureSpeed("XS", join(folder, "xs"), { steps: 7 });
    deepEqual([training.tokens, scoring.tokens], [2 * 512, 7 * 512]);
    ok(training.seconds > 0 && scoring.seconds > 0);
    await rejects(measureSpeed("XS", join(folder, "none"), { steps: 5 }), /steps is 5; give more than 5/);
  });
});
