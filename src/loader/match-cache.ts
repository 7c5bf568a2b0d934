import type { DuckDBConnection } from "@duckdb/node-api";
import type { Delivery, Match } from "../domain/cricket/types.ts";
import type { InningsMarts } from "./marts.ts";
import { readMatchRecords, readStoredMatches, type StoredMatch } from "./match-rows.ts";
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

/** About 150 bytes a delivery, six kilobytes a record with its players: at most some 9 MB. */
const DELIVERIES_MAX = 60_000;
const RECORD_WEIGHT = 40;

/** Which matches the tables have: what was never written need not be read. */
export interface StoredIds {
  readonly records: Iterable<string>;
  readonly deliveries: Iterable<string>;
}

/**
 * The matches being played, so that a ball costs no reading back. It runs ahead of the tables inside a
 * transaction: whoever rolls one back must `clear` it.
 */
export class MatchCache {
  readonly #matches = new Map<string, CachedMatch>();
  readonly #storedRecords: Set<string>;
  readonly #storedDeliveries: Set<string>;
  readonly #weightMax: number;
  /** One a delivery, `RECORD_WEIGHT` a match. */
  #weight = 0;

  constructor(stored: StoredIds, deliveriesMax: number = DELIVERIES_MAX) {
    this.#storedRecords = new Set(stored.records);
    this.#storedDeliveries = new Set(stored.deliveries);
    this.#weightMax = deliveriesMax;
  }

  /** These matches, read from the tables where they are there and not in memory. */
  async get(connection: DuckDBConnection, matchIds: readonly string[]): Promise<CachedMatch[]> {
    const missing = matchIds.filter((id) => !this.#matches.has(id));
    const played = missing.filter((id) => this.#storedDeliveries.has(id));
    for (const stored of await readStoredMatches(connection, played)) this.#addStored(stored);
    const announced = missing.filter((id) => this.#storedRecords.has(id) && !this.#storedDeliveries.has(id));
    for (const [id, match] of await readMatchRecords(connection, announced)) {
      this.#addStored({ matchId: id, match, deliveries: [] });
      // Without a ball there is but one kind of innings that the marts can have.
      const inMarts = match.inningsNotes.some(({ forfeited }) => forfeited === true);
      if (!inMarts) this.#matches.get(id)!.written = new Map();
    }
    return matchIds.map((id) => {
      let cached = this.#matches.get(id);
      if (cached === undefined) {
        cached = newMatch(id, new Map());
        this.#weight += RECORD_WEIGHT;
      }
      // Behind the others: the map's order is the order of use.
      this.#matches.delete(id);
      this.#matches.set(id, cached);
      return cached;
    });
  }

  /** The match's own record has come. */
  putRecord(cached: CachedMatch, match: Match): void {
    cached.match = match;
    // Balls an over, super overs, penalties: every innings may look different now.
    cached.folded.clear();
    this.#storedRecords.add(cached.matchId);
  }

  /** Returns the row it replaces, undefined when there was none. */
  put(cached: CachedMatch, { delivery, place }: PlannedDelivery): ReplacedRow | undefined {
    this.#storedDeliveries.add(cached.matchId);
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
    this.#weight++;
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
    if (this.#weight <= this.#weightMax) return;
    // The topic of the records runs ahead: matches that have not begun are old here, and are needed next.
    let announced = 0;
    for (const { innings } of this.#matches.values()) if (innings.size === 0) announced += RECORD_WEIGHT;
    for (const [id, { innings }] of this.#matches) {
      if (this.#weight <= this.#weightMax) return;
      if (innings.size === 0) {
        if (announced <= this.#weightMax / 2) continue;
        announced -= RECORD_WEIGHT;
      }
      this.#matches.delete(id);
      this.#weight -= RECORD_WEIGHT;
      for (const { keys } of innings.values()) this.#weight -= keys.length;
    }
  }

  clear(): void {
    this.#matches.clear();
    this.#weight = 0;
  }

  #addStored({ matchId, match, deliveries }: StoredMatch): void {
    const cached = newMatch(matchId, null);
    cached.match = match;
    for (const delivery of deliveries) this.put(cached, { row: -1, delivery, place: NOT_KNOWN });
    this.#matches.set(matchId, cached);
    this.#weight += RECORD_WEIGHT;
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
