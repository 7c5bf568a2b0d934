/**
 * The warehouse's tables as an appender needs them: columns with their types, in the order of the values in `rows.ts`
 * and `mart-rows.ts`. The tables themselves, with what each column means, are made by `sql/`; a test holds both equal.
 */
export type Column = readonly [name: string, type: string];

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
}

/** Where a clean record came from and what the review said of it: the same columns behind every fact. */
const PROVENANCE: readonly Column[] = [
  ["event_id", "UUID NOT NULL"],
  ["verdict", "VARCHAR NOT NULL"],
  ["supersedes", "UUID"],
  ["source_topic", "VARCHAR NOT NULL"],
  ["source_partition", "INTEGER NOT NULL"],
  ["source_offset", "BIGINT NOT NULL"],
  ["source_id", "VARCHAR"],
  ["source_time", "TIMESTAMP NOT NULL"],
  ["log_partition", "INTEGER NOT NULL"],
  ["log_offset", "BIGINT NOT NULL"],
];

const MATCH_ID: Column = ["match_id", "VARCHAR NOT NULL"];
const INNINGS: Column = ["innings", "INTEGER NOT NULL"];

const deliveries: Table = {
  name: "deliveries",
  columns: [
    MATCH_ID,
    INNINGS,
    ["over_no", "INTEGER NOT NULL"],
    ["ball_no", "INTEGER NOT NULL"],
    ["batting_team", "VARCHAR NOT NULL"],
    ["batter", "VARCHAR NOT NULL"],
    ["non_striker", "VARCHAR NOT NULL"],
    ["bowler", "VARCHAR NOT NULL"],
    ["runs_batter", "INTEGER NOT NULL"],
    ["runs_extras", "INTEGER NOT NULL"],
    ["runs_total", "INTEGER NOT NULL"],
    ["wides", "INTEGER"],
    ["noballs", "INTEGER"],
    ["byes", "INTEGER"],
    ["legbyes", "INTEGER"],
    ["penalty", "INTEGER"],
    ["non_boundary", "BOOLEAN"],
    ["wicket_count", "INTEGER NOT NULL"],
    ["wickets", "JSON"],
    ...PROVENANCE,
  ],
};

const matches: Table = {
  name: "matches",
  columns: [
    MATCH_ID,
    ["format", "VARCHAR NOT NULL"],
    ["version", "VARCHAR NOT NULL"],
    ["match_type", "VARCHAR"],
    ["gender", "VARCHAR"],
    ["team_type", "VARCHAR"],
    ["team_1", "VARCHAR NOT NULL"],
    ["team_2", "VARCHAR NOT NULL"],
    ["season", "VARCHAR"],
    ["first_date", "DATE"],
    ["dates", "JSON"],
    ["venue", "VARCHAR"],
    ["city", "VARCHAR"],
    ["event", "VARCHAR"],
    ["overs", "INTEGER"],
    ["balls_per_over", "INTEGER NOT NULL"],
    ["toss_winner", "VARCHAR"],
    ["toss_decision", "VARCHAR"],
    ["winner", "VARCHAR"],
    ["won_by_runs", "INTEGER"],
    ["won_by_wickets", "INTEGER"],
    ["won_by_innings", "INTEGER"],
    ["result", "VARCHAR"],
    ["method", "VARCHAR"],
    ["eliminator", "VARCHAR"],
    ["bowl_out", "VARCHAR"],
    ["players_of_match", "JSON"],
    ["record", "JSON NOT NULL"],
    ...PROVENANCE,
  ],
};

const players: Table = {
  name: "players",
  columns: [MATCH_ID, ["team", "VARCHAR NOT NULL"], ["player", "VARCHAR NOT NULL"], ["registry_id", "VARCHAR"]],
};

const innings: Table = {
  name: "innings",
  columns: [
    MATCH_ID,
    INNINGS,
    ["team", "VARCHAR NOT NULL"],
    ["super_over", "BOOLEAN NOT NULL"],
    ["declared", "BOOLEAN"],
    ["forfeited", "BOOLEAN NOT NULL"],
    ["target_runs", "INTEGER"],
    ["target_overs", "DOUBLE"],
    ["runs", "INTEGER NOT NULL"],
    ["wickets", "INTEGER NOT NULL"],
    ["overs", "VARCHAR"],
    ["legal_balls", "INTEGER"],
    ["deliveries", "INTEGER NOT NULL"],
    ["wides", "INTEGER"],
    ["noballs", "INTEGER"],
    ["byes", "INTEGER"],
    ["legbyes", "INTEGER"],
    ["penalty", "INTEGER"],
    ["extras_total", "INTEGER NOT NULL"],
    ["penalty_pre", "INTEGER NOT NULL"],
    ["penalty_post", "INTEGER NOT NULL"],
    ["boundaries_exact", "BOOLEAN NOT NULL"],
    ["absent_hurt", "JSON NOT NULL"],
    ["fall", "JSON NOT NULL"],
    ["overs_used", "VARCHAR"],
    ["balls_used", "INTEGER"],
  ],
};

