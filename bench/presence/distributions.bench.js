// Made-up presence scores of seven models: how long averages, histograms and distances take as documents grow, and in how much memory;
// once against plain arrays, which must give the same. Each size runs in a process of its own, so that memory is that size's.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  binnedScores,
  distanceIntervals,
  distanceMatrix,
  pooledShares,
  presenceAverages,
  presenceBins,
  presenceHistograms,
  selectScores,
} from "basewise/presence";
import { histogram, pooledBins, seededRandom } from "basewise/statistics";
import { openStore } from "basewise/store";
import { machine, options, printTable } from "../options.js";

const help = `npm run bench distributions -- [--documents 10000,100000,1000000] [--models 7] [--equal 100000] [--json]

  --documents 10000,…   documents, one row of the table each
  --models N            models that score each document
  --equal N             up to so many documents the result is compared with the one from plain arrays
  --json                one JSON object instead of text`;
const chosen = options(help, {
  documents: { type: "string", default: "10000,100000,1000000" },
  models: { type: "string", default: "7" },
  equal: { type: "string", default: "100000" },
  size: { type: "string" }, // of a process that measures one size
});
const models = Number(chosen.models);
const subsets = ["Github", "Book", "ArXiv", "Wikipedia", "StackExchange"];

/** Scores by SQL: the same document has the same ease for all models; Box–Muller on hashes for what is random. */
async function makeStore(path, documents) {
  const store = await openStore(path);
  const uniform = (salt) => `((hash(i, ${salt}) % 1000003 + 1) / 1000004.0)`;
  const normal = (salt) => `(sqrt(-2 * ln(${uniform(2 * salt)})) * cos(2 * pi() * ${uniform(2 * salt + 1)}))`;
  await store.use(async (session) => {
    for (let m = 0; m < models; m++) {
      await session.query(`insert into presence (model, revision, token_limit, document, subset, tokens, scored, sum_logprob)
        select 'made-up/model-${m}', '', 2048, md5(i::varchar)::uuid, [${subsets.map((name) => `'${name}'`)}][1 + i % 5], 1001, 1000,
          1000 * (-2.0 - 0.1 * ${m} - 0.25 * (i % 5) + 0.4 * ${normal(1)} + 0.2 * ${normal(10 + m)})
        from range(${documents}) r(i)`);
    }
  });
  await store.close();
}

async function measure(documents) {
  const folder = mkdtempSync(join(tmpdir(), "basewise-bench-"));
  try {
    const path = join(folder, "scores.duckdb");
    const clock = stopwatch();
    await makeStore(path, documents);
    const made = clock();
    const store = await openStore(path, { readOnly: true });
    const scores = await selectScores(store);
    const averages = await presenceAverages(store, scores);
    const bins = await presenceBins(store, scores);
    const histograms = await presenceHistograms(store, scores, bins);
    const shares = scores.models.map(({ model }) => pooledShares(histograms.filter((row) => row.model === model)));
    const distances = distanceMatrix(shares);
    const compared = clock();
    const memory = process.resourceUsage().maxRSS / 1024;
    const binned = await binnedScores(store, scores, bins);
    const read = clock();
    distanceIntervals(binned, { resamples: 10, random: seededRandom(1) });
    const resampled = clock();
    const equal = documents <= Number(chosen.equal) ? await sameAsArrays(store, scores, bins, shares) : null;
    await store.close();
    const scale = { seconds: resampled.seconds / 10, processor: resampled.processor / 10 };
    return {
      ...{ documents, megabytes: statSync(path).size / 1e6, made, compared, read, resample: scale, memory, equal },
      ...{ averages: averages.length, largest: Math.max(...distances.flat()) },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds and processor seconds since the last call. */
function stopwatch() {
  let [start, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(before);
    const lap = { seconds: (performance.now() - start) / 1000, processor: (user + system) / 1e6 };
    [start, before] = [performance.now(), process.cpuUsage()];
    return lap;
  };
}

/** Whether bins and histograms are those of `pooledBins` and `histogram` over all scores in memory. */
async function sameAsArrays(store, scores, bins, shares) {
  const samples = await store.use(async (session) => {
    const all = [];
    for (const { model } of scores.models) {
      const values = [];
      for await (const [column] of session.stream("select mean from presence where model = $1", [model])) values.push(...column);
      all.push(Float64Array.from(values));
    }
    return all;
  });
  const own = pooledBins(samples);
  const isSame = (a, b) => a.every((share, i) => Math.abs(share - b[i]) < 1e-9);
  return own.low === bins.low && own.high === bins.high && samples.every((values, m) => isSame(histogram(values, own), shares[m]));
}

if (chosen.size) {
  console.log(JSON.stringify(await measure(Number(chosen.size))));
  process.exit(0);
}
const results = chosen.documents.split(",").map((size) => {
  const words = [process.argv[1], "--size", size, "--models", chosen.models, "--equal", chosen.equal];
  const { status, stdout } = spawnSync(process.execPath, words, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
  return JSON.parse(stdout);
});
if (chosen.json) console.log(JSON.stringify({ machine: machine(), models, results }));
else {
  const { processor, node, load } = machine();
  console.log(`${models} models; ${processor}, Node ${node}, load ${load.toFixed(1)}\n`);
  const both = ({ seconds, processor }) => `${seconds.toFixed(2)} (${processor.toFixed(2)})`;
  printTable([
    ["documents", "file MB", "made s (processor s)", "compared", "MiB", "bins by document", "one resample", "as from arrays"],
    ...results.map((row) => [
      row.documents.toLocaleString("en-US"),
      row.megabytes.toFixed(0),
      ...[both(row.made), both(row.compared), row.memory.toFixed(0), both(row.read), both(row.resample)],
      row.equal === null ? "not tried" : row.equal ? "equal" : "DIFFERENT",
    ]),
  ]);
  console.log(
    "\ncompared: which documents all models have, averages, bins, histograms and the matrix of distances, from the store on disk",
  );
}
if (results.some((row) => row.equal === false)) process.exit(1);
