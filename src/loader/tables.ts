/**
 * The warehouse's tables, each column with its SQL type and what it means. The order of the columns is
 * the order of the values in `rows.ts` and `mart-rows.ts`: both go through an appender, which knows no names.
 *
 * Facts carry no primary key: its index would be half of the file and of every snapshot. A fact is
 * replaced by its natural key inside the transaction instead, which the match id's zone maps make cheap.
 */
export type Column = readonly [name: string, type: string, comment: string];

export interface Table {
  readonly name: string;
  readonly comment: string;
  readonly columns: readonly Column[];
}

/** Where a clean record came from and what the review said of it: the same columns behind every fact. */
const PROVENANCE: readonly Column[] = [
  [
    "event_id",
    "UUID NOT NULL",
    "Identity of the fact: 128 bits over natural key and content, the same from every source",
  ],
  ["verdict", "VARCHAR NOT NULL", "accepted or correction: what the review said of this content"],
  ["supersedes", "UUID", "Event id that this correction replaced; null when it replaced nothing"],
  ["source_topic", "VARCHAR NOT NULL", "Raw topic of the record"],
  ["source_partition", "INTEGER NOT NULL", "Raw partition of the record"],
  ["source_offset", "BIGINT NOT NULL", "Raw offset of the record"],
  ["source_id", "VARCHAR", "The source's own position (CloudEvents id)"],
  ["source_time", "TIMESTAMP NOT NULL", "Event time, UTC"],
  ["log_partition", "INTEGER NOT NULL", "Partition of the clean record that this row is"],
  ["log_offset", "BIGINT NOT NULL", "Offset of the clean record that this row is: below offsets.next_offset"],
];

const MATCH_ID: Column = ["match_id", "VARCHAR NOT NULL", "Cricsheet's id of the match"];
const INNINGS: Column = [
  "innings",
  "INTEGER NOT NULL",
  "Innings number from 1, in order of play, super overs included",
];

const deliveries: Table = {
  name: "deliveries",
  comment: "One row per delivery, the latest content of each. Natural key: match_id, innings, over_no, ball_no",
  columns: [
    MATCH_ID,
    INNINGS,
    ["over_no", "INTEGER NOT NULL", "Over from 0"],
    ["ball_no", "INTEGER NOT NULL", "n-th delivery of the over from 1, wides and no-balls counted"],
    ["batting_team", "VARCHAR NOT NULL", "Team that bats"],
    ["batter", "VARCHAR NOT NULL", "Batter on strike"],
    ["non_striker", "VARCHAR NOT NULL", "Batter at the other end"],
    ["bowler", "VARCHAR NOT NULL", "Bowler"],
    ["runs_batter", "INTEGER NOT NULL", "Runs off the bat"],
    ["runs_extras", "INTEGER NOT NULL", "Extras"],
    ["runs_total", "INTEGER NOT NULL", "All runs of the delivery"],
    ["wides", "INTEGER", "Wides; null where the format gives one total of extras only"],
    ["noballs", "INTEGER", "No-balls; null as for wides"],
    ["byes", "INTEGER", "Byes; null as for wides"],
    ["legbyes", "INTEGER", "Leg byes; null as for wides"],
    ["penalty", "INTEGER", "Penalty runs on the delivery; null as for wides"],
    ["non_boundary", "BOOLEAN", "A four or six that was run; null where the format has no such flag"],
    ["wicket_count", "INTEGER NOT NULL", "Dismissals and retirements on the delivery"],
    ["wickets", "JSON", "[{kind, playerOut, fielders}]; null when there is none"],
    ...PROVENANCE,
  ],
};

