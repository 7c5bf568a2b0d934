/** The newest rows of the schema `odi` once more: what an application does that was not told its insert had worked. */
import { classifyPostgresError } from "../../postgres/errors.ts";
import { closeSql, openSql, type Sql } from "../../postgres/sql.ts";
import { CSV1_COLUMNS, CSV2_COLUMNS, ODI_SCHEMA, type OdiTable } from "../schema.ts";

const APPLICATION = "third-umpire again";

/** What is repeated, and its columns besides the keys that Postgres gives. Unreadable rows are poison once, and that is enough. */
const REPEATED: Readonly<Partial<Record<OdiTable, readonly string[]>>> = {
  match_info: ["match_id", "info"],
  deliveries: CSV2_COLUMNS,
  csv1_match_info: ["match_id", "info"],
  csv1_deliveries: CSV1_COLUMNS,
};

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
    for (const { table, id } of rows) {
      const columns = REPEATED[table]?.join(", ") ?? "";
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

/** The newest rows of all tables together, oldest first. */
async function lastRows(sql: Sql, count: number): Promise<RowRef[]> {
  // Of each table the newest by its key, which has an index; then the newest of these.
  const each = Object.keys(REPEATED).map(
    (table) =>
      `(select '${table}' as "table", id::text as id, inserted_at from ${ODI_SCHEMA}.${table} order by ${ODI_SCHEMA}.${table}.id desc limit $1)`,
  );
  const rows = await sql.unsafe<RowRef[]>(
    `select "table", id from (${each.join(" union all ")}) rows order by inserted_at desc, id::bigint desc limit $1`,
    [count],
  );
  return rows.toReversed();
}
