import { CRICKET_EVENT, CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import { FatalError, RetryableError } from "../../domain/errors.ts";
import { classifyPostgresError } from "../../postgres/errors.ts";
import { closeSql, openSql } from "../../postgres/sql.ts";
import { ODI_COLUMNS, type OdiTable } from "../../pipelines/cricket/sources/odi.ts";
import type { Topology } from "../../processor/topology.ts";
import type { RowFact } from "../facts.ts";
import { rowFact } from "../raw-fact.ts";

/** `batch`: rows fetched at once; unreadable ones may be large. */
const TABLES = [
  { name: "match_info", type: CRICKET_EVENT.odiMatch, batch: 200 },
  { name: "csv1_match_info", type: CRICKET_EVENT.odiCsv1Match, batch: 200 },
  { name: "deliveries", type: CRICKET_EVENT.odiDelivery, batch: 2000 },
  { name: "csv1_deliveries", type: CRICKET_EVENT.odiCsv1Delivery, batch: 2000 },
  { name: "unreadable_rows", type: CRICKET_EVENT.odiUnreadable, batch: 20 },
] as const;

type Row = Readonly<Record<string, unknown>>;

/**
 * Every row of Postgres there is now, by table and id: one snapshot, so that a feed that runs meanwhile changes nothing.
 * @throws FatalError when Postgres cannot be read.
 */
export async function readPostgresRows<V>(
  connection: string,
  topology: Topology<V>,
  signal: AbortSignal,
  visit: (row: RowFact) => void,
): Promise<void> {
  const sql = openSql(connection, { applicationName: "third-umpire audit" });
  try {
    await sql.begin("isolation level repeatable read read only", async (tx) => {
      const existing = await tx<{ name: string }[]>`select tablename as name from pg_tables where schemaname = 'odi'`;
      const names = new Set(existing.map(({ name }) => name));
      for (const { name, type, batch } of TABLES.filter((table) => names.has(table.name))) {
        const cursor = tx.unsafe<Record<string, unknown>[]>(`select * from odi.${name} order by id`).cursor(batch);
        for await (const rows of cursor) {
          signal.throwIfAborted();
          for (const row of rows) visit(factOf(topology, name, type, row));
        }
      }
    });
  } catch (error) {
    if (signal.aborted) throw error;
    const named = classifyPostgresError(error, "reading the rows");
    if (!(named instanceof RetryableError)) throw named;
    throw new FatalError(named.message, { cause: error, remedy: "start the servers: third-umpire up" });
  } finally {
    await closeSql(sql);
  }
}

function factOf<V>(topology: Topology<V>, table: OdiTable, type: string, row: Row): RowFact {
  const columns = table === "unreadable_rows" ? unreadableColumns(row) : textColumns(table, row);
  return rowFact(
    topology,
    { source: "odi", topic: CRICKET_TOPICS.odiRaw, table, id: Number(row["id"]), key: textOf(row, "match_id") ?? "" },
    {
      type: "deleted" in columns ? CRICKET_EVENT.odiDeletion : type,
      contentType: "application/json",
      value: Buffer.from(JSON.stringify(columns)),
    },
  );
}

/** What the source sends of a row: a column that others added is theirs alone. */
function textColumns(table: OdiTable, row: Row): Record<string, string> {
  const columns: Record<string, string> = {};
  for (const name of ODI_COLUMNS[table]) {
    const value = row[name];
    if (typeof value === "string") columns[name] = value;
  }
  return columns;
}

function unreadableColumns(row: Row): Record<string, string | number | null> {
  const raw = row["raw"];
  return {
    match_id: textOf(row, "match_id"),
    file: textOf(row, "file"),
    line: Number(row["line"] ?? 0),
    raw: Buffer.isBuffer(raw) ? raw.toString("base64") : "",
    problem: textOf(row, "problem"),
  };
}

function textOf(row: Row, name: string): string | null {
  const value = row[name];
  return typeof value === "string" ? value : null;
}
