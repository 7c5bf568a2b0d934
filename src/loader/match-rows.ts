import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import type { Delivery, Extras, Match, Wicket } from "../domain/cricket/types.ts";
import { sqlText } from "./tables.ts";

/** A match with all its deliveries as the tables hold them; `match` is null while its own record is missing. */
export interface StoredMatch {
  readonly matchId: string;
  readonly match: Match | null;
  /** In order of play. */
  readonly deliveries: readonly Delivery[];
}

const DELIVERY_COLUMNS =
  "match_id, innings, over_no, ball_no, batting_team, batter, non_striker, bowler, runs_batter, runs_extras, runs_total, " +
  "wides, noballs, byes, legbyes, penalty, non_boundary, wickets";

/** Reads these matches; one that is in no table comes back without record and deliveries. */
export async function readStoredMatches(
  connection: DuckDBConnection,
  matchIds: readonly string[],
): Promise<StoredMatch[]> {
  if (matchIds.length === 0) return [];
  const list = sqlList(matchIds);
  const matches = await readMatchRecords(connection, matchIds);
  const deliveries = new Map<string, Delivery[]>(matchIds.map((id) => [id, []]));
  const rows = await connection.runAndReadAll(
    `SELECT ${DELIVERY_COLUMNS} FROM deliveries WHERE match_id IN (${list}) ORDER BY match_id, innings, over_no, ball_no`,
  );
  for (const row of rows.getRows()) {
    const delivery = toDelivery(row);
    deliveries.get(delivery.matchId)?.push(delivery);
  }
  return matchIds.map((matchId) => ({
    matchId,
    match: matches.get(matchId) ?? null,
    deliveries: deliveries.get(matchId) ?? [],
  }));
}

/** The own records of these matches, where there are any, by id. */
export async function readMatchRecords(
  connection: DuckDBConnection,
  matchIds: readonly string[],
): Promise<Map<string, Match>> {
  if (matchIds.length === 0) return new Map();
  const reader = await connection.runAndReadAll(
    `SELECT match_id, record FROM matches WHERE match_id IN (${sqlList(matchIds)})`,
  );
  return new Map(reader.getRows().map(([matchId, record]) => [text(matchId), JSON.parse(text(record)) as Match]));
}

/** Ids of all matches that have a record or a delivery, sorted. */
export async function readMatchIds(connection: DuckDBConnection): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    "SELECT match_id FROM (SELECT match_id FROM matches UNION SELECT match_id FROM deliveries) ORDER BY match_id",
  );
  return reader.getRows().map(([id]) => text(id));
}

/** What the deliveries alone tell of a match: enough for innings, not for a result. Unknown is null. */
export function matchWithoutRecord({ matchId, deliveries }: StoredMatch): Match {
  const [first = "", second = ""] = new Set(deliveries.map((delivery) => delivery.battingTeam));
  return {
    matchId,
    format: "csv2",
    version: "",
    matchType: null,
    gender: null,
    teamType: null,
    teams: [first, second],
    season: null,
    dates: [],
    venue: null,
    city: null,
    event: null,
    overs: null,
    ballsPerOver: 6,
    toss: null,
    outcome: {},
    playersOfMatch: [],
    players: [],
    inningsNotes: [],
  };
}

/** Texts as an SQL list without its brackets. */
export function sqlList(texts: readonly string[]): string {
  return texts.map(sqlText).join(", ");
}

function toDelivery(row: readonly DuckDBValue[]): Delivery {
  const [matchId, innings, over, ball, battingTeam, batter, nonStriker, bowler, runsBatter, runsExtras, runsTotal] =
    row;
  const [wides, noballs, byes, legbyes, penalty, nonBoundary, wickets] = row.slice(11);
  // The kinds of extras are all known or all unknown.
  const extras: Extras | null =
    wides === null
      ? null
      : { wides: int(wides), noballs: int(noballs), byes: int(byes), legbyes: int(legbyes), penalty: int(penalty) };
  return {
    matchId: text(matchId),
    innings: int(innings),
    over: int(over),
    ball: int(ball),
    battingTeam: text(battingTeam),
    batter: text(batter),
    nonStriker: text(nonStriker),
    bowler: text(bowler),
    runs: { batter: int(runsBatter), extras: int(runsExtras), total: int(runsTotal) },
    extras,
    nonBoundary: typeof nonBoundary === "boolean" ? nonBoundary : null,
    wickets: typeof wickets === "string" ? (JSON.parse(wickets) as Wicket[]) : [],
  };
}

function text(value: DuckDBValue | undefined): string {
  if (typeof value !== "string") throw new TypeError(`a text was expected in the warehouse, not ${typeof value}`);
  return value;
}

function int(value: DuckDBValue | undefined): number {
  if (typeof value !== "number") throw new TypeError(`a number was expected in the warehouse, not ${typeof value}`);
  return value;
}
