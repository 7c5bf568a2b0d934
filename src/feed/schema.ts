/**
 * The schema `odi`: what the application server writes and the source reads. Idempotent; whoever comes first creates it.
 *
 * Every csv2 column is TEXT: the database is no judge of the file ("0.10" is not 0.1), the review is. REPLICA IDENTITY FULL, because
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

export const ODI_SCHEMA = "odi";
export const ODI_TABLES = ["match_info", "deliveries", "unreadable_rows"] as const;
/** Name of the publication when nothing else is said. */
export const ODI_PUBLICATION = "odi";

/** Any number does, as long as every creator of the schema takes the same one. */
const SCHEMA_LOCK = 7_204_112_936;

/**
 * Creates schema, tables and publication where they are missing. The publication must exist before a slot is created: a slot whose
 * position lies before its publication fails for ever. Safe to call from several processes at once.
 */
export async function ensureOdiSchema(sql: Sql, publication: string = ODI_PUBLICATION): Promise<void> {
  const columns = CSV2_COLUMNS.map((name) => `${name} text`).join(", ");
  await sql.begin(async (tx) => {
    // "if not exists" alone is no protection against two creators at the same instant.
    await tx`select pg_advisory_xact_lock(${SCHEMA_LOCK})`;
    const [published] = await tx`select 1 from pg_publication where pubname = ${publication}`;
    const [progress] =
      await tx`select 1 from pg_tables where schemaname = ${ODI_SCHEMA} and tablename = 'feed_progress'`;
    // All of it is made in one transaction with feed_progress last: where that exists there is nothing to do, and no right to create is needed.
    if (published !== undefined && progress !== undefined) return;
    await tx.unsafe(`
      create schema if not exists ${ODI_SCHEMA};
      create table if not exists ${ODI_SCHEMA}.deliveries (
        id bigserial primary key, inserted_at timestamptz not null default now(), ${columns});
      create table if not exists ${ODI_SCHEMA}.match_info (
        id bigserial primary key, inserted_at timestamptz not null default now(), match_id text, info text);
      create table if not exists ${ODI_SCHEMA}.unreadable_rows (
        id bigserial primary key, inserted_at timestamptz not null default now(),
        match_id text, file text, line int, raw bytea, problem text);
      create table if not exists ${ODI_SCHEMA}.feed_progress (
        match_id text primary key, pass int not null, next_step bigint not null, done boolean not null,
        plan jsonb not null, files_sha256 text not null, updated_at timestamptz not null default now());
      alter table ${ODI_SCHEMA}.deliveries replica identity full;
      alter table ${ODI_SCHEMA}.match_info replica identity full;
      alter table ${ODI_SCHEMA}.unreadable_rows replica identity full;
      alter table ${ODI_SCHEMA}.feed_progress set (fillfactor = 50);
    `);
    if (published === undefined) {
      const tables = ODI_TABLES.map((table) => `${ODI_SCHEMA}.${table}`).join(", ");
      const name = `"${publication.replaceAll('"', '""')}"`;
      await tx.unsafe(
        `create publication ${name} for table ${tables} with (publish = 'insert, update, delete, truncate')`,
      );
    }
  });
}
