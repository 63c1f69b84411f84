// The trainer against the compiled step alone, and its micro-batches by length against batches padded as they come.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, openWorkspace } from "basewise/compute";
import { saveCheckpoint } from "basewise/models";
import { normalQuantile, seededRandom } from "basewise/statistics";
import { choosePaddedLengths, laptop, StepOrder, train } from "basewise/training";
import { microInputs, updateInputs } from "../../lib/dist/training/step-inputs.js";
import { heldNames, stepFunctions } from "../../lib/dist/training/steps.js";
import { adamW, sizes, startOf, trainingStep } from "../engine/model.js";
import { machine, median, options, printTable } from "../options.js";

const help = `npm run bench training -- [--size tiny] [--parts equal,spread] [--rounds 5] [--steps 4] [--threads 2] [--json]

  --size NAME        ${Object.keys(sizes).join(", ")} (bench/engine)
  --parts            equal: texts of one length, against the compiled step of bench/engine
                     spread: lengths as HelpSteer2 has them, against batches padded as they come
  --rounds, --steps  both sides in turns, so many times so many timed steps each
  --json             one JSON object instead of text`;
const chosen = options(help, {
  size: { type: "string", default: "tiny" },
  parts: { type: "string", default: "equal,spread" },
  rounds: { type: "string", default: "5" },
  steps: { type: "string", default: "4" },
  threads: { type: "string", default: "2" },
});
const [rounds, steps, threads] = [chosen.rounds, chosen.steps, chosen.threads].map(Number);
const start = startOf(chosen.size);
const folder = mkdtempSync(join(tmpdir(), "basewise-bench-"));
const model = join(folder, "base");
const first = start.numbers();
const named = start.names.map((name, i) => ({ name, shape: start.shapes[i], data: first[i] }));
const config = { architectures: ["LlamaForCausalLM"], ...sizes[chosen.size].config, num_labels: 1 };
await saveCheckpoint(model, { config, tensors: named });
const random = seededRandom(1);

/** Ids as texts have them: few of them are most of the text. */
function text(length) {
  return Array.from({ length }, () => Math.floor(start.config.vocabSize * random() ** 4));
}

/** Times of the steps of one training by the trainer, from one step's end to the next one's, the first ones left out. */
async function trainerSteps(pairs, settings, warm, count) {
  const output = mkdtempSync(join(folder, "run-"));
  const enough = new AbortController();
  const ends = [];
  const lines = [];
  await train({
    model,
    task: { kind: "bradley-terry" },
    data: { train: pairs, validation: [] },
    config: { ...laptop, headLearningRateFactor: 1, evaluateEvery: null, saveEvery: null, maxSteps: null, ...settings },
    output,
    backend: "onnx",
    threads,
    signal: enough.signal,
    onStep: (line) => {
      ends.push(clock());
      lines.push(line);
      if (line.step === warm + count) enough.abort();
    },
  });
  rmSync(output, { recursive: true });
  return ends.slice(warm).map((end, i) => ({ ...since(ends[warm + i - 1], end), ...lines[warm + i] }));
}

/** Wall and processor time, seconds. The second is steadier where others use the machine too. */
function clock() {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now() / 1000, processor: (user + system) / 1e6 };
}

function since(before, now = clock()) {
  return { wall: now.wall - before.wall, processor: now.processor - before.processor };
}

/** The same pairs in each step, all of one length. */
async function equal() {
  const { texts, length } = start;
  const pairs = Array.from({ length: texts / 2 }, () => ({ chosen: text(length), rejected: text(length) }));
  const settings = { batchSize: texts / 2, microTokens: texts * length, epochs: 1000 };
  const engine = await engineStep();
  const found = { engine: [], trainer: [] };
  await engine();
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < steps; i++) {
      const before = clock();
      await engine();
      found.engine.push(since(before));
    }
    found.trainer.push(...(await trainerSteps(pairs, settings, 2, steps)));
  }
  const tokens = texts * length;
  return { tokens, engine: speeds(found.engine, tokens), trainer: speeds(found.trainer, tokens) };
}

