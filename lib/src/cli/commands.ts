import type { Command } from "commander";
import { registerBenchmarks } from "./benchmarks.ts";
import { registerDoctor } from "./doctor.ts";
import { registerExport } from "./export.ts";
import { registerLogprobs } from "./logprobs.ts";
import { registerPresence } from "./presence.ts";
import { registerRecommend } from "./recommend.ts";
import { registerReward } from "./reward.ts";
import { registerRewardBench } from "./rewardbench.ts";
import { registerRun } from "./run.ts";
import { registerTrain } from "./train.ts";
import { registerVitro } from "./vitro.ts";

/** Every command of the program, in the order of `basewise --help`: each adds itself. */
export const commands: readonly ((program: Command) => void)[] = [
  registerRun,
  registerDoctor,
  registerRecommend,
  registerBenchmarks,
  registerLogprobs,
  registerReward,
  registerExport,
  registerTrain,
  registerRewardBench,
  registerPresence,
  registerVitro,
];
