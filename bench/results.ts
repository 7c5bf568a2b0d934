import type { LatencyRun } from "./latency.ts";
import type { MemorySample } from "./memory.ts";
import type { RecoveryRun } from "./recovery.ts";
import type { RestartRun } from "./restart.ts";
import { isRight, type Score } from "./score.ts";
import type { ThroughputResult } from "./throughput.ts";

/** Everything that was measured; `--json` prints it. Parts that were left out are missing. */
export interface Results {
  readonly machine: string;
  readonly broker: string;
  readonly startedAt: string;
  readonly quick: boolean;
  readonly pinned: boolean;
  readonly commitMs: number;
  readonly records: number;
  readonly ids: number;
  readonly throughput?: Pick<ThroughputResult, "runs" | "ratios">;
  readonly latency?: readonly LatencyRun[];
  readonly recovery?: readonly RecoveryRun[];
  readonly restart?: readonly RestartRun[];
  readonly memory?: readonly MemorySample[];
  /** Cores that other processes used while it ran, on average. */
  readonly others: number;
}

/** A run that was compared record by record. */
export interface ScoredRun {
  readonly name: string;
  readonly score: Score;
}

export function scoredRuns(results: Results): ScoredRun[] {
  return [
    ...(results.throughput?.runs ?? []).map(({ program, score }) => ({ name: `throughput of ${program}`, score })),
    ...(results.latency ?? []).map(({ program, score }) => ({ name: `latency of ${program}`, score })),
    ...(results.recovery ?? []).map(({ score }) => ({ name: "recovery", score })),
  ];
}

/** Every output right, and every restored digest that of the committed offset. */
export function allRight(results: Results): boolean {
  return (
    scoredRuns(results).every(({ score }) => isRight(score)) &&
    (results.restart ?? []).every(({ restore }) => restore.digestsMatch)
  );
}
