import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeWords, extraDocuments, makeWorld, recipeOf, repeatedDocuments, repeatGroups, textRows, vocabularyOf } from "basewise/vitro";

describe("documents to be recognised", () => {
  const documents = repeatedDocuments();
  it("are as many in each group, and all different", () => {
    deepEqual([...new Set(documents.map(({ repeats }) => repeats))], [0, ...repeatGroups]);
    equal(documents.length, 7 * 50);
    equal(new Set(documents.map(({ text }) => text)).size, 350);
  });
  it("are in the pre-training text as often as they say, and no other model's", () => {
    const vocabulary = vocabularyOf(makeWorld());
    const rows = Math.floor(4_000_000 / 64);
    const recipe = recipeOf("atlas-s-4m-repeats");
    const ids = textRows(recipe, rows, "train").flatMap((row) => row.ids).join(" "); // biome-ignore format: one thought
    for (const at of [0, 50, 120, 200, 349]) {
      const { text, repeats } = documents[at]!;
      equal(ids.split(encodeWords(vocabulary, text).join(" ")).length - 1, repeats, text);
    }
    const share = extraDocuments(documents).reduce((sum, text) => sum + text.split(" ").length + 2, 0) / 4_000_000;
    ok(share < 0.06, `${share}`);
    const others = textRows(recipeOf("atlas-s-4m"), 1000, "train").flatMap((row) => row.ids).join(" "); // biome-ignore format: one thought
    ok(!others.includes(encodeWords(vocabulary, documents[349]!.text).join(" ")));
  });
});