const matches: Table = {
  name: "matches",
  comment: "One row per match, as its own record describes it, the latest content of each. Natural key: match_id",
  columns: [
    MATCH_ID,
    ["format", "VARCHAR NOT NULL", "File format the record came in"],
    ["version", "VARCHAR NOT NULL", "Version of the file format"],
    ["match_type", "VARCHAR", "ODI, T20, Test, …; null where the format does not say"],
    ["gender", "VARCHAR", "male or female"],
    ["team_type", "VARCHAR", "international or club"],
    ["team_1", "VARCHAR NOT NULL", "First team named"],
    ["team_2", "VARCHAR NOT NULL", "Second team named"],
    ["season", "VARCHAR", "Season as the source writes it, e.g. 2016/17"],
    ["first_date", "DATE", "First day of the match"],
    ["dates", "JSON", "All days of the match, ISO 8601"],
    ["venue", "VARCHAR", "Ground"],
    ["city", "VARCHAR", "City"],
    ["event", "VARCHAR", "Series or tournament"],
    ["overs", "INTEGER", "Overs an innings may last; null when unlimited or unknown"],
    ["balls_per_over", "INTEGER NOT NULL", "Legal balls of an over"],
    ["toss_winner", "VARCHAR", "Team that won the toss"],
    ["toss_decision", "VARCHAR", "bat or field"],
    ["winner", "VARCHAR", "Winning team; null when there is none"],
    ["won_by_runs", "INTEGER", "Margin in runs"],
    ["won_by_wickets", "INTEGER", "Margin in wickets"],
    ["won_by_innings", "INTEGER", "1 when won by an innings"],
    ["result", "VARCHAR", "tie, draw or no result; null when there is a winner"],
    ["method", "VARCHAR", "D/L, Awarded, …; null when the match ran its course"],
    ["eliminator", "VARCHAR", "Winner of the super over"],
    ["bowl_out", "VARCHAR", "Winner of the bowl-out"],
    ["players_of_match", "JSON", "Names"],
    ["record", "JSON NOT NULL", "The whole match record, from which scorecards are made"],
    ...PROVENANCE,
  ],
};

const players: Table = {
  name: "players",
  comment: "Who was named in the teams of a match",
  columns: [
    MATCH_ID,
    ["team", "VARCHAR NOT NULL", "Team"],
    ["player", "VARCHAR NOT NULL", "Name as the match writes it"],
    [
      "registry_id",
      "VARCHAR",
      "Cricsheet's people register: the key that survives respelling; null where the format has none",
    ],
  ],
};

const innings: Table = {
  name: "innings",
  comment: "Mart: one row per innings, recomputed from its deliveries in the transaction that changed them",
  columns: [
    MATCH_ID,
    INNINGS,
    ["team", "VARCHAR NOT NULL", "Team that bats"],
    ["super_over", "BOOLEAN NOT NULL", "Whether it is a super over"],
    ["declared", "BOOLEAN", "Whether it was declared; null where the format cannot tell"],
    ["forfeited", "BOOLEAN NOT NULL", "Whether it was forfeited"],
    ["target_runs", "INTEGER", "Runs to win; null where no target is given"],
    ["target_overs", "DOUBLE", "Overs to get them in, 17.4 = 17 overs and 4 balls"],
    ["runs", "INTEGER NOT NULL", "Total"],
    ["wickets", "INTEGER NOT NULL", "Wickets; retired hurt and retired not out are none"],
    ["overs", "VARCHAR", "Overs bowled, e.g. 19.3; null where the format cannot tell wides from other extras"],
    ["legal_balls", "INTEGER", "Deliveries that were neither wide nor no-ball; null as for overs"],
    ["deliveries", "INTEGER NOT NULL", "All deliveries"],
    ["wides", "INTEGER", "Wides; null where the format cannot tell"],
    ["noballs", "INTEGER", "No-balls; null where the format cannot tell"],
    ["byes", "INTEGER", "Byes; null where the format cannot tell"],
    ["legbyes", "INTEGER", "Leg byes; null where the format cannot tell"],
    ["penalty", "INTEGER", "Penalty runs; null where the format cannot tell"],
    ["extras_total", "INTEGER NOT NULL", "All extras"],
    ["penalty_pre", "INTEGER NOT NULL", "Penalty runs given before the innings"],
    ["penalty_post", "INTEGER NOT NULL", "Penalty runs given after the innings"],
    [
      "boundaries_exact",
      "BOOLEAN NOT NULL",
      "False where fours and sixes that were run cannot be told from boundaries",
    ],
    ["absent_hurt", "JSON NOT NULL", "Names of batters who could not bat"],
    ["fall", "JSON NOT NULL", "Fall of wickets: [[wicket, runs, player, over.ball]]"],
  ],
};

