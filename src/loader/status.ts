import type { PartitionName } from "./plan.ts";

export interface LoaderStatus {
  readonly state: "opening" | "running" | "retrying" | "stopped";
  /** One line for a person. */
  readonly message: string;
  /** Records loaded since the start, all topics together. */
  readonly rows: number;
  /** Transactions since the start. */
  readonly batches: number;
  /** Records and markers that Kafka has and the warehouse has not, all partitions together; null until known. */
  readonly lag: number | null;
  /** Next offset to load of each partition. */
  readonly offsets: Readonly<Record<PartitionName, number>>;
  /** ms since the Unix epoch. */
  readonly lastCommitAt: number | null;
  /** What the last transactions took to be worked out and written, without the wait between the two. */
  readonly batchMs: { readonly p50: number; readonly p99: number };
  /** `at` in ms since the Unix epoch. */
  readonly published: { readonly at: number; readonly snapshot: string } | null;
  /** Of each raw topic: the match a delivery was last loaded of. */
  readonly live: Readonly<Record<string, LiveMatch>>;
}

/** A match in two lines: who plays where and when; the score. */
export interface LiveMatch {
  readonly matchId: string;
  readonly title: string;
  readonly line: string;
}

/** The last durations, for percentiles of what is happening now and not since the start. */
export class RecentDurations {
  readonly #values: number[] = [];
  #at = 0;

  add(ms: number): void {
    this.#values[this.#at] = ms;
    this.#at = (this.#at + 1) % 512;
  }

  /** 0 when there is none yet. `share` from 0 to 1. */
  percentile(share: number): number {
    const sorted = this.#values.toSorted((a, b) => a - b);
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return Math.round(value * 10) / 10;
  }
}
