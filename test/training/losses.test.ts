import { describe, it } from "node:test";
import { compile, tf, useBackend } from "basewise/compute";
import { bradleyTerryLoss, centeringLoss, crossEntropyLoss, dpoLoss, regressionLoss } from "basewise/training";
import { allClose, numbersOf } from "../models/fixtures.ts";

await useBackend("cpu");

const vector = (values: number[]): tf.Tensor1D => tf.tensor1d(values, "float32");
const close = (loss: tf.Tensor, expected: number, tolerance = 1e-6): void => allClose(numbersOf(loss), [expected], tolerance, "loss");
const thirds = (): tf.Tensor1D => vector([1 / 3, 1 / 3, 1 / 3]);
const ones = (): tf.Tensor1D => vector([1, 1, 1]);

/** The gradient of a loss by one vector is that of central differences. */
function checkGradient(loss: (x: tf.Tensor1D) => tf.Scalar, at: number[], step = 1 / 64): void {
  const gradient = numbersOf(tf.grad((x: tf.Tensor) => loss(x as tf.Tensor1D))(vector(at)));
  const differences = at.map((value, i) => {
    const [up, down] = [step, -step].map((shift) => numbersOf(loss(vector(at.with(i, value + shift))))[0]!);
    return (up! - down!) / (2 * step);
  });
  allClose(gradient, differences, 2e-4, "gradient");
}

describe("Bradley–Terry loss", () => {
  const rejected = vector([0, 0, 0]);

  it("is the sum worked by hand", () => {
    // gaps 0, 1, 2: −ln σ = 0.693147, 0.313262, 0.126928; mean 0.377779
    close(bradleyTerryLoss(vector([0, 1, 2]), rejected, ones(), thirds()), 0.377779);
  });

  it("with margins takes them from the gap: gaps 1, 2, 3 less margins 1, 1, 1 are 0, 1, 2", () => {
    close(bradleyTerryLoss(vector([1, 2, 3]), rejected, ones(), thirds(), "margin"), 0.377779);
  });

  it("scaled multiplies each pair's part by its strength", () => {
    // (1 · 0.693147 + 2 · 0.313262 + 3 · 0.126928) / 3 = 0.566819
    close(bradleyTerryLoss(vector([0, 1, 2]), rejected, vector([1, 2, 3]), thirds(), "scaled"), 0.566818);
  });

  it("depends on differences alone, and pairs of weight 0 count nothing", () => {
    close(bradleyTerryLoss(vector([5, 6, 99]), vector([5, 5, -99]), ones(), vector([0.5, 0.5, 0])), (Math.LN2 + 0.313262) / 2);
  });

  it("stays finite for gaps of ±1000, and so does its gradient: 0 where won, −1 where lost", () => {
    const loss = (chosen: tf.Tensor1D): tf.Scalar => bradleyTerryLoss(chosen, vector([0, 0]), vector([1, 1]), vector([1, 1]));
    close(loss(vector([1000, -1000])), 1000);
    const gradient = tf.grad((x: tf.Tensor) => loss(x as tf.Tensor1D))(vector([1000, -1000]));
    allClose(numbersOf(gradient), [0, -1], 1e-7, "gradient");
  });

  it("stays finite compiled, too", async () => {
    const step = await compile(
      ({ chosen, rejected, one }) => {
        const loss = (c: tf.Tensor): tf.Scalar =>
          bradleyTerryLoss(c as tf.Tensor1D, rejected as tf.Tensor1D, one as tf.Tensor1D, one as tf.Tensor1D);
        const { value, grad } = tf.valueAndGrad(loss)(chosen!);
        return { value, grad };
      },
      { chosen: { shape: [3] }, rejected: { shape: [3] }, one: { shape: [3] } },
    );
    const found = await step({ chosen: Float32Array.of(1000, -1000, 0), rejected: new Float32Array(3), one: Float32Array.of(1, 1, 1) });
    await step.dispose();
    allClose(found["value"]!, [1000 + Math.LN2], 1e-3, "loss");
    allClose(found["grad"]!, [0, -1, -0.5], 1e-6, "gradient");
  });

  it("has the gradient −w σ(−d) by the better reward, its negative by the other", () => {
    const [won, lost] = tf.grads((c: tf.Tensor, r: tf.Tensor) => bradleyTerryLoss(c as tf.Tensor1D, r as tf.Tensor1D, ones(), thirds()))([
      vector([0, 1, 2]),
      rejected,
    ]);
    const expected = [0.5, 0.268941, 0.119203].map((share) => -share / 3); // σ(0), σ(−1), σ(−2)
    allClose(numbersOf(won!), expected, 1e-6, "chosen");
    allClose(
      numbersOf(lost!),
      expected.map((value) => -value),
      1e-6,
      "rejected",
    );
  });

  for (const variant of ["plain", "margin", "scaled"] as const) {
    it(`${variant}: the gradient is that of central differences`, () => {
      const margins = vector([1, 2, 3]);
      checkGradient((x) => bradleyTerryLoss(x, vector([0.3, -0.2, 1]), margins, thirds(), variant), [0.5, -1, 2]);
      checkGradient((x) => bradleyTerryLoss(vector([0.3, -0.2, 1]), x, margins, thirds(), variant), [0.5, -1, 2]);
    });
  }
});

