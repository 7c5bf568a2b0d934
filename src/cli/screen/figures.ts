import { VERDICTS, type VerdictCounts, zeroCounts } from "../../domain/review/verdict.ts";
import type { ScreenModel } from "./model.ts";

/** Verdicts so far, over all processors: each counts the partitions it owns. */
export function verdictCounts(model: ScreenModel): VerdictCounts {
  const sum = zeroCounts();
  for (const { counts } of model.processors.values()) {
    for (const verdict of VERDICTS) sum[verdict] += counts[verdict];
  }
  return sum;
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

/** Input records that no processor has judged yet. */
export function processorLag(model: ScreenModel): number {
  return [...model.processors.values()].reduce((sum, status) => sum + status.lag, 0);
}
