import { VERDICTS, type VerdictCounts, zeroCounts } from "../../domain/review/verdict.ts";
import type { ProcessorStatus } from "../../processor/status.ts";
import type { ScreenModel, SourceView } from "./model.ts";

/**
 * Verdicts so far, over all processors: each counts the partitions it owns. Undefined while a partition has no owner
 * or, for a moment, two (a rebalance, seen by messages of several processes): a sum would be wrong then.
 */
export function sumVerdicts(processors: Iterable<ProcessorStatus>, partitions: number): VerdictCounts | undefined {
  const sum = zeroCounts();
  const owned = new Set<number>();
  let ownerships = 0;
  for (const status of processors) {
    ownerships += status.partitions.length;
    for (const partition of status.partitions) owned.add(partition);
    for (const verdict of VERDICTS) sum[verdict] += status.counts[verdict];
  }
  return owned.size === partitions && ownerships === partitions ? sum : undefined;
}

export interface CommitFigures {
  readonly commits: number;
  /** ms; of the slowest processor. */
  readonly p50: number;
  readonly p99: number;
  /** ms since the Unix epoch; null before the first one. */
  readonly lastAt: number | null;
}

export function commitFigures(model: ScreenModel): CommitFigures {
  const all = [...model.processors.values()];
  const lastAt = Math.max(...all.map((status) => status.lastCommitAt ?? 0), 0);
  return {
    commits: all.reduce((sum, status) => sum + status.commits, 0),
    p50: Math.max(0, ...all.map((status) => status.commitMs.p50)),
    p99: Math.max(0, ...all.map((status) => status.commitMs.p99)),
    lastAt: lastAt === 0 ? null : lastAt,
  };
}

/** Records loaded since the screen was opened. */
export function loadedRows(model: ScreenModel): number {
  return model.loadedEarlier + (model.loader?.rows ?? 0);
}

/** Events that a source has sent since the screen was opened. */
export function sentEvents({ status, earlier }: SourceView): number {
  return earlier + status.events;
}

/** Input records that no processor has judged yet. */
export function processorLag(model: ScreenModel): number {
  return [...model.processors.values()].reduce((sum, status) => sum + status.lag, 0);
}
