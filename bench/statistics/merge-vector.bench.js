// The best of all 21⁵ merge vectors on 352 pairs by basewise and by NumPy, on three kinds of differences.
import { matrixFrom, searchMergeVector, seededRandom } from "basewise/statistics";
import { machine, median, options, printTable, python, time } from "../options.js";

const help = `npm run bench merge-vector -- [--python COMMAND] [--pairs 352] [--json]

  --python COMMAND   a Python with NumPy (default python3)
  --json             one JSON object instead of text`;
const chosen = options(help, { pairs: { type: "string", default: "352" } });
const pairs = Number(chosen.pairs);

const random = seededRandom(42);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const means = [0.4, 0.4, 0.2, 0.1, 0.3];
const cases = {
  "real-valued rewards": () => means.map((mean) => mean + normal()),
  "whole-number ratings": () => means.map((mean) => Math.round(mean + normal())),
  "nothing to find": () => means.map(() => normal()),
};
const say = (text) => !chosen.json && console.log(text);
const where = machine();
say(`all 21^5 = 4,084,101 vectors × ${pairs} pairs; load ${where.load.toFixed(1)}; NumPy runs now, which takes a minute …`);
const rows = [];
for (const [name, draw] of Object.entries(cases)) {
  const differences = Array.from({ length: pairs }, draw);
  const matrix = matrixFrom(differences);
  const ours = time(9, () => searchMergeVector(matrix));
  const peer = await python(chosen.python, new URL("merge_vector_peer.py", import.meta.url), { differences });
  const after = time(9, () => searchMergeVector(matrix)).median;
  const { correct, ties } = ours.result;
  for (const [method, answer] of Object.entries(peer?.methods ?? {})) {
    if (answer.correct !== correct || answer.ties !== ties) {
      throw new Error(`${name}: ${method} finds ${answer.correct} (${answer.ties} vectors), basewise ${correct} (${ties})`);
    }
  }
  rows.push({ name, correct, ties, first: ours.first, median: ours.median, medianAfter: after, processor: ours.processor, peer });
}
if (chosen.json) console.log(JSON.stringify({ machine: where, pairs, cases: rows }));
else {
  printTable([
    [
      "",
      "pairs won",
      "best vectors",
      "basewise s (first)",
      "s (median)",
      "processor s",
      "NumPy products s",
      "NumPy breakpoints s",
      "times ours",
    ],
    ...rows.map(({ name, correct, ties, first, median: before, medianAfter, processor, peer }) => {
      const slower = Math.max(before, medianAfter);
      const seconds = Object.values(peer?.methods ?? {}).map((answer) => answer.seconds);
      const shown = [0, 1].map((k) => seconds[k]?.toFixed(2) ?? "–");
      const ratio = seconds.length ? (Math.min(...seconds) / slower).toFixed(0) : "–";
      return [name, correct, ties, first.toFixed(3), slower.toFixed(3), processor.toFixed(3), ...shown, ratio];
    }),
  ]);
  const times = rows.flatMap(({ peer }) => (peer ? [Math.min(...Object.values(peer.methods).map((m) => m.seconds))] : []));
  if (times.length)
    console.log(
      `NumPy ${rows[0].peer.versions.numpy}, its faster way: median ${median(times).toFixed(2)} s; same counts and numbers of best vectors.`,
    );
}
