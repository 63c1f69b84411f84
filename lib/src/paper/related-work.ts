/** Key formulas of the four papers whose charts §2 is read beside: Step-DPO, Reward Reasoning Model, ReasonFlux-PRM, Kimi k1.5. */

/** Log-probability of one step of an answer (natural log, summed over its tokens) under two models. */
export interface StepLogProbability {
  /** the model in training */
  readonly policy: number;
  /** the frozen model that training starts from */
  readonly reference: number;
}

/** Two continuations of the same correct beginning of an answer. */
export interface StepPair {
  readonly win: StepLogProbability;
  readonly lose: StepLogProbability;
}

/**
 * Step-DPO loss: DPO on one step, given the correct steps before it.
 *
 *     L = mean over pairs of −log σ(β·g),   g = (log π − log π_ref)(s_win) − (log π − log π_ref)(s_lose)
 *
 * Source: Lai et al. 2024, arXiv 2406.18629, §3.1.
 *
 * @param beta  strength of the pull towards the reference, above 0
 * @returns  nats, above 0; log 2 where the policy is the reference
 */
export function stepDpoLoss(pairs: readonly StepPair[], beta: number): number {
  if (pairs.length === 0) throw new Error("stepDpoLoss: there are no pairs; give at least one");
  const losses = pairs.map(({ win, lose }) => {
    const gap = win.policy - win.reference - (lose.policy - lose.reference);
    return softplus(-beta * gap);
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / pairs.length;
}

/** log(1 + eᶻ) = −log σ(−z), without overflow. */
function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

/** A judgement of two answers, by their index. */
export interface Judgement {
  readonly winner: number;
  readonly loser: number;
}

/**
 * Elo ratings of n answers from pairwise judgements, taken in the order given.
 *
 *     E = 1 / (1 + 10^((R_loser − R_winner) / 400)),   R_winner += K·(1 − E),   R_loser −= K·(1 − E)
 *
 * Source: the standard form of Elo 1978. Reward Reasoning Model (arXiv 2505.14674) rates the answers of a full round robin so;
 * its constants were not to be read anywhere, K = 32 and a start of 1,000 are the usual ones.
 *
 * @returns  ratings [n]; their mean stays at the start
 */
export function eloRatings(
  n: number,
  judgements: readonly Judgement[],
  options: { readonly k?: number; readonly start?: number } = {},
): number[] {
  const { k = 32, start = 1000 } = options;
  const ratings = new Array<number>(n).fill(start);
  for (const { winner, loser } of judgements) {
    if (!(winner in ratings) || !(loser in ratings))
      throw new Error(`eloRatings: a judgement of ${winner} and ${loser}, but answers are 0 to ${n - 1}`);
    const surprise = 1 - 1 / (1 + 10 ** ((ratings[loser]! - ratings[winner]!) / 400));
    ratings[winner]! += k * surprise;
    ratings[loser]! -= k * surprise;
  }
  return ratings;
}

/** Every pair of n answers once: n(n − 1)/2 pairs. */
export function allPairs(n: number): [number, number][] {
  return Array.from({ length: n }, (_, a) => Array.from({ length: n - a - 1 }, (_, b): [number, number] => [a, a + b + 1])).flat();
}

/**
 * The winner of a knockout: answers meet in pairs, losers leave, an answer without an opponent waits for the next round.
 *
 *     n − 1 judgements in ⌈log₂ n⌉ rounds, where a round robin needs n(n − 1)/2
 *
 * Source: Reward Reasoning Model, arXiv 2505.14674, best of n.
 *
 * @param beats  true where the first of two answers is judged better
 */
export function knockout(n: number, beats: (a: number, b: number) => boolean): { winner: number; judgements: number; rounds: number } {
  if (!(Number.isInteger(n) && n >= 1)) throw new Error(`knockout: ${n} answers; give a whole number, 1 or more`);
  let left = Array.from({ length: n }, (_, i) => i);
  let rounds = 0;
  for (; left.length > 1; rounds++) {
    const pairs = Array.from({ length: Math.ceil(left.length / 2) }, (_, i) => left.slice(2 * i, 2 * i + 2));
    left = pairs.map(([a, b]) => (b === undefined || beats(a!, b) ? a! : b));
  }
  return { winner: left[0]!, judgements: n - 1, rounds };
}

/**
 * ReasonFlux-PRM: the target of one step of a trajectory, its rewards weighted by their own softmax, so that the largest counts most.
 *
 *     r_step = Σₖ wₖ rₖ,   wₖ = exp(rₖ) / Σⱼ exp(rⱼ),   r = (alignment, quality, coherence)
 *
 * Source: Zou et al. 2025, arXiv 2506.18896, step-level reward.
 *
 * @returns  between the mean and the largest of the rewards
 */
export function stepReward(rewards: readonly number[]): number {
  if (rewards.length === 0) throw new Error("stepReward: there are no rewards; give at least one");
  const largest = Math.max(...rewards);
  const weights = rewards.map((reward) => Math.exp(reward - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return rewards.reduce((sum, reward, i) => sum + (weights[i]! / total) * reward, 0);
}

/**
 * ReasonFlux-PRM: the score of a whole trajectory, by which training samples are chosen.
 *
 *     score = mean over steps of r_step + α · r_final
 *
 * Source: Zou et al. 2025, arXiv 2506.18896.
 *
 * @param final  share of right answers that a policy reaches with the trajectory's template, 0 to 1
 */
export function trajectoryScore(steps: readonly number[], final: number, alpha: number): number {
  if (steps.length === 0) throw new Error("trajectoryScore: there are no steps; give at least one");
  return steps.reduce((sum, reward) => sum + reward, 0) / steps.length + alpha * final;
}

/** One sampled answer to a problem. */
export interface SampledAnswer {
  readonly tokens: number;
  readonly correct: boolean;
}

/**
 * Kimi k1.5: the reward for being short, among several answers to one problem.
 *
 *     λᵢ = ½ − (lenᵢ − min) / (max − min);   right answers get λᵢ, wrong ones min(0, λᵢ);   all 0 where max = min
 *
 * Source: Kimi k1.5 report, arXiv 2501.12599, §2.3.3.
 *
 * @returns  [answers], −½ to ½
 */
export function lengthRewards(answers: readonly SampledAnswer[]): number[] {
  const lengths = answers.map((answer) => answer.tokens);
  const [shortest, longest] = [Math.min(...lengths), Math.max(...lengths)];
  if (shortest === longest) return answers.map(() => 0);
  return answers.map(({ tokens, correct }) => {
    const lambda = 0.5 - (tokens - shortest) / (longest - shortest);
    return correct ? lambda : Math.min(0, lambda);
  });
}

/**
 * The points that no other beats: none has a cost as low and a gain as high, one of them strictly better.
 *
 * @param cost  less is better
 * @param gain  more is better
 */
export function paretoFront<T>(points: readonly T[], cost: (point: T) => number, gain: (point: T) => number): T[] {
  const beats = (a: T, b: T): boolean => cost(a) <= cost(b) && gain(a) >= gain(b) && (cost(a) < cost(b) || gain(a) > gain(b));
  return points.filter((point) => !points.some((other) => beats(other, point)));
}
