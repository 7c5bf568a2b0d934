import type { DuckDBConnection } from "@duckdb/node-api";
import type { Delivery, Match } from "../domain/cricket/types.ts";
import { readStoredMatches, type StoredMatch } from "./match-rows.ts";

/** A match in memory, as the tables will hold it when the open transaction commits. */
export interface CachedMatch {
  readonly matchId: string;
  match: Match | null;
  /** By natural key within the match. */
  readonly deliveries: Map<string, Delivery>;
  /** What the marts hold of each innings, as text; null when that is not known. */
  written: Map<number, string> | null;
}

/** About 300 bytes a delivery: at most some 60 MB. */
const DELIVERIES_MAX = 200_000;

/**
 * The matches being played, so that a ball costs no reading back. It runs ahead of the tables inside a
 * transaction: whoever rolls one back must `clear` it.
 */
export class MatchCache {
  readonly #matches = new Map<string, CachedMatch>();
  readonly #deliveriesMax: number;
  #deliveries = 0;

  constructor(deliveriesMax: number = DELIVERIES_MAX) {
    this.#deliveriesMax = deliveriesMax;
  }

  /** These matches, read from the tables where they are not in memory. */
  async get(connection: DuckDBConnection, matchIds: readonly string[]): Promise<CachedMatch[]> {
    const missing = matchIds.filter((id) => !this.#matches.has(id));
    for (const stored of await readStoredMatches(connection, missing)) this.#add(stored);
    return matchIds.map((id) => {
      const cached = this.#matches.get(id);
      if (cached === undefined) throw new RangeError(`match ${id} was read but is not there`);
      // Behind the others: the map's order is the order of use.
      this.#matches.delete(id);
      this.#matches.set(id, cached);
      return cached;
    });
  }

  put(cached: CachedMatch, delivery: Delivery): void {
    const before = cached.deliveries.size;
    cached.deliveries.set(deliveryKeyInMatch(delivery), delivery);
    this.#deliveries += cached.deliveries.size - before;
  }

  /** Forgets the matches longest unused until the rest fits. */
  trim(): void {
    for (const [id, cached] of this.#matches) {
      if (this.#deliveries <= this.#deliveriesMax) return;
      this.#matches.delete(id);
      this.#deliveries -= cached.deliveries.size;
    }
  }

  clear(): void {
    this.#matches.clear();
    this.#deliveries = 0;
  }

  #add(stored: StoredMatch): void {
    const deliveries = new Map(stored.deliveries.map((delivery) => [deliveryKeyInMatch(delivery), delivery]));
    this.#matches.set(stored.matchId, { matchId: stored.matchId, match: stored.match, deliveries, written: null });
    this.#deliveries += deliveries.size;
  }
}

function deliveryKeyInMatch({ innings, over, ball }: Delivery): string {
  return `${innings}.${over}.${ball}`;
}
