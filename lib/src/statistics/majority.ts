import { requireCount, requireFraction } from "./inputs.ts";
import type { Random } from "./random.ts";

/**
 * Probability that the majority of independent voters is right: Condorcet's jury theorem.
 *
 *     P = Σ over k > v/2 of C(v, k) pᵏ (1 − p)^(v − k);   three voters: 3p² − 2p³
 *
 * Source: Condorcet 1785; appendix A asks three annotators.
 *
 * @param accuracy  of one voter on a yes-or-no question, 0 to 1
 * @param voters    an odd number, so that no vote ends even
 * @example  majorityAccuracy(0.9, 3) // 0.972
 */
export function majorityAccuracy(accuracy: number, voters: number): number {
  requireFraction("majorityAccuracy", "accuracy", accuracy);
  requireOdd("majorityAccuracy", voters);
  let ways = 1; // C(v, k)
  let sum = 0;
  for (let k = voters; k > voters / 2; k--) {
    sum += ways * accuracy ** k * (1 - accuracy) ** (voters - k);
    ways = (ways * k) / (voters - k + 1);
  }
  return sum;
}

/**
 * Let independent voters judge tasks, and count the tasks on which the majority is right.
 *
 * @param random  drawn tasks × voters times
 */
export function simulateMajority(tasks: number, voters: number, accuracy: number, random: Random): number {
  requireCount("simulateMajority", "tasks", tasks, 1);
  requireOdd("simulateMajority", voters);
  let right = 0;
  for (let task = 0; task < tasks; task++) {
    let votes = 0;
    for (let voter = 0; voter < voters; voter++) if (random() < accuracy) votes++;
    if (votes > voters / 2) right++;
  }
  return right;
}

/**
 * How often a vote agrees with labels when both can be wrong, each independently of the other.
 *
 *     agreement = q·m + (1 − q)(1 − m)
 *
 * @param labels    q, share of right labels
 * @param majority  m, {@link majorityAccuracy}
 */
export function expectedAgreement(labels: number, majority: number): number {
  requireFraction("expectedAgreement", "labels", labels);
  requireFraction("expectedAgreement", "majority", majority);
  return labels * majority + (1 - labels) * (1 - majority);
}

function requireOdd(caller: string, voters: number): void {
  requireCount(caller, "voters", voters, 1);
  if (voters % 2 === 0) throw new Error(`${caller}: ${voters} voters can tie; give an odd number`);
}
