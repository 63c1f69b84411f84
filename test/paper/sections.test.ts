import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close } from "basewise/notebook";
import { impliedCounts, scoreIntervals, sectionAccuracies, sectionSizes } from "basewise/paper";
import { readImpliedCounts, readPaperTables, readRewardBenchSubsets } from "basewise/published";
import { wilsonInterval } from "basewise/statistics";

const tables = readPaperTables();
const subsets = readRewardBenchSubsets();

describe("impliedCounts", () => {
  it("finds the 240 counts that were recovered independently", () => {
    const results = [...tables.regression, ...tables.bradleyTerry];
    for (const row of readImpliedCounts()) {
      const scores = results.find((result) => result.model === row.model && result.method === row.method)!;
      for (const section of ["chat", "chatHard", "safety"] as const) {
        assert.deepEqual(impliedCounts(scores[section], row[section].n), [row[section].correct], `${row.model} ${section}`);
      }
    }
  });
  it("finds none where no count prints so", () => assert.deepEqual(impliedCounts(93.4, 50), []));
  it("finds several where decimals are too few", () =>
    assert.deepEqual(impliedCounts(50, 1000, 0), [495, 496, 497, 498, 499, 500, 501, 502, 503, 504, 505]));
  it("stays within 0 to n", () => assert.deepEqual([impliedCounts(0, 10), impliedCounts(100, 10)], [[0], [10]]));
});

describe("sectionSizes", () => {
  it("adds up to RewardBench's own totals", () => {
    assert.deepEqual(sectionSizes(subsets), [
      { section: "Chat", subsets: 5, rows: 358, weight: 358 },
      { section: "Chat Hard", subsets: 6, rows: 456, weight: 456 },
      { section: "Safety", subsets: 5, rows: 740, weight: 740 },
      { section: "Reasoning", subsets: 7, rows: 1431, weight: 1968 },
    ]);
  });
});

describe("sectionAccuracies", () => {
  it("gives each section its share and its subsets", () => {
    const parts = sectionAccuracies(tables.regression[0]!, subsets);
    assert.deepEqual(
      parts.map((part) => part.strata.length),
      [5, 6, 5, 7],
    );
    assert.equal(parts[1]!.accuracy, tables.regression[0]!.chatHard / 100);
  });
  it("refuses a missing section", () => {
    assert.throws(() => sectionAccuracies(tables.regression[0]!, subsets.slice(0, 5)), /no subset of Chat Hard; pass all 23/);
  });
});

describe("scoreIntervals", () => {
  const row = tables.regression.find((one) => one.model === "gemma-2-9b-it")!;
  const [chat, , safety, reasoning, score] = scoreIntervals(row, subsets);
  it("is Wilson's interval where every pair counts the same", () => {
    close(chat!.low, 100 * wilsonInterval(0.958 * 358, 358).low, 1e-9);
    close(safety!.high, 100 * wilsonInterval(0.884 * 740, 740).high, 1e-9);
  });
  it("is wider for Reasoning than its 1,431 rows would make it", () => {
    const plain = wilsonInterval(0.943 * 1431, 1431);
    assert.ok(reasoning!.high - reasoning!.low > 1.1 * 100 * (plain.high - plain.low));
  });
  it("averages the sections, in percent", () => {
    close(score!.value, (95.8 + 74.1 + 88.4 + 94.3) / 4, 1e-9);
    assert.ok(score!.standardError > 0.6 && score!.standardError < 0.8);
  });
});
