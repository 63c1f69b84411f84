// Training steps and scoring, compiled, against PyTorch: in turns, on the same numbers.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { compile, openWorkspace, useBackend } from "basewise/compute";
import { scoreRewards, scoreTexts } from "basewise/models";
import { machine, median, options, printTable } from "../options.js";
import { adamW, rewardsOfEveryRow, sizes, startOf, trainingStep } from "./model.js";

const known = ["train", "train-lengths", "train-rows", "reward", "reward-rows", "logprob"];
const help = `npm run bench engine -- [--python COMMAND] [--size tiny] [--tasks train,…] [--rounds 5] [--steps 4] [--threads 2] [--json]

  --python COMMAND   a Python with PyTorch (default python3)
  --tasks LIST       ${known.join(", ")}; lengths: a step each of texts whole, cut to
                     three quarters, and to half; rows: our side computes every row of the last layer, too
  --size NAME        ${Object.keys(sizes).join(", ")}
  --rounds, --steps  both engines in turns, so many times so many timed steps each
  --long COUNT       instead: so many steps of ours on end; whether they get slower or take more memory
  --json             one JSON object instead of text`;
const chosen = options(help, {
  size: { type: "string", default: "tiny" },
  tasks: { type: "string", default: "train,train-rows,reward,reward-rows,logprob" },
  rounds: { type: "string", default: "5" },
  steps: { type: "string", default: "4" },
  threads: { type: "string", default: "2" },
  long: { type: "string", default: "0" },
});
const tasks = chosen.tasks.split(",");
for (const [option, values, all] of [
  ["tasks", tasks, known],
  ["size", [chosen.size], Object.keys(sizes)],
]) {
  const wrong = values.find((value) => !all.includes(value));
  if (wrong === undefined) continue;
  console.error(`--${option}: ${wrong} is none of ${all.join(", ")}`);
  process.exit(2);
}
const [rounds, steps, threads] = [chosen.rounds, chosen.steps, chosen.threads].map(Number);
const start = startOf(chosen.size);

/** Lengths of the texts that a step of a task takes, one batch after the other. */
function lengthsOf(task) {
  const { length } = start;
  return task.endsWith("-lengths") ? [length, (3 * length) / 4, length / 2] : [length];
}

/** Our engine: a step gives the numbers that both must agree on. */
function ours(task) {
  return task.startsWith("train") ? training(task) : scoring(task);
}

/** As lib's trainer does it: weights and moments are held by a workspace that knows which shapes will come. */
async function training(task) {
  const workspace = await openWorkspace({ backend: "onnx", threads });
  const own = start.numbers();
  for (const [i, name] of start.names.entries()) {
    const tensor = { shape: start.shapes[i] };
    await workspace.put({ [name]: { ...tensor, data: own[i] } }, { transfer: true });
    for (const moment of [`mean.${name}`, `square.${name}`]) {
      await workspace.put({ [moment]: { ...tensor, data: new Float32Array(tensor.shape.reduce((a, b) => a * b, 1)) } }, { transfer: true });
    }
  }
  const held = start.names.flatMap((name) => [name, `mean.${name}`, `square.${name}`]);
  const run = trainingStep(start, task);
  const number = { shape: [] };
  const batches = lengthsOf(task).map((length) => {
    return { shape: [start.texts, length], dtype: "int32", data: Int32Array.from(textsOf(length).flat()) };
  });
  const types = batches.map(({ shape, dtype }) => ({ ids: { shape, dtype }, rate: number, correction: number, rootCorrection: number }));
  const compileSeconds = await secondsToCompile(run, types, held);
  workspace.foresee(run, types, held);
  let count = 0;
  const update = async (ids) => {
    count++;
    const rates = { rate: adamW.rate, correction: 1 / (1 - adamW.mean ** count), rootCorrection: 1 / Math.sqrt(1 - adamW.square ** count) };
    const scalars = Object.fromEntries(Object.entries(rates).map(([name, value]) => [name, { ...number, data: Float32Array.of(value) }]));
    return (await workspace.run(run, { ids, ...scalars }, held)).loss[0];
  };
  const step = async () => {
    const losses = [];
    for (const batch of batches) losses.push(await update(batch));
    return losses;
  };
  return { step, compileSeconds, end: () => workspace.close() };
}

