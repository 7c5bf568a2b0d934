import { CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import { FatalError, RetryableError } from "../../domain/errors.ts";
import { classifyPostgresError } from "../../postgres/errors.ts";
import { closeSql, openSql } from "../../postgres/sql.ts";
import { ODI_ROWS, ODI_TABLES, type OdiTable } from "../../pipelines/cricket/sources/odi.ts";
import type { Topology } from "../../processor/topology.ts";
import type { Row } from "../../sources/postgres/index.ts";
import type { RowFact } from "../facts.ts";
import { rowFact } from "../raw-fact.ts";

/** Rows fetched at once; unreadable ones may be large. */
const BATCHES: Readonly<Record<OdiTable, number>> = {
  match_info: 200,
  csv1_match_info: 200,
  deliveries: 2000,
  csv1_deliveries: 2000,
  unreadable_rows: 20,
};

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
      for (const name of ODI_TABLES.filter((table) => names.has(table))) {
        const cursor = tx
          .unsafe<Record<string, unknown>[]>(`select * from odi.${name} order by id`)
          .cursor(BATCHES[name]);
        for await (const rows of cursor) {
          signal.throwIfAborted();
          for (const row of rows) visit(factOf(topology, name, row));
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

function factOf<V>(topology: Topology<V>, table: OdiTable, row: Readonly<Record<string, unknown>>): RowFact {
  const { columns, toEvent } = ODI_ROWS.tables[table]!;
  const key = row[ODI_ROWS.keyName];
  return rowFact(
    topology,
    {
      source: "odi",
      topic: CRICKET_TOPICS.odiRaw,
      table,
      id: Number(row["id"]),
      key: typeof key === "string" ? key : "",
    },
    toEvent(new QueriedRow(row, columns)),
  );
}

/** A row of a query as the source sees it: a column that others added is theirs alone. */
class QueriedRow implements Row {
  readonly #row: Readonly<Record<string, unknown>>;
  readonly #columns: readonly string[];

  constructor(row: Readonly<Record<string, unknown>>, columns: readonly string[]) {
    this.#row = row;
    this.#columns = columns;
  }

  text(column: string): string | null {
    const value = this.#columns.includes(column) ? this.#row[column] : null;
    if (typeof value === "string") return value;
    // As Postgres prints bytea.
    return Buffer.isBuffer(value) ? String.raw`\x${value.toString("hex")}` : null;
  }

  number(column: string): number {
    return Number((this.#columns.includes(column) ? this.#row[column] : null) ?? 0);
  }

  json(): Buffer {
    const texts = this.#columns.map((name) => [name, this.text(name)] as const);
    return Buffer.from(JSON.stringify(Object.fromEntries(texts.filter(([, text]) => text !== null))));
  }
}
