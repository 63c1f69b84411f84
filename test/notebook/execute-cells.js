// Executes groups of cells with tslab as published or mended: node execute-cells.js stock|mended, groups as JSON on standard input.
// Prints, for each group, what its last cell printed, or "error: …" with the first complaint of any of its cells.
import { text } from "node:stream/consumers";
import { format } from "node:util";
import { loadStockTslab, loadTslab } from "../../lib/dist/notebook/kernel/tslab.js";

const { createConverter, createExecutor } = process.argv[2] === "stock" ? loadStockTslab() : loadTslab();
const node = createConverter({ isJS: false, isBrowser: false });
let shown = [];
let complaint;
const output = {
  log: (value) => shown.push(format(value)),
  error: (...values) => {
    complaint ??= values[0] instanceof Error ? `${values[0].name}: ${values[0].message}` : format(...values);
  },
};
const executor = createExecutor(process.cwd(), { node, browser: node, close() {} }, output);

const results = [];
for (const cells of JSON.parse(await text(process.stdin))) {
  complaint = undefined;
  for (const cell of cells) {
    shown = [];
    await executor.execute(cell);
  }
  results.push(complaint ? `error: ${complaint}` : shown.join("\n"));
}
console.log(JSON.stringify(results));
process.exit(0);