/** Trace and session for each of the shapes, one after the other; nothing is kept. */
async function secondsToCompile(run, types, held) {
  const shapes = Object.fromEntries(start.names.map((name, i) => [name, start.shapes[i]]));
  const weights = Object.fromEntries(held.map((name) => [name, { shape: shapes[name.replace(/^(mean|square)\./, "")] }]));
  const before = performance.now();
  for (const inputs of types) await (await compile(run, { ...weights, ...inputs }, { threads, donate: held })).dispose();
  return (performance.now() - before) / 1000;
}

/** Token ids of the texts, cut to a length. */
function textsOf(length) {
  return Array.from({ length: start.texts }, (_, i) => [...start.ids.subarray(i * start.length, i * start.length + length)]);
}

const scorers = { reward: scoreRewards, "reward-rows": rewardsOfEveryRow, logprob: scoreTexts };

/** Through lib's scorers, as everybody has them; compiling is what the first call takes more than the second. */
async function scoring(task) {
  const workspace = await openWorkspace({ backend: "onnx", threads });
  const own = start.numbers();
  for (const [i, name] of start.names.entries()) {
    await workspace.put({ [name]: { shape: start.shapes[i], data: own[i] } }, { transfer: true });
  }
  const model = { config: start.config, workspace, weightNames: start.names };
  const texts = textsOf(start.length);
  const step = async () => {
    const rows = await scorers[task](model, texts, { batch: start.texts });
    return rows.flatMap((row) => [...row.subarray(0, 8)]).slice(0, 8);
  };
  const { seconds } = await timed(step, 2);
  return { step, compileSeconds: seconds[0] - seconds[1], end: () => workspace.close() };
}

