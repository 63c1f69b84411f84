/** What a server's sigmoid or softmax may have made of the rewards: it changes their values, and softmax of one label takes them all away. */
export interface ActivationFault {
  readonly lost: boolean;
  readonly why: string;
}

/**
 * Whether numbers look like probabilities instead of rewards.
 *
 *     softmax of one output is 1; of several it sums to one;   sigmoid of one lies between 0 and 1
 *
 * A sigmoid keeps the order, so that only differences suffer (until it saturates); a softmax of several outputs loses their level.
 *
 * @param rewards  of several inputs, one or more each
 * @returns undefined where they are no probabilities
 */
export function activationFault(rewards: readonly ArrayLike<number>[]): ActivationFault | undefined {
  if (rewards.length < 2) return undefined;
  const every = (holds: (row: number[]) => boolean): boolean => rewards.every((row) => holds(Array.from(row)));
  if (!every((row) => row.every((value) => value >= 0 && value <= 1))) return undefined;
  if (every((row) => row.length === 1 && row[0] === 1)) return { lost: true, why: "every reward is exactly 1, the softmax of one output" };
  if (every((row) => row.length > 1 && Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) < 1e-3))
    return { lost: true, why: "the outputs of every input sum to one, as a softmax makes them" };
  if (every((row) => row.length === 1)) return { lost: false, why: "every reward lies between 0 and 1, as a sigmoid makes them" };
  return undefined;
}
