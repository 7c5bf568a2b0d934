import { type VerdictCounts, zeroCounts } from "../domain/review/verdict.ts";

export type ProcessorState = "joining" | "restoring" | "running" | "retrying" | "stopped";

/** What a processor tells about itself, about once a second and at every change of state. */
export interface ProcessorStatus {
  readonly state: ProcessorState;
  readonly message: string;
  readonly partitions: number[];
  /** Records judged by this process since it started. */
  readonly records: number;
  /** Running totals of the partitions it owns. */
  readonly counts: VerdictCounts;
  /** Input records not judged yet, in the partitions it owns. */
  readonly lag: number;
  readonly commits: number;
  /** Steps 3 to 5, over the last 256 commits. */
  readonly commitMs: { readonly p50: number; readonly p99: number };
  /** ms since the Unix epoch. */
  readonly lastCommitAt: number | null;
  /** Retention of known events minus the longest span the sources may replay, ms; null when either has no bound. */
  readonly retentionMarginMs: number | null;
  readonly knownEvents: number;
  readonly stateBytes: number;
}

export const INITIAL_STATUS: ProcessorStatus = {
  state: "joining",
  message: "",
  partitions: [],
  records: 0,
  counts: zeroCounts(),
  lag: 0,
  commits: 0,
  commitMs: { p50: 0, p99: 0 },
  lastCommitAt: null,
  retentionMarginMs: null,
  knownEvents: 0,
  stateBytes: 0,
};

/** The last 256 durations. */
export class DurationWindow {
  readonly #values = new Float64Array(256);
  #count = 0;

  add(ms: number): void {
    this.#values[this.#count++ % this.#values.length] = ms;
  }

  percentiles(): { p50: number; p99: number } {
    const sorted = this.#values.slice(0, Math.min(this.#count, this.#values.length)).sort();
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
