import { type Verdict, verdicts } from "../paper/index.ts";
import { appendices } from "./appendices.ts";
import { baseModels } from "./base-models.ts";
import { benchmarks } from "./benchmarks.ts";
import { introduction } from "./introduction.ts";
import { postTraining } from "./post-training.ts";
import { preTraining } from "./pre-training.ts";
import { regression } from "./regression.ts";
import { tables } from "./tables.ts";
import { training } from "./training.ts";
import type { ClaimCheck, Evidence, LedgerRow } from "./types.ts";

/** A part of the paper and the checks of its claims. */
export interface LedgerPart {
  readonly title: string;
  readonly checks: readonly ClaimCheck[];
}

/** The checks by part of the paper, in its order. */
export const ledgerParts: readonly LedgerPart[] = [
  { title: "1 Abstract and introduction", checks: introduction },
  { title: "2 and 3 Training and evaluation", checks: training },
  { title: "3.3 Base models", checks: baseModels },
  { title: "4.1 Benchmarks", checks: benchmarks },
  { title: "4.2 Prediction", checks: regression },
  { title: "5.1 Post-training", checks: postTraining },
  { title: "5.2 Pre-training and cost", checks: preTraining },
  { title: "Appendices", checks: appendices },
  { title: "Tables 2 and 3", checks: tables },
];

/** The checks of all 103 claims, in the order of `data/published/claims.csv`. */
export const claimChecks: readonly ClaimCheck[] = ledgerParts.flatMap((part) => part.checks);

/**
 * Every claim of the paper with what we find: one row per claim, in the order of the checks.
 *
 * @param evidence  from {@link gatherEvidence}
 * @param checks    default all of them; a part's checks give its rows
 * @throws when a claim has no check or a check no claim
 */
export function ledger(evidence: Evidence, checks: readonly ClaimCheck[] = claimChecks): LedgerRow[] {
  const unchecked = evidence.claims.find((claim) => !claimChecks.some((check) => check.id === claim.id));
  if (unchecked) throw new Error(`ledger: claim ${unchecked.id} of claims.csv has no check; write one in lib/src/claims`);
  return checks.map(({ id, check }) => {
    const claim = evidence.claims.find((row) => row.id === id);
    if (!claim) throw new Error(`ledger: check ${id} has no claim; add its row to data/published/claims.csv`);
    const finding = check(evidence);
    return {
      id,
      place: claim.place,
      claim: claim.claim,
      claimedValue: claim.claimedValue,
      recomputed: finding.recomputed,
      verdict: finding.verdict,
      expectedVerdict: claim.expectedVerdict,
      reason: finding.reason,
    };
  });
}

/** How many claims got each verdict, all nine listed, in the order of {@link verdicts}. */
export function countVerdicts(rows: readonly LedgerRow[]): { verdict: Verdict; claims: number; expected: number }[] {
  return verdicts.map((verdict) => ({
    verdict,
    claims: rows.filter((row) => row.verdict === verdict).length,
    expected: rows.filter((row) => row.expectedVerdict === verdict).length,
  }));
}
