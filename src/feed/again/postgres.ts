/** The newest rows of the schema `odi` once more: what an application does that was not told its insert had worked. */
import { classifyPostgresError } from "../../postgres/errors.ts";
import { closeSql, openSql, type Sql } from "../../postgres/sql.ts";
import { DOCUMENT_COLUMN } from "../schema.ts";
import { ODI_COLUMNS, ODI_SCHEMA, type OdiTable } from "../../pipelines/cricket/sources/odi.ts";

const APPLICATION = "third-umpire again";

/** What is repeated. Unreadable rows are poison once, and that is enough. */
const REPEATED: readonly OdiTable[] = ["match_info", "deliveries", "csv1_match_info", "csv1_deliveries"];

/**
 * Inserts the last `count` rows again, oldest first, each under a new primary key and in a transaction of its own.
 *
 * @returns how many there were.
 * @throws RetryableError when Postgres does not answer, FatalError when it refuses.
 */
export async function repeatInPostgres(connection: string, count: number): Promise<number> {
  const sql = openSql(connection, { applicationName: APPLICATION });
  try {
    const rows = await lastRows(sql, count);
    const columnsOf = await knownColumns(sql);
    for (const { table, id } of rows) {
      const columns = columnsOf(table).join(", ");
      const from = `${ODI_SCHEMA}.${table}`;
      await sql.unsafe(`insert into ${from} (${columns}) select ${columns} from ${from} where id = $1`, [id]);
    }
    return rows.length;
  } catch (error) {
    throw classifyPostgresError(error, "inserting rows again");
  } finally {
    await closeSql(sql);
  }
}

interface RowRef {
  readonly table: OdiTable;
  readonly id: string;
}

/** Those of its columns that a table has: one of an earlier version lacks some. */
async function knownColumns(sql: Sql): Promise<(table: OdiTable) => readonly string[]> {
  const found = await sql<{ table: string; name: string }[]>`
    select relname as "table", attname as name from pg_attribute join pg_class c on c.oid = attrelid
    join pg_namespace n on n.oid = relnamespace where nspname = ${ODI_SCHEMA} and attnum > 0 and not attisdropped`;
  const names = new Set(found.map(({ table, name }) => `${table}.${name}`));
  return (table) => [...ODI_COLUMNS[table], DOCUMENT_COLUMN].filter((name) => names.has(`${table}.${name}`));
}

/** The newest rows of all tables together, oldest first. */
async function lastRows(sql: Sql, count: number): Promise<RowRef[]> {
  // Of each table the newest by its key, which has an index; then the newest of these.
  const each = REPEATED.map(
    (table) =>
      `(select '${table}' as "table", id::text as id, inserted_at from ${ODI_SCHEMA}.${table} order by ${ODI_SCHEMA}.${table}.id desc limit $1)`,
  );
  const rows = await sql.unsafe<RowRef[]>(
    `select "table", id from (${each.join(" union all ")}) rows order by inserted_at desc, id::bigint desc limit $1`,
    [count],
  );
  return rows.toReversed();
}