describe("centering loss", () => {
  it("is the mean square of a pair's sum, as TRL has it", () => {
    // sums 3, −1, 0: (9 + 1 + 0) / 3
    close(centeringLoss(vector([1, 0, 2]), vector([2, -1, -2]), thirds()), 10 / 3, 1e-5);
    checkGradient((x) => centeringLoss(x, vector([2, -1, -2]), thirds()), [1, 0, 2]);
  });
});

describe("regression loss", () => {
  const ratings = tf.tensor2d([
    [4, 0],
    [2, 3],
  ]);

  it("is the mean over the ratings that there are", () => {
    // errors 1, (masked), −2, 1: (1 + 4 + 1) / 3
    const weights = tf.tensor2d([
      [1 / 3, 0],
      [1 / 3, 1 / 3],
    ]);
    const predicted = tf.tensor2d([
      [3, 77],
      [4, 2],
    ]);
    close(regressionLoss(predicted, ratings, weights), 2);
    checkGradient((x) => regressionLoss(tf.reshape(x, [2, 2]), ratings, weights), [3, 77, 4, 2]);
    const gradient = tf.grad((x: tf.Tensor) => regressionLoss(x as tf.Tensor2D, ratings, weights))(predicted);
    allClose(numbersOf(gradient), [-2 / 3, 0, 4 / 3, -2 / 3], 1e-6, "gradient 2w(ŷ − y), 0 where there is no rating");
  });
});

describe("cross-entropy", () => {
  it("is minus the mean log-probability of what is predicted", () => {
    // ½, ¼ and ⅛ of probability; the second is not to be predicted: (ln 2 + ln 8) / 2 = 2 ln 2
    const logs = vector([Math.log(0.5), Math.log(0.25), Math.log(0.125)]);
    close(crossEntropyLoss(logs, vector([0.5, 0, 0.5])), 2 * Math.LN2);
  });
});

describe("DPO loss", () => {
  const loss = (chosen: tf.Tensor1D, beta = 0.1): tf.Scalar =>
    dpoLoss(chosen, vector([-12, -9]), vector([1, -2]), vector([0.5, 0.5]), beta);

  it("is the sum worked by hand", () => {
    // policy: −10 − (−12) = 2, reference 1: d = 0.1 · (2 − 1) = 0.1; −9 − (−9) = 0, reference −2: d = 0.2
    // ln(1 + e^−0.1) = 0.644397, ln(1 + e^−0.2) = 0.598139; mean 0.621268
    close(loss(vector([-10, -9])), 0.621268);
  });

  it("is ln 2 where policy and reference agree, whatever beta is", () => close(loss(vector([-11, -11]), 7), Math.LN2));

  it("has the gradient of central differences", () => checkGradient((x) => loss(x, 0.5), [-10, -9]));

  it("stays finite far from the reference", () => close(loss(vector([-100_000, -9]), 1), (99_989 + Math.log1p(Math.exp(-2))) / 2, 0.02));
});
