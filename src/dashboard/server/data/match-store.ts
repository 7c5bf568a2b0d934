import type { DuckDBConnection } from "@duckdb/node-api";
import type { ScoredMatch } from "../../../domain/cricket/scorecard.ts";
import { mergeDelivery } from "../../../domain/cricket/merge.ts";
import type { CleanDelivery, Delivery, Match } from "../../../domain/cricket/types.ts";
import { readStoredMatches } from "../../../loader/match-rows.ts";
import { scoreStored } from "../../../loader/marts.ts";
import type { LoadedEvent } from "../../../loader/observer.ts";
import type { MatchFormat } from "../../api.ts";
import { formatOfMatch } from "../view/formats.ts";
import { compareDeliveries } from "../view/match-state.ts";
import { textOrNull } from "./cells.ts";
import type { Query } from "./reader.ts";

/** A match with its deliveries, as the warehouse has them. */
export interface HeldMatch {
  readonly matchId: string;
  match: Match;
  hasRecord: boolean;
  format: MatchFormat;
  scored: ScoredMatch;
  /** In order of play. */
  deliveries: Delivery[];
  /** Rises with every change. */
  version: number;
}

/** Reads a match; null when the warehouse has nothing of it. */
export async function readHeldMatch(
  query: Query,
  connection: DuckDBConnection,
  matchId: string,
): Promise<HeldMatch | null> {
  const [stored] = await readStoredMatches(connection, [matchId]);
  if (stored === undefined || (stored.match === null && stored.deliveries.length === 0)) return null;
  const { match, scored } = scoreStored(stored);
  const hasRecord = stored.match !== null;
  const rows = hasRecord
    ? []
    : await query("SELECT any_value(source_topic) FROM deliveries WHERE match_id = $1", [matchId]);
  const format = formatOfMatch(match, hasRecord, textOrNull(rows[0]?.[0]));
  return { matchId, match, hasRecord, format, scored, deliveries: [...stored.deliveries].sort(compareDeliveries), version: 0 };
}

/** What one transaction did to a match. */
export interface Change {
  readonly held: HeldMatch;
  /** The one delivery that was added behind all others; null when it was anything else. */
  readonly ball: CleanDelivery | null;
  readonly reason: "correction" | "record" | "loaded";
}

/**
 * Brings a match to what a transaction made of it; null when the two do not fit together, and it has to be read again.
 * `added`: its deliveries in the transaction.
 */
export function applyLoaded(held: HeldMatch, event: LoadedEvent, added: readonly CleanDelivery[]): Change | null {
  const touched = event.touched.get(held.matchId);
  if (touched === undefined || !event.isComplete) return null;
  const last = held.deliveries.at(-1);
  const isRecord = event.records.includes(held.matchId);
  let fresh = 0;
  let corrected = 0;
  for (const { delivery, verdict } of added) {
    if (put(held.deliveries, delivery)) fresh++;
    else if (verdict !== "duplicate") corrected++;
  }
  held.version++;
  held.match = touched.match;
  held.scored = touched.scored;
  if (isRecord) {
    held.hasRecord = true;
    held.format = formatOfMatch(touched.match, true, null);
  }
  const known = touched.scored.innings.reduce((sum, { deliveries }) => sum + deliveries, 0);
  if (known !== held.deliveries.length) return null;
  const [only] = added;
  const isNext =
    !isRecord &&
    added.length === 1 &&
    fresh === 1 &&
    only !== undefined &&
    (last === undefined || compareDeliveries(last, only.delivery) < 0);
  const reason = isRecord ? "record" : corrected > 0 ? "correction" : "loaded";
  return { held, ball: isNext ? only : null, reason };
}

/** Puts a delivery into its place, over what was known of it; true when its key was not there. */
function put(deliveries: Delivery[], delivery: Delivery): boolean {
  let low = 0;
  let high = deliveries.length;
  // Nearly always behind the last one.
  const last = deliveries.at(-1);
  if (last !== undefined && compareDeliveries(last, delivery) < 0) low = high;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = deliveries[middle];
    if (other !== undefined && compareDeliveries(other, delivery) < 0) low = middle + 1;
    else high = middle;
  }
  const there = deliveries[low];
  const known = there !== undefined && compareDeliveries(there, delivery) === 0;
  if (known) deliveries[low] = mergeDelivery(there, delivery);
  else deliveries.splice(low, 0, delivery);
  return !known;
}
