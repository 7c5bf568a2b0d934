import type { CrashSpec } from "../options.ts";
import type { SourceId } from "./sources.ts";

/** What one source plays. */
export interface SourcePlay {
  readonly id: SourceId;
  /** Folders, one after the other. Absolute. */
  readonly dirs: readonly string[];
  /** ms between two balls of a live match; 0 = as fast as possible. */
  readonly intervalMs: number;
  /** Matches played live, in this order, after the others; none = all of them when there is an interval. */
  readonly live: readonly string[];
  /** Only these matches of the folders; none = all. */
  readonly matches: readonly string[];
}

export interface PlayOptions {
  /** The sources that are played; the others are neither installed nor started. */
  readonly sources: readonly SourcePlay[];
  readonly seed: number;
  readonly replayRate: number;
  readonly correctionRate: number;
  /** Share of invokes in which the Lambda endpoint errs, for each way it can. */
  readonly lambdaFaults: number;
  readonly crashes: readonly CrashSpec[];
  readonly processors: number;
  /** Play finished matches once more, from their first record. */
  readonly again: boolean;
  readonly acceptDeletions: boolean;
  /** Install and start Superset beside it. */
  readonly superset: boolean;
  /** End when everything is loaded and audited. */
  readonly exitWhenDone: boolean;
  readonly json: boolean;
}
