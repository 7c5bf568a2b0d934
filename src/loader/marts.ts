import type { DuckDBConnection } from "@duckdb/node-api";
import { type ScoredInnings, type ScoredMatch, scoreMatch } from "../domain/cricket/scorecard.ts";
import { type Partnership, partnershipsOf } from "../domain/cricket/partnerships.ts";
import type { Delivery, Match } from "../domain/cricket/types.ts";
import { append } from "./appender.ts";
import { battingRows, bowlingRows, fallRows, inningsRow, partnershipRows } from "./mart-rows.ts";
import { matchWithoutRecord, readMatchIds, readStoredMatches, type StoredMatch } from "./match-rows.ts";
import { MARTS_VERSION } from "./migrations.ts";
import type { Row } from "./rows.ts";
import { MART_TABLES } from "./tables.ts";
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
export interface InningsMarts {
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

const REBUILD_MATCHES = 50;

/** Makes all marts again from the facts, in one transaction: after a change of the fold, and in tests. */
export async function rebuildMarts(connection: DuckDBConnection): Promise<void> {
  await inTransaction(connection, async () => {
    for (const table of MART_TABLES) await connection.run(`DELETE FROM ${table.name}`);
    const ids = await readMatchIds(connection);
    for (let at = 0; at < ids.length; at += REBUILD_MATCHES) {
      const rows = new Map<string, Row[]>(MART_TABLES.map(({ name }) => [name, []]));
      for (const stored of await readStoredMatches(connection, ids.slice(at, at + REBUILD_MATCHES))) {
        for (const marts of inningsMarts(scoreStored(stored), stored.deliveries)) {
          for (const [table, added] of Object.entries(martRows(stored.matchId, marts))) rows.get(table)?.push(...added);
        }
      }
      for (const [table, added] of rows) await append(connection, table, added);
    }
    await connection.run("DELETE FROM marts_version");
    await connection.run(`INSERT INTO marts_version VALUES (${MARTS_VERSION})`);
  });
}

/** Rows by table. */
type MartRows = Readonly<
  Record<"innings" | "batting" | "bowling" | "partnerships" | "fall_of_wickets", readonly Row[]>
>;

/** The rows of an innings, by table: an entry for each of `MART_TABLES`. */
export function martRows(matchId: string, { innings, partnerships }: InningsMarts): MartRows {
  return {
    innings: [inningsRow(matchId, innings)],
    batting: battingRows(matchId, innings),
    bowling: bowlingRows(matchId, innings),
    partnerships: partnershipRows(matchId, innings.number, partnerships),
    fall_of_wickets: fallRows(matchId, innings),
  };
}