const batting: Table = {
  name: "batting",
  comment: "Mart: one row per batter and innings, in batting order",
  columns: [
    MATCH_ID,
    INNINGS,
    ["position", "INTEGER NOT NULL", "Batting position from 1"],
    ["team", "VARCHAR NOT NULL", "Batter's team"],
    ["batter", "VARCHAR NOT NULL", "Name"],
    ["runs", "INTEGER NOT NULL", "Runs off the bat"],
    ["balls", "INTEGER", "Balls faced, wides not counted; null where the format cannot tell"],
    ["fours", "INTEGER NOT NULL", "Boundary fours"],
    ["sixes", "INTEGER NOT NULL", "Boundary sixes"],
    ["is_out", "BOOLEAN NOT NULL", "Whether the batter was dismissed"],
    ["how", "VARCHAR NOT NULL", "Kind of dismissal, or not out"],
    ["bowler", "VARCHAR", "Bowler who is credited; null when nobody is"],
    ["fielders", "JSON NOT NULL", "Names of the fielders who had a part in it"],
  ],
};

const bowling: Table = {
  name: "bowling",
  comment: "Mart: one row per bowler and innings, in order of the first ball",
  columns: [
    MATCH_ID,
    INNINGS,
    ["position", "INTEGER NOT NULL", "Order of the bowlers from 1"],
    ["batting_team", "VARCHAR NOT NULL", "Team bowled at"],
    ["bowler", "VARCHAR NOT NULL", "Name"],
    ["balls", "INTEGER", "Legal balls; null where the format cannot tell"],
    ["maidens", "INTEGER", "Complete overs without a run charged to the bowler; null as for balls"],
    ["runs", "INTEGER", "Runs charged: off the bat, wides and no-balls; null as for balls"],
    ["wickets", "INTEGER NOT NULL", "Wickets credited"],
    ["wides", "INTEGER", "Runs in wides; null as for balls"],
    ["noballs", "INTEGER", "Runs in no-balls; null as for balls"],
  ],
};

const verdicts: Table = {
  name: "verdicts",
  comment: "One row per input record that was not accepted. Key: input_topic, input_partition, input_offset",
  columns: [
    ["input_topic", "VARCHAR NOT NULL", "Raw topic"],
    ["input_partition", "INTEGER NOT NULL", "Raw partition"],
    ["input_offset", "BIGINT NOT NULL", "Raw offset"],
    ["verdict", "VARCHAR NOT NULL", "duplicate, correction, stale, late or poison"],
    ["event_id", "UUID", "Identity of the fact; null for poison"],
    ["first_seen_input", "INTEGER", "Input topic (its index in the topology) of the latest accepted record of the key"],
    ["first_seen_offset", "BIGINT", "Offset of that record"],
    ["reason", "VARCHAR", "Why, in words; null where the verdict says it all"],
    ["log_partition", "INTEGER NOT NULL", "Partition of the verdict block"],
    ["log_offset", "BIGINT NOT NULL", "Offset of the verdict block"],
  ],
};

