// The paper's grid (60 settings × 10 folds, and 60 fits on all rows) by basewise and by scikit-learn in two processes.
import { readFileSync } from "node:fs";
import { crossValidate, fitGrid, kFolds, matrixFrom, paperGrid, seededRandom, selectRows, selectSetting } from "basewise/statistics";
import { machine, options, printTable, python, time } from "../options.js";

const help = `npm run bench elastic-net -- [--python COMMAND] [--processes 2] [--degrees 1,2,3] [--search] [--tight] [--json]

  --python COMMAND   a Python with scikit-learn (default python3), e.g. --python "docker run -i … python3"
  --processes N      processes of scikit-learn (default 2); basewise always uses one thread
  --degrees 1,2      fewer degrees, to try it in seconds (scikit-learn needs minutes for degree 3)
  --search           also as GridSearchCV over a pipeline, the usual way (slower for scikit-learn)
  --tight            afterwards, the fits on all rows once more with tol 1e-8 and up to 20,000 sweeps
  --json             one JSON object instead of text`;
const chosen = options(help, {
  processes: { type: "string", default: "2" },
  degrees: { type: "string", default: "1,2,3" },
  search: { type: "boolean", default: false },
  tight: { type: "boolean", default: false },
});

const degrees = chosen.degrees.split(",").map(Number);
const grid = paperGrid.filter((setting) => degrees.includes(setting.degree));
const fixture = new URL("../../test/fixtures/statistics/scipy-sklearn-2.json", import.meta.url);
const { X: rows, y } = JSON.parse(readFileSync(fixture, "utf8")).elastic_net_wide;
const X = matrixFrom(rows);
const folds = kFolds(rows.length, 10, seededRandom(42));

const say = (text) => !chosen.json && console.log(text);
say(
  `${rows.length} rows × ${rows[0].length} columns; degrees ${degrees}; ${grid.length} settings × (10 folds + all rows) = ${grid.length * 11} fits`,
);
const where = machine();
const work = () => ({ results: crossValidate(X, y, folds, grid), final: fitGrid(X, y, grid) });
const ours = time(5, work);
say(
  `basewise: ${ours.first.toFixed(2)} s the first time, ${ours.median.toFixed(2)} s median of 5 (one thread, load ${where.load.toFixed(1)})`,
);

// what each of the fits reached: one list per fold, then all rows
const training = Array.from({ length: 10 }, (_, fold) => rows.map((_, i) => i).filter((i) => folds[i] !== fold));
const fits = [...training, rows.map((_, i) => i)].map((kept) =>
  fitGrid(
    selectRows(X, kept),
    kept.map((i) => y[i]),
    grid,
  ),
);

say(`scikit-learn: runs now in ${chosen.processes} processes${degrees.includes(3) ? ", which takes minutes" : ""} …`);
const input = { X: rows, y, folds: [...folds], grid, processes: Number(chosen.processes), search: chosen.search, tight: chosen.tight };
const peer = await python(chosen.python, new URL("elastic_net_peer.py", import.meta.url), input);
const after = time(5, work); // other programs may have come or gone meanwhile
const slower = Math.max(ours.median, after.median);
const own = {
  first: ours.first,
  median: ours.median,
  medianAfter: after.median,
  processor: ours.processor,
  converged: ours.result.results.every((result) => result.converged),
};
if (chosen.json)
  console.log(
    JSON.stringify({
      machine: where,
      basewise: own,
      peer: peer && { ...summary(peer), search: peer.search, tight: peer.tight && tightSummary(peer) },
    }),
  );
else if (peer) report(peer);

/** Our objective over the peer's, fit by fit. */
function summary({ versions, seconds, processor, objectives, warned, meanAbsoluteErrors }) {
  const ratios = objectives.flatMap((list, f) => list.map((objective, k) => fits[f][k].objective / objective));
  return {
    versions,
    seconds,
    processor,
    ratio: seconds / slower,
    warned: warned.flat().filter(Boolean).length,
    settingsWarned: grid.filter((_, k) => warned.some((list) => list[k])).length,
    fits: ratios.length,
    highestObjectiveRatio: Math.max(...ratios),
    lowestObjectiveRatio: Math.min(...ratios),
    clearlyLower: ratios.filter((ratio) => ratio < 1 - 1e-6).length,
    largestErrorGap: Math.max(...meanAbsoluteErrors.map((error, k) => Math.abs(error - ours.result.results[k].meanAbsoluteError))),
    choice: grid[meanAbsoluteErrors.indexOf(Math.min(...meanAbsoluteErrors))],
    ourChoice: selectSetting(ours.result.results).setting,
  };
}

function tightSummary({ tight }) {
  const ratios = tight.objectives.map((objective, k) => fits.at(-1)[k].objective / objective);
  return {
    seconds: tight.seconds,
    ourSeconds: time(3, () => fitGrid(X, y, grid)).median,
    warned: tight.warned.filter(Boolean).length,
    fits: ratios.length,
    highestObjectiveRatio: Math.max(...ratios),
    lowestObjectiveRatio: Math.min(...ratios),
  };
}

function report(peer) {
  const s = summary(peer);
  const line = (name, { seconds, processor }) => [
    `${name}, ${chosen.processes} processes`,
    seconds.toFixed(1),
    processor?.toFixed(1) ?? "–",
    ...[seconds / slower, processor / ours.processor, seconds / ours.first].map((ratio) => (ratio > 0 ? ratio.toFixed(0) : "–")),
  ];
  printTable([
    ["", "seconds", "processor seconds", "times ours", "by processor", "by our first run"],
    ["basewise, 1 thread (slower median, before or after)", slower.toFixed(2), ours.processor.toFixed(2), "", "", ""],
    ...(peer.search ? [line(`scikit-learn ${s.versions.sklearn}, GridSearchCV`, peer.search)] : []),
    line(`scikit-learn ${s.versions.sklearn}, by hand`, s),
  ]);
  console.log(
    `scikit-learn stopped with a ConvergenceWarning in ${s.warned} of ${s.fits} fits (${s.settingsWarned} of ${grid.length} settings).`,
  );
  console.log(`Our objective over its: at most ${s.highestObjectiveRatio.toFixed(12)}, at least ${s.lowestObjectiveRatio.toFixed(4)};`);
  console.log(
    `lower by more than 1e-6 in ${s.clearlyLower} fits. Mean absolute errors differ by at most ${s.largestErrorGap.toExponential(1)}.`,
  );
  console.log(`Chosen setting: ours ${JSON.stringify(s.ourChoice)}, its ${JSON.stringify(s.choice)}.`);
  if (!peer.tight) return;
  const t = tightSummary(peer);
  console.log(
    `Fits on all rows at tol 1e-8, up to 20,000 sweeps: ${t.seconds.toFixed(1)} s against our ${t.ourSeconds.toFixed(3)} s (${(t.seconds / t.ourSeconds).toFixed(0)} times);`,
  );
  console.log(
    `still warned: ${t.warned} of ${t.fits}; our objective over its between ${t.lowestObjectiveRatio.toFixed(4)} and ${t.highestObjectiveRatio.toFixed(12)}.`,
  );
}
