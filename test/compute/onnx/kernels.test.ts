import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addColumns, type InputType, mayFuse, type Numbers, rotaryEmbedding, type Signature, tf, useBackend } from "basewise/compute";
import { seededRandom } from "basewise/statistics";
import { kernels } from "../../../lib/dist/compute/onnx/kernels/index.js";
import { sameAsEager } from "./both.ts";

await useBackend("cpu");

type Dtype = NonNullable<InputType["dtype"]>;
/** Numbers between −3 and 3, or what the case asks for. */
type Draw = (random: () => number) => number;

interface Case {
  kernel: string;
  /** shapes of the inputs a, b, c, … */
  shapes: number[][];
  dtypes?: Dtype[];
  draws?: Draw[];
  run: (...tensors: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
  tolerance?: number;
}

const spread: Draw = (random) => 6 * random() - 3;
const positive: Draw = (random) => 3 * random() + 0.05;
const whole =
  (from: number, to: number): Draw =>
  (random) =>
    from + Math.floor(random() * (to - from + 1));
const wholeNonzero: Draw = (random) => (random() < 0.5 ? -1 : 1) * (1 + Math.floor(4 * random()));
const truth: Draw = (random) => (random() < 0.5 ? 0 : 1);
/** Token ids as texts have them: few, and often the same. */
const repeated =
  (count: number): Draw =>
  (random) =>
    Math.floor(count * random() ** 3);
/** Numbers that functions treat in their own way. */
const special: Draw = (random) =>
  [0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 88, -104][Math.floor(9 * random())]!;

const pairs = [
  [
    [3, 4],
    [3, 4],
  ],
  [[3, 4], []],
  [[], [3, 4]],
  [
    [2, 1, 4],
    [3, 1],
  ],
  [
    [1, 5],
    [4, 1],
  ],
  [
    [0, 4],
    [1, 4],
  ],
  [
    [2, 0],
    [2, 1],
  ],
  [[1], [1]],
  [[70, 70], [70]],
]; // broadcast, zeros, ones

function binary(kernel: string, op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, draws: Draw[], dtypes: Dtype[][]): Case[] {
  return dtypes.flatMap((own) => pairs.map((shapes): Case => ({ kernel, shapes, dtypes: own, draws, run: (a, b) => op(a!, b!) })));
}
const floats: Dtype[] = ["float32", "float32"];
const ints: Dtype[] = ["int32", "int32"];
const bools: Dtype[] = ["bool", "bool"];

const unaryShapes = [[3, 5], [], [0, 3], [1, 1], [130, 40]];
function unary(
  kernel: string,
  op: (x: tf.Tensor) => tf.Tensor,
  draw: Draw = spread,
  dtypes: Dtype[] = ["float32"],
  tolerance = 2e-6,
): Case[] {
  return dtypes.flatMap((dtype) =>
    unaryShapes.map((shape): Case => ({ kernel, shapes: [shape], dtypes: [dtype], draws: [draw], run: (x) => op(x!), tolerance })),
  );
}

const reduced: [number[], number | number[] | undefined, boolean][] = [
  [[3, 4], undefined, false],
  [[3, 4], 0, false],
  [[3, 4], -1, true],
  [[2, 3, 4], [0, 2], false],
  [[2, 3, 4], [1], true],
  [[2, 0, 3], 1, false],
  [[2, 0, 3], 0, true],
  [[5], 0, false],
  [[], undefined, false],
  [[600, 30], 0, false],
];
type Reduction = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;
function reduction(kernel: string, op: Reduction, draw: Draw, dtypes: Dtype[], ofNothing = true): Case[] {
  return dtypes.flatMap((dtype) =>
    reduced
      .filter(([shape]) => ofNothing || !shape.includes(0))
      .map(
        ([shape, axis, keep]): Case => ({
          kernel,
          shapes: [shape],
          dtypes: [dtype],
          draws: [draw],
          run: (x) => op(x!, axis, keep),
          tolerance: 2e-5,
        }),
      ),
  );
}

function matMul(a: number[], b: number[], transposeA = false, transposeB = false, dtypes = floats): Case {
  const draws = dtypes[0] === "int32" ? [whole(-5, 5), whole(-5, 5)] : [spread, spread];
  return {
    kernel: "BatchMatMul",
    shapes: [a, b],
    dtypes,
    draws,
    run: (x, y) => tf.matMul(x!, y!, transposeA, transposeB),
    tolerance: 5e-5,
  };
}

/**
 * Pairs turned by their positions, by ONNX Runtime's kernel and by the formula.
 *
 * @param x     [batch, length, heads, headDim]
 * @param rows  of the tables: length, or batch · length
 */
function turned(x: [number, number, number, number], rows: number, pairs: number, interleaved: boolean): Case {
  const table = [rows, pairs];
  const byParts = (own: tf.Tensor4D, cos: tf.Tensor2D, sin: tf.Tensor2D): tf.Tensor4D => {
    const [c, s] = [cos, sin].map((one) => tf.reshape(one, [-1, x[1], 1, pairs]));
    const [first, second] = [0, 1].map((half) =>
      interleaved
        ? tf.stridedSlice(own, [0, 0, 0, half], [...x.slice(0, 3), 2 * pairs], [1, 1, 1, 2])
        : tf.slice(own, [0, 0, 0, half * pairs], [-1, -1, -1, pairs]),
    );
    const [a, b] = [tf.sub(tf.mul(first!, c!), tf.mul(second!, s!)), tf.add(tf.mul(second!, c!), tf.mul(first!, s!))];
    const both = interleaved ? tf.reshape(tf.stack([a, b], -1), [...x.slice(0, 3), 2 * pairs]) : tf.concat([a, b], 3);
    return tf.concat([both, tf.slice(own, [0, 0, 0, 2 * pairs], [-1, -1, -1, -1])], 3) as tf.Tensor4D;
  };
  return {
    kernel: "RotaryEmbedding",
    shapes: [x, table, table],
    run: (own, cos, sin) => {
      const tensors = [own as tf.Tensor4D, cos as tf.Tensor2D, sin as tf.Tensor2D] as const;
      return mayFuse() ? rotaryEmbedding(...tensors, interleaved) : byParts(...tensors);
    },
  };
}

/** x + y, where y is 0 in its first columns; x itself must be as it was. */
function columnsAdded(x: number[], y: number[], column: number): Case {
  return {
    kernel: "AddColumns",
    shapes: [x, y],
    run: (own, part) => {
      const made = tf.mul(own, 2); // of the graph's own, which it may write over
      const zeros = part.shape.map((_, axis): [number, number] => (axis === part.rank - 1 ? [column, 0] : [0, 0]));
      return [addColumns(tf.mul(own, 3), tf.pad(part, zeros), column), addColumns(made, tf.pad(part, zeros), column), made];
    },
  };
}

/** Gradient with respect to the first input, of a sum that weighs every element differently. */
function gradient(op: (x: tf.Tensor, ...rest: tf.Tensor[]) => tf.Tensor): (x: tf.Tensor, ...rest: tf.Tensor[]) => tf.Tensor {
  return (x, ...rest) =>
    tf.grad((own) => {
      const y = op(own, ...rest);
      return tf.sum(tf.mul(y, tf.reshape(tf.cos(tf.range(0, y.size, 1, "float32")), y.shape)));
    })(x);
}

const cases: Case[] = [
  ...binary("Add", tf.add, [spread, spread], [floats]),
  ...binary("Add", tf.add, [whole(-9, 9), whole(-9, 9)], [ints]),
  ...binary("Sub", tf.sub, [whole(-9, 9), whole(-9, 9)], [floats, ints]),
  ...binary("Multiply", tf.mul, [whole(-9, 9), whole(-9, 9)], [floats, ints]),
  ...binary("RealDiv", tf.div, [spread, positive], [floats]),
  ...binary("FloorDiv", tf.floorDiv, [whole(-9, 9), wholeNonzero], [floats, ints]),
  ...binary("Mod", tf.mod, [whole(-9, 9), wholeNonzero], [floats, ints]),
  ...binary("Maximum", tf.maximum, [whole(-9, 9), whole(-9, 9)], [floats, ints]),
  ...binary("Minimum", tf.minimum, [whole(-9, 9), whole(-9, 9)], [floats, ints]),
  ...binary("Pow", tf.pow, [positive, spread], [floats]),
  ...binary("Pow", tf.pow, [whole(-3, 3), whole(0, 4)], [ints]),
  ...binary("SquaredDifference", tf.squaredDifference, [whole(-9, 9), whole(-9, 9)], [floats, ints]),
  ...binary("LogicalAnd", tf.logicalAnd, [truth, truth], [bools]),
  ...binary("LogicalOr", tf.logicalOr, [truth, truth], [bools]),
  ...binary("Equal", tf.equal, [whole(0, 2), whole(0, 2)], [floats, ints]),
  ...binary("Equal", tf.equal, [truth, truth], [bools]),
  ...binary("NotEqual", tf.notEqual, [whole(0, 2), whole(0, 2)], [floats, ints]),
  ...binary("Greater", tf.greater, [whole(0, 2), whole(0, 2)], [floats, ints]),
  ...binary("GreaterEqual", tf.greaterEqual, [whole(0, 2), whole(0, 2)], [floats, ints]),
  ...binary("Less", tf.less, [whole(0, 2), whole(0, 2)], [floats, ints]),
  ...binary("LessEqual", tf.lessEqual, [whole(0, 2), whole(0, 2)], [floats, ints]),

  ...unary("Abs", tf.abs, whole(-9, 9), ["float32", "int32"]),
  ...unary("Neg", tf.neg, whole(-9, 9), ["float32", "int32"]),
  ...unary("Sign", tf.sign, whole(-2, 2), ["float32", "int32"]),
  ...unary("Square", tf.square, whole(-9, 9), ["float32", "int32"]),
  ...unary("Ceil", tf.ceil),
  ...unary("Floor", tf.floor),
  ...unary("Round", tf.round, (random) => whole(-9, 9)(random) / 2),
  ...unary("Cos", tf.cos),
  ...unary("Sin", tf.sin),
  ...unary("Tan", tf.tan, (random) => random()),
  ...unary("Atan", tf.atan),
  ...unary("Erf", tf.erf),
  ...unary("Exp", tf.exp, spread, ["float32", "int32"]),
  ...unary("Expm1", tf.expm1, spread, ["float32"], 5e-6),
  ...unary("Log", tf.log, positive),
  ...unary("Log1p", tf.log1p, positive),
  ...unary("Reciprocal", tf.reciprocal, positive),
  ...unary("Rsqrt", tf.rsqrt, positive),
  ...unary("Sigmoid", tf.sigmoid),
  ...unary("Softplus", tf.softplus, (random) => 200 * random() - 100),
  ...unary("Sqrt", tf.sqrt, positive),
  ...unary("Tanh", tf.tanh),
  ...unary("Relu", tf.relu, whole(-2, 2), ["float32", "int32"]),
  ...unary("Elu", tf.elu),
  ...unary("LeakyRelu", (x) => tf.leakyRelu(x, 0.1)),
  ...unary("IsNan", tf.isNaN, special),
  ...unary("IsInf", tf.isInf, special),
  ...unary("IsFinite", tf.isFinite, special),
  ...unary("LogicalNot", tf.logicalNot, truth, ["bool"]),
  ...unary("ClipByValue", (x) => tf.clipByValue(x, -1, 2), whole(-4, 4), ["float32", "int32"]),
  ...unary("Step", (x) => tf.step(x, 0.25), special),
  ...unary("Cast", (x) => tf.cast(x, "int32"), spread),
  ...unary("Cast", (x) => tf.cast(x, "bool"), whole(-1, 1), ["float32", "int32"]),
  ...unary("Cast", (x) => tf.cast(x, "float32"), truth, ["bool", "int32"]),
  ...unary("OnesLike", tf.onesLike, whole(0, 3), ["float32", "int32"]),
  ...unary("ZerosLike", tf.zerosLike, truth, ["float32", "int32", "bool"]),
  ...unary("Identity", (x) => tf.clone(x), truth, ["float32", "int32", "bool"]),
  ...unary(
    "Softmax",
    (x) => tf.softmax(tf.reshape(x, [-1, x.shape.at(-1) ?? 1])),
    (random) => 40 * random(),
  ),
  ...unary(
    "LogSoftmax",
    (x) => tf.logSoftmax(tf.reshape(x, [-1, x.shape.at(-1) ?? 1])),
    (random) => 40 * random(),
    ["float32"],
    4e-6,
  ),

  ...reduction("Sum", tf.sum, spread, ["float32"]),
  ...reduction("Sum", tf.sum, whole(-9, 9), ["int32"]),
  ...reduction("Sum", tf.sum, truth, ["bool"]),
  ...reduction("Prod", tf.prod, (random) => 0.9 + 0.2 * random(), ["float32"]),
  ...reduction("Max", tf.max, whole(-9, 9), ["float32", "int32"], false),
  ...reduction("Min", tf.min, whole(-9, 9), ["float32", "int32"], false),
  ...reduction("Mean", tf.mean, whole(-9, 9), ["float32", "int32"]),
  ...reduction("Any", tf.any as Reduction, (random) => (random() < 0.2 ? 1 : 0), ["bool"]),
  ...reduction("All", tf.all as Reduction, (random) => (random() < 0.8 ? 1 : 0), ["bool"], false),
  ...reduction(
    "Sum",
    (x, axis, keep) => tf.logSumExp(x, axis, keep),
    (random) => 100 * random(),
    ["float32"],
    false,
  ),
  { kernel: "ArgMax", shapes: [[4, 6]], draws: [whole(0, 3)], run: (x) => tf.argMax(x!, 1) },
  { kernel: "ArgMin", shapes: [[4, 6]], dtypes: ["int32"], draws: [whole(0, 3)], run: (x) => tf.argMin(x!, 0) },
  { kernel: "Cumsum", shapes: [[3, 5]], run: (x) => tf.cumsum(x!, 1, true, true) },
  { kernel: "Cumsum", shapes: [[3, 5]], dtypes: ["int32"], draws: [whole(-5, 5)], run: (x) => tf.cumsum(x!, 0) },
  { kernel: "TopK", shapes: [[4, 9]], run: (x) => Object.values(tf.topk(x!, 3)) as tf.Tensor[] },

  {
    kernel: "AddN",
    shapes: [
      [3, 4],
      [3, 4],
      [3, 4],
    ],
    run: (...all) => tf.addN(all),
  },
  { kernel: "AddN", shapes: [[3], [3]], dtypes: ints, draws: [whole(-9, 9), whole(-9, 9)], run: (...all) => tf.addN(all) },
  ...[[2, 3], [0, 3], [1]].flatMap((shape) =>
    (["float32", "int32", "bool"] as const).map(
      (dtype): Case => ({
        kernel: "Select",
        shapes: [shape, shape, shape],
        dtypes: ["bool", dtype, dtype],
        draws: [truth, truth, truth],
        run: (test, a, b) => tf.where(test!, a!, b!),
      }),
    ),
  ),
  {
    kernel: "Select",
    shapes: [[3], [3, 2], [3, 2]],
    dtypes: ["bool", ...floats],
    draws: [truth, spread, spread],
    run: (t, a, b) => tf.where(tf.reshape(t!, [3, 1]), a!, b!),
  },

  { kernel: "Reshape", shapes: [[2, 6]], run: (x) => tf.reshape(tf.reshape(x!, [3, -1]), [4, 3]) },
  { kernel: "Reshape", shapes: [[0, 6]], run: (x) => tf.reshape(x!, [3, 0]) },
  { kernel: "ExpandDims", shapes: [[2, 3]], run: (x) => [tf.expandDims(x!, 0), tf.expandDims(x!, -1), tf.expandDims(x!, 1)] },
  {
    kernel: "Transpose",
    shapes: [[2, 3, 4]],
    run: (x) => [tf.transpose(x!), tf.transpose(x!, [1, 0, 2]), tf.transpose(tf.transpose(x!, [1, 2, 0]), [2, 0, 1])],
  },
  {
    kernel: "Transpose",
    shapes: [[2, 1, 4]],
    dtypes: ["bool"],
    draws: [truth],
    run: (x) => [tf.transpose(x!, [1, 0, 2]), tf.transpose(x!, [2, 1, 0])],
  },
  {
    kernel: "Concat",
    shapes: [
      [2, 3],
      [2, 0],
      [2, 5],
    ],
    run: (...all) => tf.concat(all, -1),
  },
  {
    kernel: "Concat",
    shapes: [
      [2, 0],
      [2, 1],
    ],
    dtypes: ["int32", "int32"],
    draws: [whole(0, 9), whole(0, 9)],
    run: (...all) => tf.concat(all, 1),
  },
  {
    kernel: "Pack",
    shapes: [
      [2, 3],
      [2, 3],
    ],
    run: (...all) => [tf.stack(all, 0), tf.stack(all, -1), tf.stack(all.slice(1), 1)],
  },
  { kernel: "Unpack", shapes: [[2, 3]], run: (x) => [...tf.unstack(x!, 0), ...tf.unstack(x!, -1)] },
  {
    kernel: "SplitV",
    shapes: [[4, 6]],
    run: (x) => [...tf.split(x!, 2, 0), ...tf.split(x!, [1, 2, 3], -1), ...tf.split(x!, [0, 6], 1), ...tf.split(x!, 1, 1)],
  },
  {
    kernel: "Slice",
    shapes: [[4, 6]],
    run: (x) => [tf.slice(x!, [1, 2], [2, -1]), tf.slice(x!, [0, 0], [4, 6]), tf.slice(x!, 2, 0), tf.slice(x!, [3], [1])],
  },
  { kernel: "PadV2", shapes: [[2, 3]], run: (x) => tf.pad(x!, [[1, 0], [0, 2]], -1.5) }, // biome-ignore format: one line
  { kernel: "PadV2", shapes: [[0, 3]], dtypes: ["int32"], draws: [whole(0, 9)], run: (x) => tf.pad(x!, [[1, 1], [0, 0]], 4) }, // biome-ignore format: one line
  { kernel: "PadV2", shapes: [[2]], dtypes: ["int32"], draws: [whole(0, 9)], run: (x) => tf.pad(x!, [[1, 1]], 4) },
  { kernel: "Tile", shapes: [[2, 1]], run: (x) => [tf.tile(x!, [2, 3]), tf.tile(x!, [1, 1]), tf.tile(x!, [0, 2])] },
  { kernel: "Tile", shapes: [[2, 1]], dtypes: ["bool"], draws: [truth], run: (x) => tf.tile(x!, [2, 3]) },
  { kernel: "BroadcastTo", shapes: [[2, 1]], run: (x) => tf.broadcastTo(x!, [3, 2, 4]) },
  { kernel: "Reverse", shapes: [[2, 3]], run: (x) => [tf.reverse(x!), tf.reverse(x!, 1)] },
  { kernel: "Fill", shapes: [[2, 3]], run: (x) => tf.add(x!, tf.fill([4, 1, 1], 2.5)) },
  { kernel: "Range", shapes: [[3]], run: (x) => tf.add(x!, tf.range(6, 0, -2)) },

  {
    kernel: "GatherV2",
    shapes: [[5, 3], [7]],
    dtypes: ["float32", "int32"],
    draws: [spread, repeated(5)],
    run: (x, i) => tf.gather(x!, i as tf.Tensor1D),
  },
  {
    kernel: "GatherV2",
    shapes: [
      [2, 5, 3],
      [2, 2],
    ],
    dtypes: ["int32", "int32"],
    draws: [whole(0, 99), repeated(5)],
    run: (x, i) => tf.gather(x!, i as tf.Tensor2D, 1),
  },
  {
    kernel: "GatherV2",
    shapes: [[5, 3], [0]],
    dtypes: ["float32", "int32"],
    draws: [spread, repeated(5)],
    run: (x, i) => tf.gather(x!, i as tf.Tensor1D),
  },
  {
    kernel: "GatherNd",
    shapes: [
      [4, 5, 2],
      [6, 2],
    ],
    dtypes: ["float32", "int32"],
    draws: [spread, repeated(4)],
    run: (x, i) => tf.gatherND(x!, i!),
  },
  ...[
    [50, 64, 900],
    [6, 1, 5],
    [1, 3, 4],
    [9, 200, 2000],
  ].map(
    ([rows, width, count]): Case => ({
      kernel: "UnsortedSegmentSum",
      shapes: [[rows!, width!], [count!]],
      dtypes: ["float32", "int32"],
      draws: [spread, repeated(rows!)],
      run: gradient((x, i) => tf.gather(x, i as tf.Tensor1D)),
      tolerance: 2e-5,
    }),
  ),
  {
    kernel: "UnsortedSegmentSum",
    shapes: [[40, 8], [40]],
    dtypes: ["float32", "int32"],
    draws: [spread, repeated(4)],
    run: (x, i) => tf.unsortedSegmentSum(x!, i as tf.Tensor1D, 6),
  },
  {
    kernel: "UnsortedSegmentSum",
    shapes: [[0, 8], [0]],
    dtypes: ["float32", "int32"],
    draws: [spread, repeated(4)],
    run: (x, i) => tf.unsortedSegmentSum(x!, i as tf.Tensor1D, 3),
  },
  {
    kernel: "ScatterNd",
    shapes: [
      [30, 2],
      [30, 5],
    ],
    dtypes: ["int32", "float32"],
    draws: [repeated(3), spread],
    run: (i, x) => tf.scatterND(i!, x!, [3, 4, 5]),
    tolerance: 1e-5,
  },
  { kernel: "OneHot", shapes: [[6]], dtypes: ["int32"], draws: [whole(-1, 4)], run: (i) => tf.oneHot(i!, 4) },
  { kernel: "OneHot", shapes: [[2, 3]], dtypes: ["int32"], draws: [whole(0, 3)], run: (i) => tf.oneHot(i!, 4, 2, -1, "float32") },

  matMul([3, 4], [4, 5]),
  matMul([4, 3], [4, 5], true),
  matMul([3, 4], [5, 4], false, true),
  matMul([4, 3], [5, 4], true, true),
  matMul([2, 3, 4], [2, 4, 5]),
  matMul([2, 4, 3], [2, 4, 5], true),
  matMul([2, 3, 4], [2, 5, 4], false, true),
  matMul([2, 4, 3], [2, 5, 4], true, true),
  matMul([2, 3, 3, 4], [1, 1, 5, 4], false, true),
  matMul([1, 3, 4], [1, 5, 4], false, true),
  matMul([3, 4], [2, 4, 5]),
  matMul([1, 1], [1, 1]),
  // rows of 4 KiB, which get a few zeros more
  { ...matMul([512, 1024], [1024, 3]), tolerance: 2e-4 },
  { ...matMul([512, 1024], [3, 1024], false, true), tolerance: 2e-4 },
  matMul([3, 0], [0, 5]),
  matMul([0, 3], [3, 5]),
  matMul([3, 4], [5, 4], false, true, ints),
  matMul([2, 4, 3], [2, 4, 5], true, false, ints),
  matMul([130, 96], [200, 96], false, true),
  matMul([96, 130], [96, 200], true, false),

  turned([1, 1, 1, 2], 1, 1, false),
  turned([3, 5, 2, 8], 5, 4, false), // one table for all texts
  columnsAdded([2, 3, 4, 6], [4, 2], 4),
  columnsAdded([2, 1, 4, 6], [1, 5], 1), // one row for all
  columnsAdded([2, 3, 4, 6], [3, 4, 3], 3), // heads differ
  columnsAdded([4, 300], [4, 44], 256),
  columnsAdded([2, 4, 6], [5, 1, 1, 2], 4), // more axes than x
  columnsAdded([6], [2], 4),
  columnsAdded([0, 4, 6], [4, 2], 4),
  turned([3, 5, 2, 8], 15, 4, false), // each text's own
  turned([3, 1, 2, 8], 3, 4, false), // the last tokens
  turned([2, 5, 3, 14], 5, 2, false), // a part of each head
  turned([2, 5, 3, 14], 10, 6, false),
  turned([2, 5, 3, 14], 5, 7, true),
  turned([2, 5, 3, 14], 10, 3, true),
  turned([2, 70, 4, 64], 70, 32, false),
  turned([0, 5, 2, 8], 5, 4, false),

  { kernel: "Softmax", shapes: [[7, 33]], run: gradient((x) => tf.softmax(x)) },
  { kernel: "LogSoftmax", shapes: [[7, 33]], run: gradient((x) => tf.logSoftmax(x)) },
  { kernel: "Sum", shapes: [[7, 33]], run: gradient((x) => tf.logSumExp(x, 1)) },
  { kernel: "Mean", shapes: [[7, 33]], run: gradient((x) => tf.mean(tf.square(x), -1, true)) },
  { kernel: "Erf", shapes: [[7, 33]], run: gradient((x) => tf.erf(x)) },
  { kernel: "Relu", shapes: [[7, 33]], run: gradient((x) => tf.relu(x)) },
  { kernel: "Maximum", shapes: [[7, 33]], run: gradient((x) => tf.maximum(x, 0.5)) },
  { kernel: "ClipByValue", shapes: [[7, 33]], run: gradient((x) => tf.clipByValue(x, -1, 1)) },
  { kernel: "SplitV", shapes: [[7, 34]], run: gradient((x) => tf.concat(tf.split(x, 2, 1).reverse(), 1)) },
  { kernel: "PadV2", shapes: [[7, 33]], run: gradient((x) => tf.slice(x, [1, 2], [3, 4])) },
  {
    kernel: "Select",
    shapes: [
      [7, 33],
      [7, 33],
    ],
    run: gradient((x, y) => tf.where(tf.greater(y!, 0), tf.square(x), x)),
  },
  {
    kernel: "BatchMatMul",
    shapes: [
      [2, 3, 4],
      [2, 5, 4],
    ],
    run: gradient((x, y) => tf.matMul(x, y!, false, true)),
    tolerance: 1e-5,
  },
  { kernel: "Pow", shapes: [[7, 3]], draws: [positive], run: gradient((x) => tf.pow(x, 3)), tolerance: 1e-5 },
];

const letters = "abcdefg";

describe("each kernel equals the eager one, 20 runs on two threads alike", () => {
  const byKernel = new Map(cases.map(({ kernel }) => [kernel, cases.filter((other) => other.kernel === kernel)]));
  for (const [kernel, own] of byKernel) {
    it(`${kernel} (${own.length} cases)`, async () => {
      for (const [number, { shapes, dtypes, draws, run, tolerance }] of own.entries()) {
        const random = seededRandom(number + 1);
        const signature: Record<string, InputType> = {};
        const inputs: Record<string, Numbers> = {};
        shapes.forEach((shape, i) => {
          const dtype = dtypes?.[i] ?? "float32";
          const draw = draws?.[i] ?? spread;
          const size = shape.reduce((product, length) => product * length, 1);
          const array = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
          signature[letters[i]!] = { shape, dtype };
          inputs[letters[i]!] = array.from(Array.from({ length: size }, () => draw(random)));
        });
        const fn = (tensors: Record<string, tf.Tensor>): Record<string, tf.Tensor> => {
          const results = [run(...shapes.map((_, i) => tensors[letters[i]!]!))].flat();
          return Object.fromEntries(results.map((tensor, i) => [`result ${i}`, tensor]));
        };
        try {
          await sameAsEager(fn, signature as Signature, inputs, tolerance);
        } catch (error) {
          throw new Error(`${kernel} on ${JSON.stringify(signature)}: ${error instanceof Error ? error.message : error}`);
        }
      }
    });
  }

  it("no kernel of the table is left out", () => {
    const tested = new Set(cases.map(({ kernel }) => kernel));
    assert.deepEqual(
      Object.keys(kernels).filter((kernel) => !tested.has(kernel)),
      [],
    );
  });
});