/** PyTorch in a process of its own, which waits between its turns. */
async function peer(task) {
  const [executable, ...words] = chosen.python.split(" ");
  const child = spawn(executable, [...words, "-c", readFileSync(new URL("peer.py", import.meta.url), "utf8")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.on("error", (error) => console.error(`${chosen.python}: ${error.message}`));
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (question) => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await lines.next();
    return done ? undefined : JSON.parse(value);
  };
  const { config, texts, length } = sizes[chosen.size];
  const { names, shapes } = start;
  const lengths = lengthsOf(task);
  const hello = await ask({ config, texts, length, lengths, names, shapes, task: task.split("-")[0], threads, adamW });
  return hello && { version: hello.torch, run: () => ask({ steps }), warm: () => ask({ steps: 2 }), end: () => child.stdin.end() };
}

async function timed(step, count) {
  const [seconds, results] = [[], []];
  for (let i = 0; i < count; i++) {
    const before = performance.now();
    results.push(await step());
    seconds.push((performance.now() - before) / 1000);
  }
  return { seconds, results };
}

/** The first and the last tenth of many steps. */
async function longRun(task, count) {
  const { step } = await ours(task);
  const processor = [];
  const resident = [];
  for (let i = 0; i < count; i++) {
    const before = process.cpuUsage();
    await step();
    const { user, system } = process.cpuUsage(before);
    processor.push((user + system) / 1e3);
    resident.push(process.resourceUsage().maxRSS / 1024);
  }
  const tenth = Math.ceil(count / 10);
  const [first, last] = [processor.slice(0, tenth), processor.slice(-tenth)].map(median);
  console.log(
    `${chosen.size}, ${task}, ${count} steps: processor time ${first.toFixed(1)} ms a step in the first tenth, ${last.toFixed(1)} in the last; ` +
      `most memory ${resident[tenth - 1].toFixed(0)} MiB after the first tenth, ${resident.at(-1).toFixed(0)} at the end`,
  );
}

function checkAgreement(task, mine, theirs) {
  const training = task.startsWith("train");
  const [own, others] = [mine.flat(), theirs.flat()];
  // losses before and after the first update; mid's multiplies the norm of its gradient by 40, and rounding with it
  const compared = training ? 2 : own.length;
  for (const [i, value] of own.slice(0, compared).entries()) {
    const tolerance = training ? (i === 0 ? 5e-5 : 5e-4) : 1e-3;
    if (!(Math.abs(value - others[i]) <= tolerance)) throw new Error(`${task}, result ${i + 1}: basewise ${value}, PyTorch ${others[i]}`);
  }
}

await useBackend("cpu");
if (Number(chosen.long) > 0) {
  for (const task of tasks) await longRun(task, Number(chosen.long));
  process.exit(0);
}
const where = machine();
const rows = [];
for (const task of tasks) {
  const engine = await ours(task);
  const torch = await peer(task);
  const mine = await timed(engine.step, 2);
  const theirs = await torch?.warm();
  if (theirs) checkAgreement(task, mine.results, theirs.results);
  const seconds = { ours: [], torch: [] };
  const processor = { ours: [], torch: [] };
  let torchMiB;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    seconds.ours.push(...(await timed(engine.step, steps)).seconds);
    const { user, system } = process.cpuUsage(before);
    processor.ours.push((user + system) / 1e6 / steps);
    if (!torch) continue;
    const turn = await torch.run();
    seconds.torch.push(...turn.seconds);
    processor.torch.push(turn.processor);
    torchMiB = turn.resident;
  }
  const tokens = start.texts * lengthsOf(task).reduce((sum, length) => sum + length);
  const speed = (list) => (list.length ? tokens / median(list) : undefined);
  rows.push({
    task,
    compileSeconds: engine.compileSeconds,
    tokensPerSecond: speed(seconds.ours),
    best: tokens / Math.min(...seconds.ours),
    torch: torch && { version: torch.version, tokensPerSecond: speed(seconds.torch), best: tokens / Math.min(...seconds.torch) },
    processorSeconds: { ours: Math.min(...processor.ours), torch: torch && Math.min(...processor.torch) },
    residentMiB: { ours: process.resourceUsage().maxRSS / 1024, torch: torchMiB },
  });
  torch?.end();
  await engine.end();
}
const after = machine().load;
if (chosen.json) console.log(JSON.stringify({ machine: where, loadAfter: after, size: chosen.size, threads, tasks: rows }));
else {
  console.log(
    `${chosen.size}, ${start.texts} texts of ${start.length} tokens, ${threads} threads; ${where.processor}, load ${where.load.toFixed(1)} to ${after.toFixed(1)}`,
  );
  const shown = (value) => value?.toFixed(0) ?? "–";
  printTable([
    [
      "",
      "basewise tokens/s",
      "(best)",
      "PyTorch tokens/s",
      "(best)",
      "ratio",
      "of best",
      "of processor time",
      "compile s",
      "peak MiB",
      "PyTorch's",
    ],
    ...rows.map(({ task, tokensPerSecond, best, torch, compileSeconds, processorSeconds, residentMiB }) => [
      task,
      shown(tokensPerSecond),
      shown(best),
      shown(torch?.tokensPerSecond),
      shown(torch?.best),
      torch ? (tokensPerSecond / torch.tokensPerSecond).toFixed(2) : "–",
      torch ? (best / torch.best).toFixed(2) : "–",
      torch ? (processorSeconds.torch / processorSeconds.ours).toFixed(2) : "–",
      compileSeconds.toFixed(2),
      shown(residentMiB.ours),
      shown(residentMiB.torch),
    ]),
  ]);
  if (rows[0]?.torch) console.log(`PyTorch ${rows[0].torch.version}; losses and scores agree.`);
}
process.exit(0); // ONNX Runtime's threads need not be waited for
