import { createHash } from "node:crypto";
import type { Example, TrainConfig, TrainResult } from "../training/index.ts";
import type { Prepared } from "./train-prepare.ts";
import { note, secondsOf } from "./train-print.ts";

export type Recorder = (
  status: "running" | "finished" | "failed",
  result: TrainResult | null,
  extra?: Readonly<Record<string, number>>,
) => Promise<void>;

/** Tells the store of a run. A store that cannot be written is no reason to stop: it is said once, and training goes on. */
export function recorder({ flags, job, parts }: Prepared, config: TrainConfig): Recorder {
  const started = new Date().toISOString();
  return async (status, result, extra = {}) => {
    if (flags.store === false) return;
    const { openStore, listRuns, recordRun } = await import("../store/index.ts");
    const { dataFingerprint } = await import("../training/index.ts");
    const data = dataFingerprint(job.data.train as readonly Example[]);
    const id = createHash("sha256")
      .update(JSON.stringify([flags.method, flags.base, job.task, config, data]))
      .digest("hex")
      .slice(0, 16);
    try {
      const store = await openStore(flags.store);
      try {
        const before = (await listRuns(store, { method: flags.method })).find((run) => run.id === id);
        await recordRun(store, {
          ...{ id, method: flags.method, base: flags.base, status, seed: config.seed, learningRate: config.learningRate },
          started: before?.started ?? started,
          seconds: result && secondsOf(result),
          config: JSON.parse(JSON.stringify(config)),
          data: parts.map(({ role, places, tallies }) => ({ role, places: [...places], ...tallies, dropped: { ...tallies.dropped } })),
          metrics: { ...(result ? { steps: result.steps, ...numbersOf(result) } : {}), ...extra },
          versions: { ...(await versions()), ...(result ? { engine: result.engines.join("; ") } : {}) },
        });
      } finally {
        await store.close();
      }
    } catch (error) {
      note(`the run is not recorded: ${(error as Error).message}`);
    }
  };
}

/** A training that fails is recorded as failed. */
export async function settled(run: Promise<TrainResult>, record: Recorder): Promise<TrainResult> {
  try {
    return await run;
  } catch (error) {
    await record("failed", null);
    throw error;
  }
}

function numbersOf({ best, lines }: TrainResult): Record<string, number> {
  const last = lines.findLast((line) => line.kind === "step");
  const of = (name: string, value: number | null | undefined): Record<string, number> =>
    value === null || value === undefined ? {} : { [name]: value };
  return {
    ...of("accuracy", best?.accuracy),
    ...of("validationLoss", best?.loss),
    ...of("bestStep", best?.step),
    ...of("loss", last?.loss),
  };
}

export async function versions(): Promise<Record<string, string>> {
  const { createRequire } = await import("node:module");
  const own = createRequire(import.meta.url)("basewise/package.json") as { version: string };
  return { basewise: own.version, node: process.versions.node };
}
