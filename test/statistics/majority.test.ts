import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close } from "basewise/notebook";
import { expectedAgreement, majorityAccuracy, seededRandom, simulateMajority } from "basewise/statistics";

describe("majorityAccuracy", () => {
  it("is 3p² − 2p³ for three voters", () => {
    for (const p of [0, 0.3, 0.5, 0.9, 1]) close(majorityAccuracy(p, 3), 3 * p ** 2 - 2 * p ** 3, 1e-12);
  });
  it("matches five voters worked by hand", () => close(majorityAccuracy(0.6, 5), 0.68256, 1e-12)); // 10·.216·.16 + 5·.1296·.4 + .07776
  it("mirrors at one half", () => close(majorityAccuracy(0.7, 7) + majorityAccuracy(0.3, 7), 1, 1e-12));
  it("refuses even votes", () => assert.throws(() => majorityAccuracy(0.7, 4), /4 voters can tie/));
});

describe("simulateMajority", () => {
  it("comes within four standard errors of the closed form", () => {
    const share = simulateMajority(100_000, 3, 0.8, seededRandom(1)) / 100_000;
    close(share, majorityAccuracy(0.8, 3), 4 * Math.sqrt((0.896 * 0.104) / 100_000));
  });
});

describe("expectedAgreement", () => {
  it("is one voter's chance when the other is sure, and symmetric", () => {
    assert.equal(expectedAgreement(1, 0.9), 0.9);
    close(expectedAgreement(0.8, 0.9), 0.74, 1e-12); // .72 + .02
    close(expectedAgreement(0.9, 0.8), 0.74, 1e-12);
  });
});
