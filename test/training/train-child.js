// Trains in a process of its own, so that it can be killed: node train-child.js '{"model", "task", "data", "config", "output", "backend"}'
import { writeSync } from "node:fs";
import { train } from "basewise/training";

const controller = new AbortController();
process.on("SIGTERM", () => controller.abort());
const options = JSON.parse(process.argv[2]);
try {
  const { steps, stopped, best } = await train({
    ...options,
    threads: 1,
    signal: controller.signal,
    onStep: ({ step }) => writeSync(1, `step ${step}\n`),
  });
  writeSync(1, `done ${JSON.stringify({ steps, stopped, best })}\n`);
} catch (error) {
  writeSync(2, `${error.message}\n`);
  process.exit(1);
}
