import type { DuckDBConnection } from "@duckdb/node-api";
import { type ScoredInnings, type ScoredMatch, scoreMatch } from "../domain/cricket/scorecard.ts";
import type { Match } from "../domain/cricket/types.ts";
import { append } from "./appender.ts";
import { battingRows, bowlingRows, inningsRow } from "./mart-rows.ts";
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

/**
 * Brings innings, batting and bowling of these matches to what their deliveries say now, writing only the
 * innings that changed. Returns the matches, scored.
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
    const match = scoreStored({ ...cached, deliveries: [...cached.deliveries.values()] });
    touched.push(match);
    const before = cached.written;
    const after = new Map<number, string>();
    if (before === null) wholeMatches.push(cached.matchId);
    for (const innings of match.scored.innings) {
      const text = JSON.stringify(innings);
      after.set(innings.number, text);
      if (before?.get(innings.number) === text) continue;
      if (before !== null) changed.push([cached.matchId, innings.number]);
      addRows(rows, cached.matchId, innings);
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
        for (const innings of scoreStored(stored).scored.innings) addRows(rows, stored.matchId, innings);
      }
      await appendRows(connection, rows);
    }
    await connection.run("DELETE FROM marts_version");
    await connection.run(`INSERT INTO marts_version VALUES (${MARTS_VERSION})`);
  });
}

interface MartRows {
  readonly innings: Row[];
  readonly batting: Row[];
  readonly bowling: Row[];
}

function emptyRows(): MartRows {
  return { innings: [], batting: [], bowling: [] };
}

function addRows(rows: MartRows, matchId: string, innings: ScoredInnings): void {
  rows.innings.push(inningsRow(matchId, innings));
  rows.batting.push(...battingRows(matchId, innings));
  rows.bowling.push(...bowlingRows(matchId, innings));
}

async function appendRows(connection: DuckDBConnection, rows: MartRows): Promise<void> {
  if (rows.innings.length > 0) await append(connection, "innings", rows.innings);
  if (rows.batting.length > 0) await append(connection, "batting", rows.batting);
  if (rows.bowling.length > 0) await append(connection, "bowling", rows.bowling);
}