/** Tokens a second: median and best by the clock, median by processor time. */
function speeds(times, tokens) {
  const of = (kind) => times.map((time) => tokens / time[kind]);
  return { median: median(of("wall")), best: Math.max(...of("wall")), processor: median(of("processor")) };
}

/** The step that bench/engine times against PyTorch. */
async function engineStep() {
  const shapes = Object.fromEntries(start.names.map((name, i) => [name, { shape: start.shapes[i] }]));
  const moments = start.names.flatMap((name) => [`mean.${name}`, `square.${name}`]);
  const types = Object.fromEntries(moments.map((key) => [key, shapes[key.slice(key.indexOf(".") + 1)]]));
  const scalar = { shape: [] };
  const ids = { shape: [start.texts, start.length], dtype: "int32" };
  const signature = { ...shapes, ...types, ids, rate: scalar, correction: scalar, rootCorrection: scalar };
  const run = await compile(trainingStep(start, "train"), signature, { threads, donate: [...start.names, ...moments] });
  const weights = Object.fromEntries(named.map(({ name, data }) => [name, data.slice()]));
  const state = Object.fromEntries(moments.map((key) => [key, new Float32Array(weights[key.slice(key.indexOf(".") + 1)].length)]));
  const numbers = { ids: start.ids, rate: [adamW.rate], correction: [10], rootCorrection: [30] };
  const given = Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, name === "ids" ? value : Float32Array.from(value)]),
  );
  return () => run({ ...weights, ...state, ...given });
}

/**
 * Lengths with HelpSteer2's spread, an eighth as long, so that a small model takes seconds: prompts of one turn about a tenth of an
 * answer, three in ten of several turns and longer than it, answers lognormal with σ 0.65, cut at 512.
 */
function helpSteerPairs(count) {
  const lognormal = (middle, sigma) => Math.exp(Math.log(middle) + sigma * normalQuantile(random() || Number.EPSILON));
  return Array.from({ length: count }, () => {
    const prompt = Math.min(375, 3 + Math.round(random() < 0.29 ? lognormal(62, 0.8) : lognormal(5, 1.2)));
    const answer = () => text(Math.min(512, prompt + 2 + Math.round(lognormal(38, 0.65))));
    return { chosen: answer(), rejected: answer() };
  });
}

/** Useful tokens a second: by the trainer, and by micro-batches of eight pairs in the order of the data, each padded to its longest text. */
async function spread() {
  const batchSize = 64;
  const pairs = helpSteerPairs(batchSize * steps);
  const settings = { batchSize, microTokens: 4096, epochs: 100, shuffle: false }; // the first epoch compiles, the second is timed, the rest is not run
  const padded = await paddedLoop(pairs, batchSize);
  const found = { trainer: [], padded: [] };
  for (let round = 0; round < rounds; round++) {
    found.trainer.push(total(await trainerSteps(pairs, settings, steps, steps)));
    found.padded.push(total(await padded()));
  }
  const texts = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const tokens = texts.reduce((sum, { length }) => sum + length, 0);
  const side = (own) => ({ ...speeds(own, tokens), useful: tokens / own[0].padded });
  return { meanTokens: tokens / texts.length, trainer: side(found.trainer), padded: side(found.padded) };
}

/** Times of all steps together, and their tokens with padding. */
function total(all) {
  const sum = (of) => all.reduce((before, step) => before + of(step), 0);
  return {
    wall: sum(({ wall }) => wall),
    processor: sum(({ processor }) => processor),
    padded: sum(({ tokens, useful }) => tokens / useful),
  };
}

/**
 * As TRL's RewardTrainer batches (per_device_train_batch_size 8, accumulated), on the same engine. Of the lengths that batches would be
 * padded to the best eight serve, so that here too few graphs are compiled; they are compiled before.
 */
