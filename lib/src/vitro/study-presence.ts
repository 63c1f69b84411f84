import { type CompareOptions, comparePresence, type DistanceInterval, documentHash, type PresenceComparison } from "../presence/index.ts";
import { mean } from "../statistics/index.ts";
import { appendPresence, openStore, type PresenceScore } from "../store/index.ts";
import type { PresenceDistance } from "./findings.ts";
import { maxPositions } from "./sizes.ts";
import type { PresenceRow } from "./study-tables.ts";
import { domains } from "./world/index.ts";

/** A study's presence scores compared as those of real models are. */
export interface StudyComparison {
  /** over all documents, as in the paper's Figures 7 and 8 */
  readonly pooled: PresenceComparison;
  /** distances within each domain, then their mean over the domains; pairs in the order of `pooled.intervals` */
  readonly withinDomains: readonly PresenceDistance[];
}

/** Compare the presence scores of some of a study's bases, through a store in memory. @param bases  names, in the order wanted */
export async function compareStudy(
  presence: readonly PresenceRow[],
  bases: readonly string[],
  options: CompareOptions,
): Promise<StudyComparison> {
  const store = await openStore(":memory:");
  try {
    for (const base of bases)
      await appendPresence(store, { model: base, revision: "", limit: maxPositions, scores: scoresOf(presence, base) });
    const pooled = await comparePresence(store, { ...options, models: bases });
    const each: (readonly DistanceInterval[])[] = [];
    for (const domain of domains) each.push((await comparePresence(store, { ...options, models: bases, subsets: [domain] })).intervals);
    const withinDomains = pooled.intervals.map(({ a, b }, i) => ({
      a,
      b,
      distance: mean(each.map((intervals) => intervals[i]!.distance)),
    }));
    return { pooled, withinDomains };
  } finally {
    await store.close();
  }
}

/** A base's scores as the store wants them; a document without a score is left out. */
function scoresOf(presence: readonly PresenceRow[], base: string): PresenceScore[] {
  return presence
    .filter((row) => row.base === base && Number.isFinite(row.presence))
    .map(({ document, domain, tokens, presence: score }) => ({
      ...{ document: documentHash(`vitro ${domain} ${document}`), subset: domain },
      ...{ tokens: tokens + 1, scored: tokens, sum: score * tokens },
    }));
}
