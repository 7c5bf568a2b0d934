import type { DuckDBConnection } from "@duckdb/node-api";
import type { CleanDelivery } from "../domain/cricket/types.ts";
import type { LoadPlan } from "./plan.ts";
import type { TouchedMatch } from "./marts.ts";

/** What one committed transaction brought. */
export interface LoadedEvent {
  /** When it was committed, ms since the Unix epoch. */
  readonly at: number;
  /** By match id. */
  readonly touched: ReadonlyMap<string, TouchedMatch>;
  /** Its deliveries as they came; of a large transaction those that came last. */
  readonly deliveries: readonly CleanDelivery[];
  /** Whether the latest content of every natural key is among them: never where a delivery was taken away. */
  readonly isComplete: boolean;
  /** Matches whose own record was in it. */
  readonly records: readonly string[];
  /** Verdict blocks in it. */
  readonly judged: number;
}

/** Somebody in the loader's process who shows what is loaded. Nothing of it may block or throw: it is called between two transactions. */
export interface LoaderObserver {
  /** The warehouse is open: `connect` gives a further connection of the same instance, for reading only. */
  opened(connect: () => Promise<DuckDBConnection>): void;
  /** The warehouse is about to be closed; its connections have to be closed when the promise resolves. */
  closing(): Promise<void>;
  loaded(event: LoadedEvent): void;
}

export function loadedEvent(plan: LoadPlan, touched: ReadonlyMap<string, TouchedMatch>, at: number): LoadedEvent {
  const deliveries = plan.deliveries.recent();
  const keys = new Set(
    deliveries.map(({ delivery: { matchId, innings, over, ball } }) => `${innings}.${over}.${ball} ${matchId}`),
  );
  return {
    at,
    touched,
    deliveries,
    isComplete: keys.size === plan.deliveries.size && !plan.deliveries.hasDeletions,
    records: Array.from(plan.matches.values(), ({ clean }) => clean.match.matchId),
    judged: plan.verdictCounts.length,
  };
}
