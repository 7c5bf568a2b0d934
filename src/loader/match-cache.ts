import type { DuckDBConnection } from "@duckdb/node-api";
import type { Delivery, Match } from "../domain/cricket/types.ts";
import { DeliveryFields, inningsOfKey } from "./delivery-fields.ts";
import type { InningsMarts } from "./marts.ts";
import { readMatchRecords, readStoredMatches, type StoredMatch } from "./match-rows.ts";
import { PackedDeliveries } from "./packed-deliveries.ts";
import { SharedTexts } from "./shared-texts.ts";

/** A match in memory, as the tables will hold it when the open transaction commits. */
export interface CachedMatch {
  readonly matchId: string;
  match: Match | null;
  /** In order of play. */
  readonly innings: Map<number, PackedDeliveries>;
  /** What the deliveries say of each innings; an innings that has changed since is not there. */
  readonly folded: Map<number, InningsMarts>;
  /** Innings → mart table → its rows as text; null when what the marts hold is not known. */
  written: Map<number, ReadonlyMap<string, string>> | null;
}

/** A row that a transaction replaces: its natural key, and where it stands in the log (−1: not known). */
export interface ReplacedRow {
  readonly matchId: string;
  readonly key: number;
  readonly offset: number;
}

/** 76 bytes a delivery, and a record with its players counts as 80: those of matches to come are many. */
const DELIVERIES_MAX = 60_000;
const RECORD_WEIGHT = 80;

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
  #names = new SharedTexts();
  readonly #fields = new DeliveryFields();

  constructor(stored: StoredIds, deliveriesMax: number = DELIVERIES_MAX) {
    this.#storedRecords = new Set(stored.records);
    this.#storedDeliveries = new Set(stored.deliveries);
    this.#weightMax = deliveriesMax;
  }

  /** The numbers of what will be put. Matches that are in memory with others are read again. */
  use(names: SharedTexts): void {
    if (names === this.#names) return;
    this.clear();
    this.#names = names;
  }

  /** Of these, those that are not in memory. */
  missing(matchIds: readonly string[]): string[] {
    return matchIds.filter((id) => !this.#matches.has(id));
  }

  /** These matches, read from the tables where they are there and not in memory. */
  async get(connection: DuckDBConnection, matchIds: readonly string[]): Promise<CachedMatch[]> {
    const missing = this.missing(matchIds);
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

  /** Returns the row it replaces, undefined when there was none. A row that cannot tell everything is filled in first, by what was known. */
  put(
    cached: CachedMatch,
    from: PackedDeliveries,
    row: number,
    fill?: (known: Delivery | null) => void,
  ): ReplacedRow | undefined {
    this.#storedDeliveries.add(cached.matchId);
    const key = from.key(row);
    const number = inningsOfKey(key);
    let innings = cached.innings.get(number);
    if (innings === undefined) {
      innings = new PackedDeliveries(this.#names);
      cached.innings.set(number, innings);
    }
    cached.folded.delete(number);
    const at = positionOf(innings, key);
    const isKnown = at < innings.length && innings.key(at) === key;
    if (from.lacks(row)) fill?.(isKnown ? innings.at(at, cached.matchId) : null);
    if (isKnown) {
      const replaced = { matchId: cached.matchId, key, offset: innings.offset(at) };
      innings.copy(at, from, row);
      return replaced;
    }
    this.#weight++;
    if (at < innings.length) innings.makeRoom(at);
    innings.copy(at, from, row);
    return undefined;
  }

  /** The delivery is no more, if it was there at all. */
  remove(cached: CachedMatch, key: number): void {
    const number = inningsOfKey(key);
    const innings = cached.innings.get(number);
    if (innings === undefined) return;
    const at = positionOf(innings, key);
    if (at >= innings.length || innings.key(at) !== key) return;
    innings.remove(at);
    this.#weight--;
    cached.folded.delete(number);
    if (innings.length === 0) cached.innings.delete(number);
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
      for (const { length } of innings.values()) this.#weight -= length;
    }
  }

  clear(): void {
    this.#matches.clear();
    this.#weight = 0;
  }

  #addStored({ matchId, match, deliveries }: StoredMatch): void {
    const cached = newMatch(matchId, null);
    cached.match = match;
    const one = new PackedDeliveries(this.#names);
    for (const delivery of deliveries) {
      this.#fields.readDelivery(delivery, this.#names);
      one.set(0, this.#fields, OFFSET_NOT_KNOWN);
      this.put(cached, one, 0);
    }
    this.#matches.set(matchId, cached);
    this.#weight += RECORD_WEIGHT;
  }
}

/** Of a row that was read back from the tables, or that may be anywhere. */
export const OFFSET_NOT_KNOWN = -1;

function newMatch(matchId: string, written: CachedMatch["written"]): CachedMatch {
  return { matchId, match: null, innings: new Map(), folded: new Map(), written };
}

/** Where the key is, or would have to be. Balls come in order of play as a rule. */
function positionOf(innings: PackedDeliveries, key: number): number {
  const { length } = innings;
  if (length === 0 || key > innings.key(length - 1)) return length;
  let [from, to] = [0, length - 1];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (innings.key(middle) < key) from = middle + 1;
    else to = middle;
  }
  return from;
}
