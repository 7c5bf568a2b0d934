import type { DuckDBConnection } from "@duckdb/node-api";
import { type ScoredInnings, type ScoredMatch, scoreMatch } from "../domain/cricket/scorecard.ts";
import { type Partnership, partnershipsOf } from "../domain/cricket/partnerships.ts";
import type { Delivery, Match } from "../domain/cricket/types.ts";
import { append } from "./appender.ts";
import { battingRows, bowlingRows, fallRows, inningsRow, partnershipRows } from "./mart-rows.ts";
import type { CachedMatch } from "./match-cache.ts";
import { matchWithoutRecord, readMatchIds, readStoredMatches, sqlList, type StoredMatch } from "./match-rows.ts";
import { MARTS_VERSION } from "./migrations.ts";
import type { Row } from "./rows.ts";
import { MART_TABLES, sqlText } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

/** A match as its marts show it. */
export interface TouchedMatch {
  /** Its record, or what the deliveries tell while that is missing. */
  readonly match: Match;
  readonly scored: ScoredMatch;
}

export function scoreStored(stored: StoredMatch): TouchedMatch {
  const match = stored.match ?? matchWithoutRecord(stored);
  return { match, scored: scoreMatch(match, stored.deliveries) };
}

/** An innings with all that its marts hold. */
interface InningsMarts {
  readonly innings: ScoredInnings;
  readonly partnerships: readonly Partnership[];
}

function inningsMarts({ scored }: TouchedMatch, deliveries: readonly Delivery[]): InningsMarts[] {
  const byInnings = new Map<number, Delivery[]>(scored.innings.map(({ number }) => [number, []]));
  for (const delivery of deliveries) byInnings.get(delivery.innings)?.push(delivery);
  return scored.innings.map((innings) => {
    const balls = (byInnings.get(innings.number) ?? []).sort((a, b) => a.over - b.over || a.ball - b.ball);
    return { innings, partnerships: partnershipsOf(balls) };
  });
}

/**
 * Brings the marts of these matches to what their deliveries say now, writing only the innings that changed.
 * Returns the matches, scored.
 */
export async function refreshMarts(
  connection: DuckDBConnection,
  matches: readonly CachedMatch[],
): Promise<TouchedMatch[]> {
  const touched: TouchedMatch[] = [];
  const wholeMatches: string[] = [];
  const changed: (readonly [matchId: string, innings: number])[] = [];
  const rows = emptyRows();
  for (const cached of matches) {
    const deliveries = [...cached.deliveries.values()];
    const match = scoreStored({ ...cached, deliveries });
    touched.push(match);
    const before = cached.written;
    const after = new Map<number, string>();
    if (before === null) wholeMatches.push(cached.matchId);
    for (const marts of inningsMarts(match, deliveries)) {
      const text = JSON.stringify(marts);
      const { number } = marts.innings;
      after.set(number, text);
      if (before?.get(number) === text) continue;
      if (before !== null) changed.push([cached.matchId, number]);
      addRows(rows, cached.matchId, marts);
    }
    for (const number of before?.keys() ?? []) if (!after.has(number)) changed.push([cached.matchId, number]);
    cached.written = after;
  }
  for (const table of MART_TABLES.map(({ name }) => name)) {
    if (wholeMatches.length > 0)
      await connection.run(`DELETE FROM ${table} WHERE match_id IN (${sqlList(wholeMatches)})`);
    if (changed.length > 0) {
      const keys = changed.map(([matchId, innings]) => `(${sqlText(matchId)}, ${innings})`).join(", ");
      await connection.run(
        `DELETE FROM ${table} USING (VALUES ${keys}) AS k(match_id, innings) ` +
          `WHERE ${table}.match_id = k.match_id AND ${table}.innings = k.innings`,
      );
    }
  }
  await appendRows(connection, rows);
  return touched;
}

const REBUILD_MATCHES = 50;

/** Makes all marts again from the facts, in one transaction: after a change of the fold, and in tests. */
export async function rebuildMarts(connection: DuckDBConnection): Promise<void> {
  await inTransaction(connection, async () => {
    for (const table of MART_TABLES) await connection.run(`DELETE FROM ${table.name}`);
    const ids = await readMatchIds(connection);
    for (let at = 0; at < ids.length; at += REBUILD_MATCHES) {
      const rows = emptyRows();
      for (const stored of await readStoredMatches(connection, ids.slice(at, at + REBUILD_MATCHES))) {
        for (const marts of inningsMarts(scoreStored(stored), stored.deliveries)) addRows(rows, stored.matchId, marts);
      }
      await appendRows(connection, rows);
    }
    await connection.run("DELETE FROM marts_version");
    await connection.run(`INSERT INTO marts_version VALUES (${MARTS_VERSION})`);
  });
}

/** Rows by table. */
type MartRows = Readonly<Record<"innings" | "batting" | "bowling" | "partnerships" | "fall_of_wickets", Row[]>>;

function emptyRows(): MartRows {
  return { innings: [], batting: [], bowling: [], partnerships: [], fall_of_wickets: [] };
}

function addRows(rows: MartRows, matchId: string, { innings, partnerships }: InningsMarts): void {
  rows.innings.push(inningsRow(matchId, innings));
  rows.batting.push(...battingRows(matchId, innings));
  rows.bowling.push(...bowlingRows(matchId, innings));
  rows.partnerships.push(...partnershipRows(matchId, innings.number, partnerships));
  rows.fall_of_wickets.push(...fallRows(matchId, innings));
}

async function appendRows(connection: DuckDBConnection, rows: MartRows): Promise<void> {
  for (const [table, added] of Object.entries(rows)) if (added.length > 0) await append(connection, table, added);
}