const verdictCounts: Table = {
  name: "verdict_counts",
  comment: "One row per verdict block: what became of the records of one input partition in one transaction",
  columns: [
    ["input_topic", "VARCHAR NOT NULL", "Raw topic"],
    ["input_partition", "INTEGER NOT NULL", "Raw partition"],
    ["from_offset", "BIGINT NOT NULL", "First raw offset judged"],
    ["to_offset", "BIGINT NOT NULL", "Next raw offset after it"],
    ["accepted", "BIGINT NOT NULL", "Records with a new key"],
    ["duplicate", "BIGINT NOT NULL", "Records already accepted"],
    ["correction", "BIGINT NOT NULL", "Records that changed a known key"],
    ["stale", "BIGINT NOT NULL", "Records whose content had been superseded"],
    ["late", "BIGINT NOT NULL", "Records behind stream time by more than allowed"],
    ["poison", "BIGINT NOT NULL", "Records that could not be read"],
    ["stream_time", "TIMESTAMP", "Largest event time seen by the partition, UTC; null when none"],
    ["log_partition", "INTEGER NOT NULL", "Partition of the verdict block"],
    ["log_offset", "BIGINT NOT NULL", "Offset of the verdict block"],
  ],
};

const quarantine: Table = {
  name: "quarantine",
  comment: "Records that could not be read, as they came, with the reason",
  columns: [
    ["input_topic", "VARCHAR", "Raw topic (header tu_topic)"],
    ["input_partition", "INTEGER", "Raw partition (header tu_partition)"],
    ["input_offset", "BIGINT", "Raw offset (header tu_offset)"],
    ["reason", "VARCHAR", "Why it could not be read (header tu_reason)"],
    ["quarantined_at", "TIMESTAMP", "When (header tu_at), UTC"],
    ["key", "BLOB", "Original key"],
    ["value", "BLOB", "Original value"],
    ["headers", "JSON NOT NULL", "Original headers as [[name, value]], bytes that are not UTF-8 as {base64}"],
    ["log_partition", "INTEGER NOT NULL", "Partition of the quarantine record"],
    ["log_offset", "BIGINT NOT NULL", "Offset of the quarantine record"],
  ],
};

const gaps: Table = {
  name: "gaps",
  comment: "Gaps that could not be ruled out (EO-13): never silence",
  columns: [
    ["source_id", "VARCHAR NOT NULL", "Source, or the warehouse itself for records deleted before they were loaded"],
    ["epoch", "INTEGER NOT NULL", "Epoch that begins after the gap"],
    ["from_position", "JSON", "Last position known before it; null when there is none"],
    ["to_position", "JSON NOT NULL", "Where it ends"],
    ["reason", "VARCHAR NOT NULL", "Why continuity cannot be proved"],
    ["action", "VARCHAR NOT NULL", "What was done about it"],
    ["noted_at", "TIMESTAMP", "When, UTC"],
    ["log_partition", "INTEGER", "Partition of the gap event; null when the loader itself found the gap"],
    ["log_offset", "BIGINT", "Offset of the gap event; null as above"],
  ],
};

const offsets: Table = {
  name: "offsets",
  comment: "How far each topic partition is loaded: written in the transaction of the rows, read on start",
  columns: [
    ["topic", "VARCHAR NOT NULL", "Topic"],
    ["partition", "INTEGER NOT NULL", "Partition"],
    ["next_offset", "BIGINT NOT NULL", "Next offset to load; every record below it is in the tables"],
  ],
};

/** Facts and records: filled from Kafka. */
export const FACT_TABLES: readonly Table[] = [deliveries, matches, players, verdicts, verdictCounts, quarantine, gaps];
/** Marts: computed from the facts, and can be computed again. */
export const MART_TABLES: readonly Table[] = [innings, batting, bowling];
export const TABLES: readonly Table[] = [...FACT_TABLES, ...MART_TABLES, offsets];

/** CREATE TABLE and COMMENT ON statements of a table. */
export function createStatements(table: Table): string[] {
  const columns = table.columns.map(([name, type]) => `  "${name}" ${type}`).join(",\n");
  return [
    `CREATE TABLE ${table.name} (\n${columns}\n)`,
    `COMMENT ON TABLE ${table.name} IS ${sqlText(table.comment)}`,
    ...table.columns.map(([name, , comment]) => `COMMENT ON COLUMN ${table.name}."${name}" IS ${sqlText(comment)}`),
  ];
}

/** A text as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
