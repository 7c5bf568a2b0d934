import type { Verdict } from "./verdict.ts";

/** What the dedupe state knows of the incoming record's natural key. */
export interface Known {
  /** The latest accepted content is the incoming content. */
  readonly sameContent: boolean;
  /** The incoming content was accepted once and has been superseded since, and the input does not take its own word back. */
  readonly superseded: boolean;
  /** Version of the latest accepted content; null when its source gives none. */
  readonly version: number | null;
}

/**
 * The review: the verdict on a readable record, from what is known of its natural key (undefined: nothing),
 * its version, and whether it is behind stream time by more than the allowed lateness.
 *
 * Repetition is looked at first: a repeated record is the normal case and is never reported as late.
 * A version, where both sides have one, outranks the order of arrival.
 */
export function decide(known: Known | undefined, version: number | null, late: boolean): Exclude<Verdict, "poison"> {
  if (known === undefined) return late ? "late" : "accepted";
  if (known.sameContent) return "duplicate";
  if (version !== null && known.version !== null && version !== known.version) {
    if (version < known.version) return "stale";
    return late ? "late" : "correction";
  }
  if (known.superseded) return "stale";
  return late ? "late" : "correction";
}
