// What all comparisons share: options, the machine, timing, and running a peer written in another language.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, loadavg, platform } from "node:os";
import { parseArgs } from "node:util";

/** Options of the command line: the usual ones and those of one comparison; --help prints the text and ends. */
export function options(help, own = {}) {
  const usual = { python: { type: "string", default: "python3" }, json: { type: "boolean" }, help: { type: "boolean" } };
  try {
    const { values } = parseArgs({ options: { ...usual, ...own } });
    if (!values.help) return values;
    console.log(help);
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
  process.exit(0);
}

/** The machine that the figures belong to. */
export function machine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    processor: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
    platform: `${platform()} ${arch()}`,
    load: loadavg()[0],
  };
}

/** Runs some work several times: seconds of the first (cold) run, median seconds and processor seconds, and the last result. */
export function time(runs, work) {
  const seconds = [];
  const processor = [];
  let result;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    const before = process.cpuUsage();
    result = work();
    const { user, system } = process.cpuUsage(before);
    seconds.push((performance.now() - start) / 1000);
    processor.push((user + system) / 1e6);
  }
  return { first: seconds[0], median: median(seconds), processor: median(processor), result };
}

export function median(values) {
  return values.slice().sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/**
 * Runs a Python program on JSON and resolves to the JSON that it prints, or to undefined where that Python or a module is missing.
 * The program goes in as text, so that a Python which sees other folders (a container) can run it too.
 */
export function python(command, program, input) {
  const [executable, ...words] = command.split(" ");
  const script = readFileSync(program, "utf8");
  return new Promise((resolve, reject) => {
    const child = spawn(executable, [...words, "-c", script], { stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (text) => {
      output += text;
    });
    child.on("error", (error) => {
      console.error(`${command}: ${error.message}; the peer is left out (choose another with --python COMMAND)`);
      resolve(undefined);
    });
    child.on("close", (code) => {
      if (code === 3) resolve(undefined);
      else if (code === 0) resolve(JSON.parse(output));
      else if (code !== null) reject(new Error(`${command}: the peer ended with code ${code}`));
    });
    child.stdin.on("error", () => {}); // the peer ended before it read
    child.stdin.end(JSON.stringify(input));
  });
}

/** A table of text, columns aligned: the first to the left, the others to the right. */
export function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  for (const row of rows)
    console.log(row.map((cell, i) => (i ? String(cell).padStart(widths[i]) : String(cell).padEnd(widths[i]))).join("   "));
}