const batting: Table = {
  name: "batting",
  columns: [
    MATCH_ID,
    INNINGS,
    ["position", "INTEGER NOT NULL"],
    ["team", "VARCHAR NOT NULL"],
    ["batter", "VARCHAR NOT NULL"],
    ["runs", "INTEGER NOT NULL"],
    ["balls", "INTEGER"],
    ["fours", "INTEGER NOT NULL"],
    ["sixes", "INTEGER NOT NULL"],
    ["is_out", "BOOLEAN NOT NULL"],
    ["how", "VARCHAR NOT NULL"],
    ["bowler", "VARCHAR"],
    ["fielders", "JSON NOT NULL"],
  ],
};

const bowling: Table = {
  name: "bowling",
  columns: [
    MATCH_ID,
    INNINGS,
    ["position", "INTEGER NOT NULL"],
    ["batting_team", "VARCHAR NOT NULL"],
    ["bowler", "VARCHAR NOT NULL"],
    ["balls", "INTEGER"],
    ["maidens", "INTEGER"],
    ["runs", "INTEGER"],
    ["wickets", "INTEGER NOT NULL"],
    ["wides", "INTEGER"],
    ["noballs", "INTEGER"],
    ["balls_used", "INTEGER"],
  ],
};

const partnerships: Table = {
  name: "partnerships",
  columns: [
    MATCH_ID,
    INNINGS,
    ["position", "INTEGER NOT NULL"],
    ["wicket", "INTEGER NOT NULL"],
    ["batter_1", "VARCHAR NOT NULL"],
    ["batter_2", "VARCHAR NOT NULL"],
    ["runs", "INTEGER NOT NULL"],
    ["balls", "INTEGER"],
    ["unbroken", "BOOLEAN NOT NULL"],
  ],
};

const fallOfWickets: Table = {
  name: "fall_of_wickets",
  columns: [
    MATCH_ID,
    INNINGS,
    ["wicket", "INTEGER NOT NULL"],
    ["runs", "INTEGER NOT NULL"],
    ["batter", "VARCHAR NOT NULL"],
    ["over_label", "VARCHAR NOT NULL"],
  ],
};

const verdicts: Table = {
  name: "verdicts",
  columns: [
    ["input_topic", "VARCHAR NOT NULL"],
    ["input_partition", "INTEGER NOT NULL"],
    ["input_offset", "BIGINT NOT NULL"],
    ["verdict", "VARCHAR NOT NULL"],
    ["event_id", "UUID"],
    ["first_seen_input", "INTEGER"],
    ["first_seen_offset", "BIGINT"],
    ["reason", "VARCHAR"],
    ["log_partition", "INTEGER NOT NULL"],
    ["log_offset", "BIGINT NOT NULL"],
  ],
};

const verdictCounts: Table = {
  name: "verdict_counts",
  columns: [
    ["input_topic", "VARCHAR NOT NULL"],
    ["input_partition", "INTEGER NOT NULL"],
    ["from_offset", "BIGINT NOT NULL"],
    ["to_offset", "BIGINT NOT NULL"],
    ["accepted", "BIGINT NOT NULL"],
    ["duplicate", "BIGINT NOT NULL"],
    ["correction", "BIGINT NOT NULL"],
    ["stale", "BIGINT NOT NULL"],
    ["late", "BIGINT NOT NULL"],
    ["poison", "BIGINT NOT NULL"],
    ["stream_time", "TIMESTAMP"],
    ["log_partition", "INTEGER NOT NULL"],
    ["log_offset", "BIGINT NOT NULL"],
    ["completing", "BIGINT"],
  ],
};

const quarantine: Table = {
  name: "quarantine",
  columns: [
    ["input_topic", "VARCHAR"],
    ["input_partition", "INTEGER"],
    ["input_offset", "BIGINT"],
    ["reason", "VARCHAR"],
    ["quarantined_at", "TIMESTAMP"],
    ["key", "BLOB"],
    ["value", "BLOB"],
    ["headers", "JSON NOT NULL"],
    ["log_partition", "INTEGER NOT NULL"],
    ["log_offset", "BIGINT NOT NULL"],
  ],
};

const gaps: Table = {
  name: "gaps",
  columns: [
    ["source_id", "VARCHAR NOT NULL"],
    ["epoch", "INTEGER NOT NULL"],
    ["from_position", "JSON"],
    ["to_position", "JSON NOT NULL"],
    ["reason", "VARCHAR NOT NULL"],
    ["action", "VARCHAR NOT NULL"],
    ["noted_at", "TIMESTAMP"],
    ["log_partition", "INTEGER"],
    ["log_offset", "BIGINT"],
  ],
};

const offsets: Table = {
  name: "offsets",
  columns: [
    ["topic", "VARCHAR NOT NULL"],
    ["partition", "INTEGER NOT NULL"],
    ["next_offset", "BIGINT NOT NULL"],
    ["topic_id", "VARCHAR"],
  ],
};

/** Facts and records: filled from Kafka. */
export const FACT_TABLES: readonly Table[] = [deliveries, matches, players, verdicts, verdictCounts, quarantine, gaps];
/** Marts that the fold writes: computed from the facts, and can be computed again. */
export const MART_TABLES: readonly Table[] = [innings, batting, bowling, partnerships, fallOfWickets];
export const TABLES: readonly Table[] = [...FACT_TABLES, ...MART_TABLES, offsets];

/** A text as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
