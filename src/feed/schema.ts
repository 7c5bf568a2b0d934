/**
 * The schema `odi`: what the application server writes and the source reads. Idempotent; whoever comes first creates it.
 *
 * Every column of a file is TEXT: the database is no judge of the file ("0.10" is not 0.1), the review is. REPLICA IDENTITY FULL, because
 * an update leaves unchanged large columns out of the stream and only the old row then carries them.
 */
import type { Sql } from "../postgres/sql.ts";

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

export const ODI_SCHEMA = "odi";
/** Name of the publication when nothing else is said. */
export const ODI_PUBLICATION = "odi";

export const ODI_TABLES = [
  "match_info",
  "deliveries",
  "unreadable_rows",
  "csv1_match_info",
  "csv1_deliveries",
] as const;
export type OdiTable = (typeof ODI_TABLES)[number];

/** What somebody reads of each table, besides `id` and `inserted_at`. A column that others add is theirs alone. */
export const ODI_COLUMNS: Readonly<Record<OdiTable, readonly string[]>> = {
  match_info: ["match_id", "info"],
  deliveries: CSV2_COLUMNS,
  unreadable_rows: ["match_id", "file", "line", "raw", "problem"],
  csv1_match_info: ["match_id", "info"],
  csv1_deliveries: CSV1_COLUMNS,
};

/** Columns besides `id` and `inserted_at`. */
const TABLES: Readonly<Record<OdiTable, string>> = {
  match_info: "match_id text, info text",
  deliveries: textColumns(CSV2_COLUMNS),
  unreadable_rows: "match_id text, file text, line int, raw bytea, problem text",
  csv1_match_info: "match_id text, info text",
  csv1_deliveries: textColumns(CSV1_COLUMNS),
};

function textColumns(names: readonly string[]): string {
  return names.map((name) => `${name} text`).join(", ");
}

/** Any number does, as long as every creator of the schema takes the same one. */
const SCHEMA_LOCK = 7_204_112_936;

/**
 * Creates schema, tables, columns and publication where they are missing, also those that an earlier version did not know. The
 * publication must exist before a slot is created: a slot whose position lies before its publication fails for ever. Safe to call from
 * several processes at once.
 */
export async function ensureOdiSchema(sql: Sql, publication: string = ODI_PUBLICATION): Promise<void> {
  await sql.begin(async (tx) => {
    // "if not exists" alone is no protection against two creators at the same instant.
    await tx`select pg_advisory_xact_lock(${SCHEMA_LOCK})`;
    const present = namesOf(await tx`select tablename as name from pg_tables where schemaname = ${ODI_SCHEMA}`);
    // A partitioned table that is published by its partitions is a member and not in the view.
    const published = namesOf(
      await tx`
      select tablename as name from pg_publication_tables where pubname = ${publication} and schemaname = ${ODI_SCHEMA}
      union select relname from pg_publication_rel join pg_publication p on p.oid = prpubid join pg_class c on c.oid = prrelid
      join pg_namespace n on n.oid = relnamespace where pubname = ${publication} and nspname = ${ODI_SCHEMA}`,
    );
    const [exists] = await tx<
      { puballtables: boolean }[]
    >`select puballtables from pg_publication where pubname = ${publication}`;
    const csv1Columns = namesOf(
      await tx`
      select attname as name from pg_attribute join pg_class on pg_class.oid = attrelid join pg_namespace n on n.oid = relnamespace
      where nspname = ${ODI_SCHEMA} and relname = 'csv1_deliveries' and attnum > 0 and not attisdropped`,
    );
    const create = ODI_TABLES.filter((table) => !present.has(table));
    const extend = present.has("csv1_deliveries") ? CSV1_COLUMNS.filter((name) => !csv1Columns.has(name)) : [];
    const publish = ODI_TABLES.filter((table) => !published.has(table));
    // Where all is there nothing is done, and no right to create is needed.
    if (create.length > 0 || !present.has("feed_progress")) await tx.unsafe(creation(create));
    // A table of an earlier version: rows that it holds have null there, as lines of the oldest form do.
    if (extend.length > 0)
      await tx.unsafe(
        `alter table ${ODI_SCHEMA}.csv1_deliveries ${extend.map((name) => `add column if not exists ${name} text`).join(", ")}`,
      );
    if (publish.length === 0 || exists?.puballtables === true) return;
    const tables = publish.map((table) => `${ODI_SCHEMA}.${table}`).join(", ");
    const name = `"${publication.replaceAll('"', '""')}"`;
    await tx.unsafe(
      exists === undefined
        ? `create publication ${name} for table ${tables} with (publish = 'insert, update, delete, truncate')`
        : `alter publication ${name} add table ${tables}`,
    );
  });
}

function namesOf(rows: readonly Record<string, unknown>[]): ReadonlySet<unknown> {
  return new Set(rows.map((row) => row["name"]));
}

function creation(tables: readonly OdiTable[]): string {
  const each = tables.map(
    (table) => `
      create table ${ODI_SCHEMA}.${table} (
        id bigserial primary key, inserted_at timestamptz not null default now(), ${TABLES[table]});
      alter table ${ODI_SCHEMA}.${table} replica identity full;`,
  );
  return `
      create schema if not exists ${ODI_SCHEMA};
      ${each.join("")}
      create table if not exists ${ODI_SCHEMA}.feed_progress (
        match_id text primary key, pass int not null, next_step bigint not null, done boolean not null,
        plan jsonb not null, files_sha256 text not null, updated_at timestamptz not null default now());
      alter table ${ODI_SCHEMA}.feed_progress set (fillfactor = 50);
    `;
}
