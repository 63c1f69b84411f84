import type { TrainConfig } from "./config.ts";

/**
 * Share of the learning rate at a step: it rises linearly through the warm-up, then stays, or falls to 0 at the last step.
 *
 *     warm-up, s < w:  s / max(1, w)
 *     constant: 1      linear: (n − s) / max(1, n − w)      cosine: ½ (1 + cos(π (s − w) / max(1, n − w)))
 *
 * Source: transformers 5.12, get_constant_schedule_with_warmup, get_linear_…, get_cosine_… (half a cycle), where the first step is 0.
 *
 * @param step   s, counted from 0
 * @param steps  n, of the whole training
 * @returns      in [0, 1]
 * @example      rateShare({ schedule: "linear", warmupSteps: 2 }, 1, 10) // 0.5
 */
export function rateShare({ schedule, warmupSteps }: Pick<TrainConfig, "schedule" | "warmupSteps">, step: number, steps: number): number {
  if (step < warmupSteps) return step / Math.max(1, warmupSteps);
  const done = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
  switch (schedule) {
    case "constant":
      return 1;
    case "linear":
      return Math.max(0, (steps - step) / Math.max(1, steps - warmupSteps));
    case "cosine":
      return Math.max(0, (1 + Math.cos(Math.PI * done)) / 2);
  }
}

/** Learning rate of a training step. @param step counted from 1, as in the log */
export function learningRateAt(config: TrainConfig, step: number, steps: number): number {
  return config.learningRate * rateShare(config, step - 1 + config.firstStep, steps);
}
