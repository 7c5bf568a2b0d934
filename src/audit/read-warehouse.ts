import type { DuckDBConnection, Json } from "@duckdb/node-api";
import { deliveryIdentity, matchIdentity } from "../domain/cricket/identity.ts";
import type { Delivery, Match, Wicket } from "../domain/cricket/types.ts";
import { VERDICTS, type VerdictCounts, zeroCounts } from "../domain/review/verdict.ts";
import type { VerdictTablesFact, WarehouseFact } from "./facts.ts";

type Row = Readonly<Record<string, Json>>;

/** Next offset to load by `topic/partition`. */
export async function readLoaded(connection: DuckDBConnection): Promise<ReadonlyMap<string, number>> {
  const reader = await connection.runAndReadAll("SELECT topic, partition, next_offset FROM offsets");
  return new Map(
    reader.getRowsJson().map(([topic, partition, next]) => [`${textOf(topic)}/${textOf(partition)}`, Number(next)]),
  );
}

/** Every delivery and match of the warehouse, as its columns say. */
export async function readWarehouse(connection: DuckDBConnection, visit: (fact: WarehouseFact) => void): Promise<void> {
  await each(connection, "SELECT *, event_id::VARCHAR AS id FROM deliveries", (row) => visit(deliveryFact(row)));
  await each(connection, "SELECT match_id, record, event_id::VARCHAR AS id FROM matches", (row) =>
    visit(matchFact(row)),
  );
}

/** Innings whose mart does not count the deliveries there are: "1375865 innings 2". */
export async function readStaleMarts(connection: DuckDBConnection): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    "SELECT match_id, innings FROM (SELECT match_id, innings, count(*) AS n FROM deliveries GROUP BY ALL) d " +
      "FULL JOIN (SELECT match_id, innings, deliveries FROM innings WHERE deliveries > 0) i USING (match_id, innings) " +
      "WHERE n IS DISTINCT FROM deliveries ORDER BY ALL",
  );
  return reader.getRowsJson().map(([matchId, innings]) => `${textOf(matchId)} innings ${textOf(innings)}`);
}

/** `verdictsTo`, `quarantineTo`: what the audit has read of the topics, by partition. */
export async function readVerdictTables(
  connection: DuckDBConnection,
  inputTopics: readonly string[],
  verdictsTo: readonly number[],
  quarantineTo: readonly number[],
): Promise<VerdictTablesFact> {
  const topic = `input_topic IN (${inputTopics.map((name) => `'${name.replaceAll("'", "''")}'`).join(", ")})`;
  const sums = VERDICTS.map((verdict) => `sum(${verdict})::BIGINT`).join(", ");
  const counted = await connection.runAndReadAll(
    `SELECT input_topic || '/' || input_partition, ${sums} FROM verdict_counts WHERE ${topic} AND ${below(verdictsTo)} GROUP BY ALL`,
  );
  const counts = new Map<string, VerdictCounts>();
  for (const [name, ...values] of counted.getRowsJson()) {
    const sum = zeroCounts();
    VERDICTS.forEach((verdict, index) => (sum[verdict] = Number(values[index])));
    counts.set(textOf(name), sum);
  }
  const rows = await count(connection, `verdicts WHERE ${topic} AND ${below(verdictsTo)}`);
  return { counts, rows, quarantined: await count(connection, `quarantine WHERE ${topic} AND ${below(quarantineTo)}`) };
}

function below(ends: readonly number[]): string {
  const terms = ends.map((end, partition) => `(log_partition = ${partition} AND log_offset < ${end})`);
  return terms.length === 0 ? "false" : `(${terms.join(" OR ")})`;
}

async function count(connection: DuckDBConnection, from: string): Promise<number> {
  const reader = await connection.runAndReadAll(`SELECT count(*) FROM ${from}`);
  return Number(reader.getRowsJson()[0]?.[0] ?? 0);
}

async function each(connection: DuckDBConnection, sql: string, visit: (row: Row) => void): Promise<void> {
  const result = await connection.stream(sql);
  for await (const rows of result.yieldRowObjectJson()) for (const row of rows) visit(row);
}

function deliveryFact(row: Row): WarehouseFact {
  const text = (name: string): string => textOf(row[name]);
  const number = (name: string): number => Number(row[name]);
  const wickets = row["wickets"];
  const nonBoundary = row["non_boundary"];
  const delivery: Delivery = {
    matchId: text("match_id"),
    innings: number("innings"),
    over: number("over_no"),
    ball: number("ball_no"),
    battingTeam: text("batting_team"),
    batter: text("batter"),
    nonStriker: text("non_striker"),
    bowler: text("bowler"),
    runs: { batter: number("runs_batter"), extras: number("runs_extras"), total: number("runs_total") },
    extras:
      row["wides"] === null
        ? null
        : {
            wides: number("wides"),
            noballs: number("noballs"),
            byes: number("byes"),
            legbyes: number("legbyes"),
            penalty: number("penalty"),
          },
    nonBoundary: typeof nonBoundary === "boolean" ? nonBoundary : null,
    wickets: typeof wickets === "string" ? (JSON.parse(wickets) as Wicket[]) : [],
  };
  const { matchId, innings, over, ball } = delivery;
  return {
    table: "deliveries",
    label: `delivery ${matchId}/${innings}/${over}.${ball}`,
    eventId: text("id").replaceAll("-", ""),
    identity: deliveryIdentity(delivery),
  };
}

function matchFact(row: Row): WarehouseFact {
  const match = JSON.parse(textOf(row["record"])) as Match;
  return {
    table: "matches",
    label: `match ${textOf(row["match_id"])}`,
    eventId: textOf(row["id"]).replaceAll("-", ""),
    identity: matchIdentity(match),
  };
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}
