/**
 * The six verdicts, in the order of their codes. Every input record gets exactly one (EO-1).
 *
 * - `accepted`: a natural key not seen before.
 * - `duplicate`: the same event id as the latest accepted one of its key.
 * - `correction`: a known key with new content; it supersedes what was accepted.
 * - `stale`: content that has been superseded, or an older version.
 * - `late`: behind stream time by more than the allowed lateness.
 * - `poison`: cannot be read.
 */
export const VERDICTS = ["accepted", "duplicate", "correction", "stale", "late", "poison"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The wire code of a verdict: its index in `VERDICTS`. */
export const VERDICT_CODE: Readonly<Record<Verdict, number>> = {
  accepted: 0,
  duplicate: 1,
  correction: 2,
  stale: 3,
  late: 4,
  poison: 5,
};

export type VerdictCounts = Record<Verdict, number>;

export function zeroCounts(): VerdictCounts {
  return { accepted: 0, duplicate: 0, correction: 0, stale: 0, late: 0, poison: 0 };
}

/** Sum over all verdicts: by EO-1 the number of input records. */
export function totalCount(counts: Readonly<VerdictCounts>): number {
  return VERDICTS.reduce((sum, verdict) => sum + counts[verdict], 0);
}
