/** One-day internationals: rows of the schema `odi` in Postgres. */
import { CRICKET_EVENT } from "../../../domain/cricket/topics.ts";
import type { Row, SourceTables } from "../../../sources/postgres/index.ts";
import { unreadableEvent } from "./unreadable.ts";

/** All columns of csv2 2.3.0, in file order; 2.1 and 2.2 have 22 of them. */
export const CSV2_COLUMNS = [
  "match_id",
  "season",
  "start_date",
  "venue",
  "innings",
  "ball",
  "actual_delivery",
  "batting_team",
  "bowling_team",
  "striker",
  "non_striker",
  "bowler",
  "runs_off_bat",
  "extras",
  "wides",
  "noballs",
  "byes",
  "legbyes",
  "penalty",
  "non_boundary",
  "wicket_type",
  "player_dismissed",
  "other_wicket_type",
  "other_player_dismissed",
  "fielder_1",
  "fielder_2",
  "fielder_3",
] as const;
export type Csv2Column = (typeof CSV2_COLUMNS)[number];

/**
 * What a ball line of the original CSV says, and `nth`, which the file leaves to be counted: the delivery's place in its over, from 1.
 * The last ten are of the longer lines that later versions have.
 */
export const CSV1_COLUMNS = [
  "match_id",
  "innings",
  "ball",
  "nth",
  "batting_team",
  "striker",
  "non_striker",
  "bowler",
  "runs_off_bat",
  "extras",
  "kind",
  "player_dismissed",
  "wides",
  "noballs",
  "byes",
  "legbyes",
  "penalty",
  "actual_delivery",
  "non_boundary",
  "fielder_1",
  "fielder_2",
  "fielder_3",
] as const;
export type Csv1Column = (typeof CSV1_COLUMNS)[number];

/** What a ball's row says of the edition of its file: its number, from the second on, and that the edition does not have the ball. */
export const EDITION_COLUMNS = ["edition", "deleted"] as const;
/** The same of a match's row: its number, and lines of earlier editions that it does not have. */
export const RECORD_COLUMNS = ["edition", "withdrawn"] as const;

export const ODI_SCHEMA = "odi";
/** Name of the publication when nothing else is said. */
export const ODI_PUBLICATION = "odi";

/** Matches before their deliveries: a reader of a copy knows a match when its first ball comes. */
export const ODI_TABLES = [
  "match_info",
  "csv1_match_info",
  "deliveries",
  "csv1_deliveries",
  "unreadable_rows",
] as const;
export type OdiTable = (typeof ODI_TABLES)[number];

/** What somebody reads of each table, besides `id` and `inserted_at`. A column that others add is theirs alone. */
export const ODI_COLUMNS: Readonly<Record<OdiTable, readonly string[]>> = {
  match_info: ["match_id", "info", ...RECORD_COLUMNS],
  deliveries: [...CSV2_COLUMNS, ...EDITION_COLUMNS],
  unreadable_rows: ["match_id", "file", "line", "raw", "problem"],
  csv1_match_info: ["match_id", "info", ...RECORD_COLUMNS],
  csv1_deliveries: [...CSV1_COLUMNS, ...EDITION_COLUMNS],
};

/** What the source makes of a row: its columns, as JSON. */
export const ODI_ROWS: SourceTables = {
  schema: ODI_SCHEMA,
  keyName: "match_id",
  tables: {
    match_info: { columns: ODI_COLUMNS.match_info, toEvent: columnsAs(CRICKET_EVENT.odiMatch) },
    csv1_match_info: { columns: ODI_COLUMNS.csv1_match_info, toEvent: columnsAs(CRICKET_EVENT.odiCsv1Match) },
    deliveries: { columns: ODI_COLUMNS.deliveries, toEvent: columnsAs(CRICKET_EVENT.odiDelivery) },
    csv1_deliveries: { columns: ODI_COLUMNS.csv1_deliveries, toEvent: columnsAs(CRICKET_EVENT.odiCsv1Delivery) },
    unreadable_rows: {
      columns: ODI_COLUMNS.unreadable_rows,
      toEvent: (row) =>
        unreadableEvent(CRICKET_EVENT.odiUnreadable, {
          key: row.text("match_id"),
          file: row.text("file"),
          line: row.number("line"),
          // bytea comes as "\\x" and hexadecimal digits.
          raw: Buffer.from(row.text("raw")?.slice(2) ?? "", "hex"),
          problem: row.text("problem"),
        }),
    },
  },
  unreadable: (what) => unreadableEvent(CRICKET_EVENT.odiUnreadable, what),
};

/** A row that has a value in `deleted` says of its ball that an edition does not have it. */
function columnsAs(type: string): (row: Row) => ReturnType<SourceTables["unreadable"]> {
  return (row) => ({
    type: row.text("deleted") === null ? type : CRICKET_EVENT.odiDeletion,
    contentType: "application/json",
    value: row.json(),
  });
}
