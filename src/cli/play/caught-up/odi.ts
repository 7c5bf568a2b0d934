import { RetryableError } from "../../../domain/errors.ts";
import { ODI_TABLES } from "../../../pipelines/cricket/sources/odi.ts";
import { ODI_SCHEMA } from "../../../pipelines/cricket/sources/odi.ts";
import { classifyPostgresError } from "../../../postgres/errors.ts";
import { closeSql, openSql } from "../../../postgres/sql.ts";
import type { Settings } from "../../../settings.ts";
import { parseLsn } from "../../../sources/postgres/lsn.ts";
import type { Mark } from "./mark.ts";

/**
 * A transaction of our own in Postgres's log, after every row of the feed.
 * @throws RetryableError when Postgres does not answer, FatalError when it refuses.
 */
export async function markPostgres(settings: Settings): Promise<Mark> {
  const sql = openSql(settings.postgresUrl, { applicationName: "third-umpire play" });
  try {
    const counts = ODI_TABLES.map((table) => `(select count(*) from ${ODI_SCHEMA}.${table})`).join(" + ");
    // A logical message is a transaction in the log that changes no row: nothing follows from it but the position.
    const [row] = await sql.unsafe<{ lsn: string; rows: string }[]>(
      `select pg_logical_emit_message(true, 'third-umpire', 'settle')::text as lsn, (${counts})::text as rows`,
    );
    if (row === undefined) throw new RetryableError("Postgres gave no answer to the mark");
    const end = parseLsn(row.lsn);
    return {
      records: Number(row.rows),
      reachedBy: ({ phase, lsn }) => phase === "stream" && parseLsn(String(lsn)) >= end,
    };
  } catch (error) {
    throw classifyPostgresError(error, "marking the end of the feed");
  } finally {
    await closeSql(sql);
  }
}
