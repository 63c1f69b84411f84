import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import {
  deviceHours,
  forwardOperations,
  partOperations,
  passes,
  rewardModelCost,
  sumOfRanges,
  tokensOfBytes,
  trainingBytes,
  utilisationOf,
  workOnABase,
} from "basewise/paper";
import {
  presenceTokens,
  readFacts,
  readModelShapes,
  readPaperTables,
  readRewardBenchSubsets,
  studyCounts,
  textTokens,
} from "basewise/published";

const close = (actual: number, expected: number, tolerance: number): void =>
  ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected} ± ${tolerance}`);

/** Multiplications and additions of a matrix of `rows` × `inner` with one of `inner` × `columns`, counted one by one. */
function counted(rows: number, inner: number, columns: number): number {
  let operations = 0;
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) for (let k = 0; k < inner; k++) operations += 2;
  return operations;
}

describe("forwardOperations", () => {
  it("counts what a small decoder multiplies, matrix by matrix and token by token", () => {
    const [hidden, heads, headSize, keyHeads, wide, layers, tokens] = [6, 3, 2, 1, 8, 2, 5];
    const width = heads * headSize;
    const matrices = [
      [hidden, width],
      [hidden, keyHeads * headSize],
      [hidden, keyHeads * headSize],
      [width, hidden],
      [hidden, wide],
      [hidden, wide],
      [wide, hidden],
    ] as const;
    let operations = 0;
    for (let layer = 0; layer < layers; layer++) {
      for (const [from, to] of matrices) operations += counted(tokens, from, to);
      for (let i = 1; i <= tokens; i++) {
        // the i-th token's scores against i tokens, and the weighted mean of their i values
        for (let head = 0; head < heads; head++) operations += counted(1, headSize, i) + counted(1, i, headSize);
      }
    }
    const weights = layers * matrices.reduce((sum, [from, to]) => sum + from * to, 0);
    equal(forwardOperations({ weights, layers, attentionWidth: width }, tokens), operations);
  });

  it("is worked by hand, and attention is half of what PaLM's appendix B counts for long texts", () => {
    equal(forwardOperations({ weights: 10, layers: 1, attentionWidth: 2 }, 3), 108); // 2·10·3 = 60, 4·2·(1 + 2 + 3) = 48
    const [layers, attentionWidth, tokens] = [32, 4096, 8192];
    const palm = 12 * layers * attentionWidth * tokens * tokens; // training: 12·L·H·Q·T a token
    close((passes.training * forwardOperations({ weights: 0, layers, attentionWidth }, tokens)) / palm, 0.5, 1e-4);
  });
});

describe("rewardModelCost", () => {
  const shape = { model: "x", layers: 32, hiddenSize: 4096, heads: 32, headSize: 128, vocabulary: 128_256, tiedEmbeddings: false };
  it("leaves out the table of embeddings, and the head that predicts tokens where it is another", () => {
    // Llama-3.1-8B by hand: 2 · 128,256 · 4,096 = 1,050,673,152
    deepEqual(rewardModelCost(8.03e9, shape), { weights: 8.03e9 - 1_050_673_152, layers: 32, attentionWidth: 4096 });
    equal(rewardModelCost(8.03e9, { ...shape, tiedEmbeddings: true }).weights, 8.03e9 - 525_336_576);
  });
  it("refuses parameters that were counted in billions", () => {
    throws(
      () => rewardModelCost(8.03, shape),
      /8\.03 parameters are fewer than its 1050673152 of embeddings; give all of them, not billions/,
    );
  });
  it("counts all parameters of a model whose shape is not known", () => {
    deepEqual(rewardModelCost(7.72e9, null), { weights: 7.72e9, layers: 0, attentionWidth: 0 });
  });
});

describe("workOnABase", () => {
  const counts = {
    rates: 2,
    batchSize: 4,
    checkpointSteps: 2,
    pairs: 11,
    bradleyTerryEpochs: 1,
    ratedTexts: 9,
    regressionEpochs: 3,
    validationPairs: 5,
    rewardBenchPairs: 7,
  };
  it("counts texts by hand", () => {
    // 11 pairs are 2 steps of 4 pairs, one checkpoint; 27 rated texts are 6 steps of 4, three checkpoints; 5 pairs are 10 texts
    const texts = Object.fromEntries(workOnABase(counts).map(({ name, texts: of, passes: times }) => [name, [of.low, of.high, times]]));
    deepEqual(texts, {
      "training, Bradley–Terry": [2 * 2 * 4 * 2, 32, 3],
      "training, regression": [2 * 6 * 4, 48, 3],
      "choosing checkpoints": [2 * (1 + 1) * 10, 2 * (1 + 3) * 10, 1],
      RewardBench: [2 * 7 * 2, 28, 1],
    });
  });
  it("adds up over bases, and the ends of ranges stay ends", () => {
    const bases = [
      { weights: 100, layers: 0, attentionWidth: 0 },
      { weights: 10, layers: 1, attentionWidth: 2 },
    ];
    const part = { name: "x", texts: { low: 1, high: 2 }, passes: 3, of: "HelpSteer2" } as const;
    const found = partOperations(bases, part, { low: 1, high: 3 });
    // one token: 200 and 20 + 8; three tokens: 600 and 108
    deepEqual(found, { low: 3 * (200 + 28), high: 2 * 3 * (600 + 108) });
    deepEqual(sumOfRanges([found, { low: 1, high: 2 }]), { low: found.low + 1, high: found.high + 2 });
  });
});

describe("hours, utilisation, bytes", () => {
  it("are worked by hand, and undo each other", () => {
    equal(deviceHours(3.6e15, 1e12, 0.5), 2); // 3,600 s at the peak, twice that at half of it
    equal(utilisationOf(3.6e15, 2, 1e12), 0.5);
  });
  it("take no utilisation in percent, and none of nothing", () => {
    for (const share of [40, 0, Number.NaN])
      throws(() => deviceHours(1, 1, share), /deviceHours: utilisation is (40|0|NaN); give a share above 0, at most 1/);
  });
  it("gives the 120 GB of ZeRO's example: 7.5 billion parameters, AdamW, mixed precision (Rajbhandari et al. 2020, Figure 1)", () => {
    equal(trainingBytes(7.5e9, { name: "mixed", weightBytes: 2, trainedBytes: 14, trainedShare: 1 }) / 1e9, 120);
  });
  it("takes the long end of a text with the coarse tokenizer", () => {
    deepEqual(tokensOfBytes({ low: 12, high: 20 }, { low: 2, high: 4 }), { low: 3, high: 10 });
  });
});

describe("the paper's study", () => {
  const facts = readFacts();
  const pairs = readRewardBenchSubsets().reduce((sum, row) => sum + row.rows, 0);

  it("has the texts of 105 and 635 steps for each of ten rates", () => {
    const [bradleyTerry, regression, choosing, bench] = workOnABase(studyCounts(facts, pairs)).map((part) => part.texts);
    equal(bradleyTerry!.low, 10 * 105 * 64 * 2);
    equal(regression!.low, 10 * 635 * 64);
    deepEqual(choosing, { low: 10 * 6 * 704, high: 10 * (5 + 31) * 704 });
    equal(bench!.low, 2 * 2985 * 2);
  });

  it("has texts of some hundred tokens", () => {
    const { HelpSteer2, RewardBench } = textTokens(facts, pairs);
    close(HelpSteer2.low, 27_561_543 / 7224 / 2 / 3.94, 1e-9);
    close(HelpSteer2.high, 40_225_371 / 8875 / 2 / 3.17, 1e-9);
    close(RewardBench.low, 4_861_303 / 2985 / 2 / 3.94, 1e-9);
    close(RewardBench.high, 4_861_303 / 2985 / 3.17, 1e-9);
  });

  it("scores 1.47 billion tokens of documents at most", () => {
    // mean bytes / 3.17: 1,568.7, 920.0 and 757.0 for Github, Wikipedia, StackExchange; Book and ArXiv are cut at 2,048; 200,000 each
    close(presenceTokens(facts) / 1e9, (200_000 * (1568.7 + 2 * 2048 + 920 + 757)) / 1e9, 1e-4);
  });
});

describe("readModelShapes", () => {
  const folder = mkdtempSync(join(tmpdir(), "shapes-"));
  after(() => rmSync(folder, { recursive: true }));
  const shapes = readModelShapes();

  it("has shapes of 37 of the 40 models, in their order", () => {
    const models = readPaperTables().models.map(({ model }) => model);
    equal(shapes.length, 37);
    deepEqual(
      shapes.map(({ model }) => model),
      models.filter((model) => shapes.some((shape) => shape.model === model)),
    );
  });
  it("has a table of embeddings smaller than the model, and tables of all together a ninth of the parameters", () => {
    const { models } = readPaperTables();
    const weights = models.map(({ model, paramsBillion }) => {
      const cost = rewardModelCost(paramsBillion * 1e9, shapes.find((shape) => shape.model === model) ?? null);
      ok(cost.weights > 0.5 * paramsBillion * 1e9, model);
      return cost.weights / 1e9;
    });
    const all = models.reduce((sum, { paramsBillion }) => sum + paramsBillion, 0);
    close(1 - weights.reduce((sum, value) => sum + value, 0) / all, 0.11, 0.001); // summed in Python from the configurations
  });
  it("names file, line and column of what is no shape", () => {
    const path = join(folder, "shapes.csv");
    const head = "model,layers,hidden_size,heads,head_size,vocabulary,tied_embeddings,source";
    writeFileSync(path, `${head}\nx,2,many,4,16,100,yes,me\n`);
    throws(() => readModelShapes(path), /shapes\.csv, line 2, column "hidden_size".*many/s);
    writeFileSync(path, `${head}\nx,2,64,4,16,100,maybe,me\n`);
    throws(() => readModelShapes(path), /shapes\.csv, line 2, column "tied_embeddings".*maybe/s);
  });
});
