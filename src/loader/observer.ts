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
  /** Every delivery of it, of each natural key the latest. */
  readonly deliveries: readonly CleanDelivery[];
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
  return {
    at,
    touched,
    deliveries: Array.from(plan.deliveries.values(), ({ clean }) => clean),
    records: Array.from(plan.matches.values(), ({ clean }) => clean.match.matchId),
    judged: plan.verdictCounts.length,
  };
}
