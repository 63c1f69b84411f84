/**
 * What more than half of the voters say.
 *
 * @returns  null where no answer has more than half of the votes
 * @example  majorityVote(["A", "B", "A"]) // "A"
 */
export function majorityVote<T>(votes: readonly T[]): T | null {
  if (votes.length === 0) throw new Error("majorityVote: there are no votes; give at least one");
  const winner = votes.find((vote) => 2 * votes.filter((other) => other === vote).length > votes.length);
  return winner === undefined ? null : winner;
}

/** How often majority votes agree with labels. */
export interface Agreement {
  readonly tasks: number;
  /** tasks whose majority is the label */
  readonly agreed: number;
  /** tasks without a majority; they count as no agreement */
  readonly undecided: number;
  /** agreed / tasks, 0 to 1 */
  readonly share: number;
}

/**
 * Agreement of majority votes with given labels: appendix A.
 *
 * @param votes   one list per task
 * @param labels  [tasks]
 */
export function agreement<T>(votes: readonly (readonly T[])[], labels: readonly T[]): Agreement {
  if (votes.length !== labels.length || votes.length === 0) {
    throw new Error(`agreement: ${votes.length} tasks with votes and ${labels.length} labels; give one label per task, at least one`);
  }
  const decisions = votes.map(majorityVote);
  const agreed = decisions.filter((decision, task) => decision !== null && decision === labels[task]).length;
  const undecided = decisions.filter((decision) => decision === null).length;
  return { tasks: votes.length, agreed, undecided, share: agreed / votes.length };
}