async function paddedLoop(pairs, batchSize) {
  const task = { kind: "bradley-terry" };
  const settings = { ...laptop, batchSize, epochs: 1, maxSteps: null, shuffle: false, dropLastBatch: true, seed: 1 };
  const held = { config: start.config, weights: start.names, trained: start.names };
  const functions = stepFunctions(held, task, settings);
  const workspace = await openWorkspace({ backend: "onnx", threads });
  for (const { name, shape, data } of named) {
    const zeros = () => ({ shape, data: new Float32Array(data.length) });
    const beside = [heldNames.gradient(name), heldNames.mean(name), heldNames.square(name)].map((own) => [own, zeros()]);
    await workspace.put({ [name]: { shape, data }, ...Object.fromEntries(beside) });
  }
  const gradients = start.names.map(heldNames.gradient);
  const moments = [...start.names.map(heldNames.mean), ...start.names.map(heldNames.square)];
  const longestOf = (own) => Math.max(...own.flatMap(({ chosen, rejected }) => [chosen.length, rejected.length]));
  const batches = Array.from({ length: pairs.length / 8 }, (_, i) => pairs.slice(8 * i, 8 * i + 8)); // in the order of the data
  const lengths = choosePaddedLengths(batches.map(longestOf), 8);
  const one = async (step) => {
    const examples = new StepOrder(pairs.length, settings).of(step);
    let paddedTokens = 0;
    for (let from = 0; from < batchSize; from += 8) {
      const own = examples.slice(from, from + 8).map((i) => pairs[i]);
      const length = lengths.find((one) => one >= longestOf(own));
      const inputs = microInputs(start.config, task, own, { examples: [], rows: 8, length }, batchSize);
      await workspace.run(functions.micro, { ...inputs, carry: { shape: [], data: Float32Array.of(from === 0 ? 0 : 1) } }, [
        ...start.names,
        ...gradients,
      ]);
      paddedTokens += 16 * length;
    }
    await workspace.run(functions.update, updateInputs(settings, step, 1e-4), [...start.names, ...moments, ...gradients]);
    return { examples, paddedTokens };
  };
  const all = async () => {
    const found = [];
    for (let step = 1; step <= steps; step++) {
      const before = clock();
      const { examples, paddedTokens } = await one(step);
      const tokens = examples.reduce((sum, i) => sum + pairs[i].chosen.length + pairs[i].rejected.length, 0);
      found.push({ ...since(before), tokens, useful: tokens / paddedTokens });
    }
    return found;
  };
  await all(); // compiles
  return all;
}

const where = machine();
const parts = chosen.parts.split(",");
const results = { equal: parts.includes("equal") ? await equal() : null, spread: parts.includes("spread") ? await spread() : null };
rmSync(folder, { recursive: true });
if (chosen.json) console.log(JSON.stringify({ machine: where, loadAfter: machine().load, size: chosen.size, threads, ...results }));
else {
  console.log(`${chosen.size}, ${threads} threads; ${where.processor}, load ${where.load.toFixed(1)} to ${machine().load.toFixed(1)}`);
  const row = (name, { median, best, processor, useful }, other) => [
    name,
    ...[median, best, processor].map((value) => value.toFixed(0)),
    ...(useful === undefined ? [] : [useful.toFixed(2)]),
    ...(other === undefined
      ? ["", "", ""]
      : [median / other.median, best / other.best, processor / other.processor].map((ratio) => ratio.toFixed(2))),
  ];
  const ratios = ["ratio", "of best", "of processor time"];
  if (results.equal) {
    const { tokens, engine, trainer } = results.equal;
    console.log(`\nequal lengths, ${tokens} tokens a step`);
    const heads = ["", "tokens/s", "(best)", "a processor second", ...ratios];
    printTable([heads, row("the compiled step alone", engine), row("the trainer", trainer, engine)]);
  }
  if (results.spread) {
    const { meanTokens, trainer, padded } = results.spread;
    console.log(`\nHelpSteer2's spread of lengths, ${meanTokens.toFixed(0)} tokens a text, 64 pairs a step`);
    const heads = ["", "useful tokens/s", "(best)", "a processor second", "useful share", ...ratios];
    printTable([heads, row("padded as they come, 8 pairs", padded), row("the trainer", trainer, padded)]);
  }
}
process.exit(0); // ONNX Runtime's threads need not be waited for
