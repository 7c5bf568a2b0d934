import type { DuckDBConnection, JS } from "@duckdb/node-api";
import type { ScoredInnings } from "../domain/cricket/scorecard.ts";
import type { Match } from "../domain/cricket/types.ts";

/** A match as a list shows it. */
export interface MatchSummary {
  readonly matchId: string;
  /** null while the match's own record is missing. */
  readonly match: Match | null;
  /** Without batters, bowlers and fall of wickets. */
  readonly innings: readonly ScoredInnings[];
}

/** All matches from the marts, by date and then by id: quick also where scoring them all again would not be. */
export async function readSummaries(connection: DuckDBConnection): Promise<MatchSummary[]> {
  const inningsReader = await connection.runAndReadAll("SELECT * FROM innings ORDER BY match_id, innings");
  const byMatch = new Map<string, ScoredInnings[]>();
  for (const row of inningsReader.getRowObjectsJS()) {
    const matchId = text(row["match_id"]);
    byMatch.set(matchId, [...(byMatch.get(matchId) ?? []), toInnings(row)]);
  }
  const reader = await connection.runAndReadAll(
    "SELECT match_id, record FROM matches FULL JOIN (SELECT DISTINCT match_id FROM deliveries) USING (match_id) " +
      "ORDER BY first_date NULLS LAST, match_id",
  );
  return reader.getRows().map(([id, record]) => {
    const matchId = String(id);
    return {
      matchId,
      match: typeof record === "string" ? (JSON.parse(record) as Match) : null,
      innings: byMatch.get(matchId) ?? [],
    };
  });
}

function toInnings(row: Readonly<Record<string, JS>>): ScoredInnings {
  const number = (name: string): number => Number(row[name]);
  const orNull = (name: string): number | null => (row[name] === null ? null : number(name));
  const targetRuns = orNull("target_runs");
  const extras = {
    wides: number("wides"),
    noballs: number("noballs"),
    byes: number("byes"),
    legbyes: number("legbyes"),
    penalty: number("penalty"),
  };
  return {
    number: number("innings"),
    team: text(row["team"]),
    super_over: row["super_over"] === true,
    declared: typeof row["declared"] === "boolean" ? row["declared"] : null,
    forfeited: row["forfeited"] === true,
    absent_hurt: JSON.parse(text(row["absent_hurt"])) as string[],
    target: targetRuns === null ? null : { runs: targetRuns, overs: orNull("target_overs") },
    runs: number("runs"),
    wickets: number("wickets"),
    overs: row["overs"] === null ? null : text(row["overs"]),
    legal_balls: orNull("legal_balls"),
    deliveries: number("deliveries"),
    extras: row["wides"] === null ? null : extras,
    extras_total: number("extras_total"),
    penalty_pre: number("penalty_pre"),
    penalty_post: number("penalty_post"),
    boundaries_exact: row["boundaries_exact"] === true,
    batters: [],
    bowlers: [],
    fall: [],
  };
}

function text(value: JS | undefined): string {
  if (typeof value !== "string") throw new TypeError(`a text was expected in the mart, not ${typeof value}`);
  return value;
}
