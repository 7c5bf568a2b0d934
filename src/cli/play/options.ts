import type { CrashSpec } from "../options.ts";

export interface PlayOptions {
  /** Folder of Cricsheet csv2 files. Absolute. */
  readonly dir: string;
  /** ms between two balls of a live match; 0 = as fast as possible. */
  readonly intervalMs: number;
  readonly seed: number;
  readonly replayRate: number;
  readonly correctionRate: number;
  readonly crashes: readonly CrashSpec[];
  readonly processors: number;
  /** Matches played live, in this order, after the others; none = all of them when there is an interval. */
  readonly live: readonly string[];
  /** Only these matches of the folder; none = all. */
  readonly matches: readonly string[];
  /** Play finished matches once more, from their first row. */
  readonly again: boolean;
  /** End when everything is loaded and audited. */
  readonly exitWhenDone: boolean;
  readonly json: boolean;
}
