import type { DuckDBConnection } from "@duckdb/node-api";
import type { Delivery, Match } from "../domain/cricket/types.ts";
import type { InningsMarts } from "./marts.ts";
import { readStoredMatches, type StoredMatch } from "./match-rows.ts";
import { deliveryKey, type PlannedDelivery } from "./planned-deliveries.ts";

/** An innings in memory: its deliveries in order of play. */
export interface CachedInnings {
  readonly deliveries: Delivery[];
  /** `deliveryKey` of each. */
  readonly keys: number[];
  /** Where each stands in its log partition; −1 when it was read back from the tables. */
  readonly offsets: number[];
}

/** A match in memory, as the tables will hold it when the open transaction commits. */
export interface CachedMatch {
  readonly matchId: string;
  match: Match | null;
  readonly innings: Map<number, CachedInnings>;
  /** What the deliveries say of each innings; an innings that has changed since is not there. */
  readonly folded: Map<number, InningsMarts>;
  /** Innings → mart table → its rows as text; null when what the marts hold is not known. */
  written: Map<number, ReadonlyMap<string, string>> | null;
}

/** A row that a transaction replaces: its natural key, and where it stands in the log (−1: not known). */
export interface ReplacedRow {
  readonly delivery: Delivery;
  readonly offset: number;
}

/** About 150 bytes a delivery: at most some 15 MB. */
const DELIVERIES_MAX = 100_000;

/**
 * The matches being played, so that a ball costs no reading back. It runs ahead of the tables inside a
 * transaction: whoever rolls one back must `clear` it.
 */
export class MatchCache {
  readonly #matches = new Map<string, CachedMatch>();
  readonly #stored: Set<string>;
  readonly #deliveriesMax: number;
  #deliveries = 0;

  /** `stored`: the ids of all matches that the tables have; others need no reading. */
  constructor(stored: Iterable<string>, deliveriesMax: number = DELIVERIES_MAX) {
    this.#stored = new Set(stored);
    this.#deliveriesMax = deliveriesMax;
  }

  /** These matches, read from the tables where they are there and not in memory. */
  async get(connection: DuckDBConnection, matchIds: readonly string[]): Promise<CachedMatch[]> {
    const missing = matchIds.filter((id) => !this.#matches.has(id));
    const unread = missing.filter((id) => this.#stored.has(id));
    for (const stored of await readStoredMatches(connection, unread)) this.#addStored(stored);
    return matchIds.map((id) => {
      const cached = this.#matches.get(id) ?? newMatch(id, new Map());
      // Behind the others: the map's order is the order of use.
      this.#matches.delete(id);
      this.#matches.set(id, cached);
      this.#stored.add(id);
      return cached;
    });
  }

  /** Returns the row it replaces, undefined when there was none. */
  put(cached: CachedMatch, { delivery, place }: PlannedDelivery): ReplacedRow | undefined {
    const innings = cached.innings.get(delivery.innings) ?? { deliveries: [], keys: [], offsets: [] };
    cached.innings.set(delivery.innings, innings);
    cached.folded.delete(delivery.innings);
    const { deliveries, keys, offsets } = innings;
    const key = deliveryKey(delivery);
    const at = positionOf(keys, key);
    if (keys[at] === key) {
      const replaced = { delivery: deliveries[at]!, offset: offsets[at]! };
      deliveries[at] = delivery;
      offsets[at] = place.offset;
      return replaced;
    }
    this.#deliveries++;
    if (at === keys.length) {
      deliveries.push(delivery);
      keys.push(key);
      offsets.push(place.offset);
    } else {
      deliveries.splice(at, 0, delivery);
      keys.splice(at, 0, key);
      offsets.splice(at, 0, place.offset);
    }
    return undefined;
  }

  /** Forgets the matches longest unused until the rest fits. */
  trim(): void {
    for (const [id, { innings }] of this.#matches) {
      if (this.#deliveries <= this.#deliveriesMax) return;
      this.#matches.delete(id);
      for (const { keys } of innings.values()) this.#deliveries -= keys.length;
    }
  }

  clear(): void {
    this.#matches.clear();
    this.#deliveries = 0;
  }

  #addStored({ matchId, match, deliveries }: StoredMatch): void {
    const cached = newMatch(matchId, null);
    cached.match = match;
    for (const delivery of deliveries) this.put(cached, { row: -1, delivery, place: NOT_KNOWN });
    this.#matches.set(matchId, cached);
  }
}

const NOT_KNOWN = { topic: "", partition: -1, offset: -1 };

function newMatch(matchId: string, written: CachedMatch["written"]): CachedMatch {
  return { matchId, match: null, innings: new Map(), folded: new Map(), written };
}

/** Where the key is, or would have to be. Balls come in order of play as a rule. */
function positionOf(keys: readonly number[], key: number): number {
  const last = keys.at(-1);
  if (last === undefined || key > last) return keys.length;
  let [from, to] = [0, keys.length - 1];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (keys[middle]! < key) from = middle + 1;
    else to = middle;
  }
  return from;
}
