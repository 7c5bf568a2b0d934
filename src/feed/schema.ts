/**
 * The schema `odi`: what the application server writes and the source reads. Idempotent; whoever comes first creates it.
 *
 * Every column of a file is TEXT: the database is no judge of the file ("0.10" is not 0.1), the review is. REPLICA IDENTITY FULL, because
 * an update leaves unchanged large columns out of the stream and only the old row then carries them.
 */
import {
  CSV1_COLUMNS,
  EDITION_COLUMNS,
  ODI_COLUMNS,
  ODI_PUBLICATION,
  ODI_SCHEMA,
  ODI_TABLES,
  type OdiTable,
  RECORD_COLUMNS,
} from "../pipelines/cricket/sources/odi.ts";
import type { Sql, TransactionSql } from "../postgres/sql.ts";

/** The feed's own: which of several files of one match a row is of. Null where there is one, and in rows of the first of them. */
export const DOCUMENT_COLUMN = "document";

/** Columns besides `id` and `inserted_at`. */
const TABLES: Readonly<Record<OdiTable, string>> = {
  match_info: textColumns([...ODI_COLUMNS.match_info, DOCUMENT_COLUMN]),
  deliveries: textColumns([...ODI_COLUMNS.deliveries, DOCUMENT_COLUMN]),
  unreadable_rows: "match_id text, file text, line int, raw bytea, problem text",
  csv1_match_info: textColumns([...ODI_COLUMNS.csv1_match_info, DOCUMENT_COLUMN]),
  csv1_deliveries: textColumns([...ODI_COLUMNS.csv1_deliveries, DOCUMENT_COLUMN]),
};

/** What tables of earlier versions lack. Rows that they hold have null there, as rows of a first edition and of the oldest form do. */
const ADDED: Readonly<Record<string, readonly string[]>> = {
  match_info: [...RECORD_COLUMNS, DOCUMENT_COLUMN].map(asText),
  deliveries: [...EDITION_COLUMNS, DOCUMENT_COLUMN].map(asText),
  csv1_match_info: [...RECORD_COLUMNS, DOCUMENT_COLUMN].map(asText),
  csv1_deliveries: [...CSV1_COLUMNS, ...EDITION_COLUMNS, DOCUMENT_COLUMN].map(asText),
  feed_progress: ["edition int"],
};

function asText(name: string): string {
  return `${name} text`;
}

function textColumns(names: readonly string[]): string {
  return names.map(asText).join(", ");
}

/** Any number does, as long as every creator of the schema takes the same one. */
const SCHEMA_LOCK = 7_204_112_936;

/**
 * Creates schema, tables, columns and publication where they are missing, also those that an earlier version did not know. The
 * publication must exist before a slot is created: a slot whose position lies before its publication fails for ever. Safe to call from
 * several processes at once.
 *
 * @param who a reader leaves columns out that only the owner of the table may add: it reads what is there. The feed needs them.
 */
export async function ensureOdiSchema(
  sql: Sql,
  publication: string = ODI_PUBLICATION,
  who: "feed" | "reader" = "feed",
): Promise<void> {
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
    const extend = await missingColumns(tx, who);
    const create = ODI_TABLES.filter((table) => !present.has(table));
    const publish = ODI_TABLES.filter((table) => !published.has(table));
    // Where all is there nothing is done, and no right to create is needed.
    if (create.length > 0 || !present.has("feed_progress")) await tx.unsafe(creation(create));
    for (const { table, columns } of extend) {
      const additions = columns.map((column) => `add column if not exists ${column}`);
      await tx.unsafe(`alter table ${ODI_SCHEMA}.${table} ${additions.join(", ")}`);
    }
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

/**
 * An index by match, for whoever looks one up: made when that is first asked for, because most feeds never do, and each row would pay
 * for it. Without the right to make it the table is read as a whole.
 */
export async function ensureMatchIndex(sql: Sql, table: OdiTable): Promise<void> {
  const name = `${table}_match_id`;
  await sql.begin(async (tx) => {
    const [found] = await tx<{ there: boolean; owns: boolean }[]>`
      select to_regclass(${`${ODI_SCHEMA}.${name}`}) is not null as there, pg_has_role(relowner, 'usage') as owns
      from pg_class where oid = ${`${ODI_SCHEMA}.${table}`}::regclass`;
    if (found === undefined || found.there || !found.owns) return;
    await tx`select pg_advisory_xact_lock(${SCHEMA_LOCK})`;
    await tx.unsafe(`create index if not exists ${name} on ${ODI_SCHEMA}.${table} (match_id)`);
  });
}

/** Of the tables that are there. */
async function missingColumns(
  tx: TransactionSql,
  who: "feed" | "reader",
): Promise<{ readonly table: string; readonly columns: readonly string[] }[]> {
  const found = await tx<{ table: string; owns: boolean; columns: string[] }[]>`
    select relname as "table", pg_has_role(relowner, 'usage') as owns,
      array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns
    from pg_class c join pg_namespace n on n.oid = relnamespace
    where nspname = ${ODI_SCHEMA} and relkind in ('r', 'p') and relname = any(${Object.keys(ADDED)}) order by relname`;
  return found
    .filter(({ owns }) => owns || who === "feed")
    .map(({ table, columns }) => {
      const known = new Set(columns);
      return { table, columns: (ADDED[table] ?? []).filter((column) => !known.has(column.split(" ")[0] ?? "")) };
    })
    .filter(({ columns }) => columns.length > 0);
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
        plan jsonb not null, files_sha256 text not null, updated_at timestamptz not null default now(), edition int);
      alter table ${ODI_SCHEMA}.feed_progress set (fillfactor = 50);
    `;
}
