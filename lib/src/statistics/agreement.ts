import { wilsonInterval } from "./proportion.ts";

/**
 * The label that more than half of the annotators gave each task.
 *
 * Source: the paper's appendix A (three annotators a task).
 *
 * @param votes  one array of labels per task [tasks × annotators]; the number of annotators may differ between tasks
 * @returns  [tasks]; null where no label has more than half of the votes
 * @example  majorityVote([["a", "b", "a"], ["a", "b"]]) // ["a", null]
 */
export function majorityVote<Label>(votes: readonly (readonly Label[])[]): (Label | null)[] {
  return votes.map((labels, task) => {
    if (labels.length === 0) throw new Error(`majorityVote: task ${task} has no vote; leave it out`);
    return labels.find((label) => 2 * labels.filter((other) => other === label).length > labels.length) ?? null;
  });
}

export interface Agreement {
  readonly tasks: number;
  readonly agreed: number;
  /** tasks whose label is null: they count as tasks, not as agreed */
  readonly undecided: number;
  /** agreed / tasks, in [0, 1]; NaN for no task */
  readonly share: number;
  /** Wilson's interval of the share */
  readonly low: number;
  readonly high: number;
}

/**
 * How often labels equal the reference, with Wilson's interval.
 *
 * Source: the paper's appendix A (49 of 50 re-annotated tasks agree with the benchmark).
 *
 * @param labels     [tasks], for example of `majorityVote`; null where undecided
 * @param reference  [tasks]
 */
export function agreement<Label>(labels: readonly (Label | null)[], reference: readonly Label[], confidence = 0.95): Agreement {
  if (labels.length !== reference.length) {
    throw new Error(`agreement: ${labels.length} labels and ${reference.length} references; give one reference for each label`);
  }
  const tasks = labels.length;
  const undecided = labels.filter((label) => label === null).length;
  const agreed = labels.filter((label, i) => label !== null && label === reference[i]).length;
  return { tasks, agreed, undecided, share: agreed / tasks, ...wilsonInterval(agreed, tasks, confidence) };
}

/**
 * Fleiss' kappa: agreement among annotators beyond what their overall label shares would give by chance.
 *
 *     κ = (P̄ − P̄ₑ) / (1 − P̄ₑ),   P̄ = mean share of agreeing pairs of annotators per task,   P̄ₑ = Σ (share of each label)²
 *
 * Source: Fleiss 1971, Psychological Bulletin 76(5).
 *
 * @param votes  [tasks × annotators], the same number (≥ 2) for each task
 * @returns  at most 1; NaN where all votes are one label
 */
export function fleissKappa<Label>(votes: readonly (readonly Label[])[]): number {
  const annotators = votes[0]?.length ?? 0;
  const totals = new Map<Label, number>();
  let agreeing = 0;
  votes.forEach((labels, task) => {
    if (labels.length !== annotators || annotators < 2) {
      throw new Error(`fleissKappa: task ${task} has ${labels.length} votes, task 0 has ${annotators}; give the same number, at least 2, to each`);
    }
    for (const label of labels) {
      totals.set(label, (totals.get(label) ?? 0) + 1);
      agreeing += labels.filter((other) => other === label).length - 1;
    }
  });
  const observed = agreeing / (votes.length * annotators * (annotators - 1));
  const expected = [...totals.values()].reduce((sum, count) => sum + (count / (votes.length * annotators)) ** 2, 0);
  return totals.size <= 1 ? Number.NaN : (observed - expected) / (1 - expected);
}
