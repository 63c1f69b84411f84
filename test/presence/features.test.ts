import { deepEqual, equal, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { presenceFeatures, presenceSources } from "basewise/presence";
import { readPaperTables } from "basewise/published";

const member = (model: string, family: string, paramsBillion: number, pretrainingTokensTrillion: number) => ({
  ...{ model, family, paramsBillion, pretrainingTokensTrillion },
});

describe("the family rule", () => {
  it("takes the largest member with as many tokens, by hand on six models", () => {
    const models = [
      member("a-1b", "a", 1, 9),
      member("a-8b", "a", 8, 15),
      member("a-8b-tuned", "a", 8, 15), // as large: the first in the list stands for both
      member("a-3b", "a", 3, 9),
      member("b-3b", "b", 3, 9), // another family
      member("c-1b", "c", 1, Number.NaN),
    ];
    deepEqual(
      presenceSources(models).map(({ source }) => source),
      ["a-3b", "a-8b", "a-8b", "a-3b", "b-3b", "c-1b"],
    );
  });

  it("on Table 3: Qwen2-0.5B, with 12 instead of 7 trillion tokens, has to be scored itself", () => {
    const sources = new Map(presenceSources(readPaperTables().models).map(({ model, source }) => [model, source]));
    equal(sources.size, 40);
    equal(sources.get("Qwen2-1.5B-Instruct"), "Qwen2-7B-Instruct");
    equal(sources.get("Qwen2-0.5B-Instruct"), "Qwen2-0.5B-Instruct");
    equal(sources.get("Qwen2.5-0.5B-Instruct"), "Qwen2.5-7B-Instruct");
    equal(sources.get("Llama-3.1-Tulu-3-8B"), sources.get("Llama-3.1-8B-Instruct"));
    equal(sources.get("Falcon3-7B-Instruct"), "Falcon3-7B-Instruct"); // 14 trillion, the smaller ones 14.1
  });
});

describe("average scores as features", () => {
  const average = (model: string, subset: string, mean: number) => ({ model, subset, mean, documents: 9, deviation: 1 });
  it("come from the source, by the last part of its name; without scores there is no row", () => {
    const sources = [
      { model: "a-1b", source: "a-8b" },
      { model: "b-3b", source: "b-3b" },
    ];
    deepEqual(presenceFeatures([average("org/a-8b", "Book", -2), average("C:\\models\\z", "Book", -1)], sources), [
      { model: "a-1b", subset: "Book", meanLogProbability: -2 },
    ]);
  });
  it("two models of one name are refused", () => {
    throws(() => presenceFeatures([average("x/a", "Book", -2), average("y/a", "Book", -1)], []), /x\/a and y\/a have the same name/);
  });
});
