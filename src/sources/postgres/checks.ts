/** What must be true of the server before a source can run; each with the remedy a person needs. */
import { FatalError } from "../../domain/errors.ts";
import type { Sql } from "../../postgres/sql.ts";
import type { SlotFacts } from "./decide-start.ts";
import { parseLsn } from "./lsn.ts";
import { fullName, type SourceTables } from "./tables.ts";

/** @throws FatalError naming what is missing and what mends it; errors of the client as they are. */
export async function checkServer(sql: Sql, publication: string, tables: SourceTables): Promise<void> {
  const [facts] = await sql<{ level: string; may: boolean; role: string }[]>`
    select current_setting('wal_level') as level, current_user as role,
           (select rolreplication or rolsuper from pg_roles where rolname = current_user) as may`;
  if (facts?.level !== "logical") {
    throw new FatalError(`Postgres runs with wal_level = ${facts?.level}, a source needs logical`, {
      remedy: "set wal_level = logical in postgresql.conf and restart Postgres",
    });
  }
  if (!facts.may) {
    throw new FatalError(`role ${facts.role} may not replicate`, {
      remedy: `alter role ${facts.role} with replication`,
    });
  }
  await checkPublication(sql, publication, tables);
  await checkTables(sql, publication, tables);
}

async function checkPublication(sql: Sql, publication: string, tables: SourceTables): Promise<void> {
  const names = Object.keys(tables.tables);
  const all = names.map((table) => fullName(tables, table));
  const [found] = await sql<{ publishes: boolean; by_root: boolean }[]>`
    select pubinsert and pubupdate as publishes, pubviaroot as by_root from pg_publication where pubname = ${publication}`;
  if (found === undefined) {
    throw new FatalError(`publication ${publication} does not exist`, {
      remedy: `start \`third-umpire feed\`, which creates it, or: create publication ${publication} for table ${all.join(", ")}`,
    });
  }
  if (!found.publishes) {
    throw new FatalError(`publication ${publication} leaves out inserts or updates`, {
      remedy: `alter publication ${publication} set (publish = 'insert, update, delete, truncate')`,
    });
  }
  const [partitioned] = await sql<{ name: string }[]>`
    select nspname || '.' || relname as name from pg_class c join pg_namespace n on n.oid = relnamespace
    where nspname = ${tables.schema} and relkind = 'p' and relname = any(${names})`;
  if (partitioned !== undefined && !found.by_root) {
    throw new FatalError(
      `publication ${publication} publishes the partitions of ${partitioned.name} under their own names`,
      {
        remedy: `alter publication ${publication} set (publish_via_partition_root = true)`,
      },
    );
  }
  const published = await sql<{ name: string }[]>`
    select schemaname || '.' || tablename as name from pg_publication_tables where pubname = ${publication}`;
  const missing = all.filter((table) => !published.some(({ name }) => name === table));
  if (missing.length > 0) {
    throw new FatalError(`publication ${publication} leaves out ${missing.join(", ")}`, {
      remedy: `alter publication ${publication} add table ${missing.join(", ")}`,
    });
  }
}

/** Rows and columns that the stream would leave out and a copy would not. */
async function checkTables(sql: Sql, publication: string, tables: SourceTables): Promise<void> {
  // Postgres below 15 knows neither rows nor columns of a publication.
  const found = await sql<{ name: string; filter: string | null; sent: string[] | null; there: string[] }[]>`
    select tablename as name, to_jsonb(t) ->> 'rowfilter' as filter, to_jsonb(t) -> 'attnames' as sent,
           (select jsonb_agg(attname) from pg_attribute where attrelid = format('%I.%I', schemaname, tablename)::regclass
            and attnum > 0 and not attisdropped and attgenerated = '') as there
    from pg_publication_tables t where pubname = ${publication} and schemaname = ${tables.schema}`;
  for (const { name, filter, sent, there } of found) {
    const wanted = tables.tables[name]?.columns;
    if (wanted === undefined) continue;
    const table = fullName(tables, name);
    const remedy = `alter publication ${publication} drop table ${table}; alter publication ${publication} add table ${table}`;
    if (filter !== null)
      throw new FatalError(`publication ${publication} leaves out rows of ${table}: where ${filter}`, { remedy });
    const left = ["id", ...wanted].filter((column) => sent?.includes(column) === false && there.includes(column));
    if (left.length > 0) {
      throw new FatalError(`publication ${publication} leaves out columns of ${table}: ${left.join(", ")}`, { remedy });
    }
  }
}

export interface SlotState extends SlotFacts {
  readonly activePid: number | null;
}

/** What the server says of a slot; null when there is none. */
export async function readSlot(sql: Sql, slot: string): Promise<SlotState | null> {
  const [row] = await sql<
    {
      plugin: string | null;
      database: string | null;
      active_pid: number | null;
      flushed: string | null;
      wal_status: string | null;
    }[]
  >`
    select plugin, database, active_pid, confirmed_flush_lsn::text as flushed, wal_status from pg_replication_slots where slot_name = ${slot}`;
  if (row === undefined) return null;
  return {
    plugin: row.plugin,
    database: row.database,
    activePid: row.active_pid,
    confirmedFlush: row.flushed === null ? null : parseLsn(row.flushed),
    walStatus: row.wal_status,
  };
}

/**
 * Ends the session that holds our slot if it is an older incarnation of this very source. Safe, because the caller has fenced
 * it in Kafka already: it can commit nothing any more, it only has not noticed. Returns whether one was ended.
 */
export async function endOlderSession(sql: Sql, pid: number, applicationName: string): Promise<boolean> {
  const ended = await sql`
    select pg_terminate_backend(pid) from pg_stat_activity where pid = ${pid} and application_name = ${applicationName} and usename = current_user`;
  return ended.length > 0;
}
