/**
 * The rules by which a number becomes a verdict. Every check of the ledger ends in one of them, so that a changed number
 * in `data/published` changes the verdict, and no verdict is written by hand.
 *
 * | the claim says | rule |
 * |---|---|
 * | a number, or a yes or no | `verdictOf`, and `verdictByReading` where its wording can be read in several ways |
 * | the same of every row | `verdictOfEach` |
 * | something true that leaves out something important | `verdictWithCaveat` |
 * | several things at once | `verdictOfParts` |
 * | that something exists, over a list we hold in part | `verdictOfWitness` |
 * | a tendency of a list we hold in part | `verdictOfTendency` |
 * | a number that we can only bound | `verdictOfBounds` |
 * | a number over a list we hold in part, or anything else that nobody published | `verdictOnceThere` |
 * | something that a weaker form of can be seen already | `verdictInWeakerForm` |
 * | how the authors worked | `verdictOfSetup` |
 */
import type { Verdict } from "../paper/index.ts";

/** True → holds, false → does-not-hold. */
export function verdictOf(isTrue: boolean): Verdict {
  return isTrue ? "holds" : "does-not-hold";
}

/**
 * A wording that can be read in several ways (points or percent, this or that baseline).
 * The reading that the words suggest decides; if only another one fits, the verdict says so.
 */
export function verdictByReading(readings: { readonly literal: boolean; readonly others: readonly boolean[] }): Verdict {
  if (readings.literal) return "holds";
  return readings.others.some(Boolean) ? "holds-other-reading" : "does-not-hold";
}

/** A statement that is true (or not), with things it leaves unsaid that change its meaning. */
export function verdictWithCaveat(isTrue: boolean, caveats: readonly boolean[]): Verdict {
  if (!isTrue) return "does-not-hold";
  return caveats.some(Boolean) ? "holds-with-caveat" : "holds";
}

/**
 * A statement about every row: all rows → holds, at least three quarters → holds-with-caveat (the exceptions are named),
 * more than half → partly, fewer → does-not-hold.
 */
export function verdictOfEach(matches: number, total: number): Verdict {
  if (total === 0) throw new Error("verdictOfEach: there is no row to check; pass at least one");
  if (matches === total) return "holds";
  if (matches / total >= 0.75) return "holds-with-caveat";
  return matches / total > 0.5 ? "partly" : "does-not-hold";
}

/** Several statements in one: all true → holds, none → does-not-hold, else partly. */
export function verdictOfParts(parts: readonly boolean[]): Verdict {
  if (parts.every(Boolean)) return "holds";
  return parts.some(Boolean) ? "partly" : "does-not-hold";
}

/**
 * "Some … do": one witness measured on all models settles it; one measured on at least half of them settles it in part
 * (the models that nobody measured may differ); with neither the question stays open.
 */
export function verdictOfWitness(witness: { readonly onAllModels: boolean; readonly onHalfTheModels: boolean }): Verdict {
  if (witness.onAllModels) return "holds";
  return witness.onHalfTheModels ? "partly" : "needs-data";
}

/**
 * "Most … do", "… tend to": over a list of `total` of which `checked` are measured and `agree` of those agree.
 * A full list is decided as `verdictOfEach` does. A part that mostly agrees is partly; a part cannot refute a tendency of the
 * whole, unless the members that disagree are already half of the whole list.
 */
export function verdictOfTendency(agree: number, checked: number, total: number): Verdict {
  if (checked > 0 && checked === total) return verdictOfEach(agree, total);
  if (checked - agree >= total / 2) return "does-not-hold";
  return checked > 0 && agree / checked > 0.5 ? "partly" : "needs-data";
}

/**
 * A number known only to lie in [low, high], claimed to lie in [least, most]: decided only where the two intervals
 * leave no doubt.
 */
export function verdictOfBounds(
  known: { readonly low: number; readonly high: number },
  claimed: { readonly least: number; readonly most: number },
): Verdict {
  if (known.low >= claimed.least && known.high <= claimed.most) return "holds";
  return known.high < claimed.least || known.low > claimed.most ? "does-not-hold" : "needs-data";
}

/** What a claim cannot be decided without: how many items there are, and how many are needed. */
export interface Need {
  readonly what: string;
  readonly have: number;
  readonly need: number;
  /** what its absence means: published by nobody, GPU work, or out of reach for anyone but the authors */
  readonly otherwise: "needs-data" | "needs-gpu" | "not-checkable";
}

/** Decide once everything needed is there; until then, the verdict of the first thing missing. */
export function verdictOnceThere(needs: readonly Need[], decide: () => Verdict): Verdict {
  const missing = needs.find((need) => need.have < need.need);
  return missing ? missing.otherwise : decide();
}

/** As `verdictOnceThere`, but `partly` where the part that is there already agrees in a weaker form. */
export function verdictInWeakerForm(needs: readonly Need[], weakerFormHolds: boolean, decide: () => Verdict): Verdict {
  const verdict = verdictOnceThere(needs, decide);
  return weakerFormHolds && needs.some((need) => need.have < need.need) ? "partly" : verdict;
}

/** How the authors worked: `setup` while it agrees with itself and no log of their runs is there to hold against it. */
export function verdictOfSetup(agreesWithItself: boolean, logs: number, agreesWithLogs: () => boolean): Verdict {
  if (!agreesWithItself) return "does-not-hold";
  return logs === 0 ? "setup" : verdictOf(agreesWithLogs());
}
