import { parseCsv2Delivery, parseCsv2Info } from "../domain/cricket/csv2.ts";
import { deliveryContent, deliveryKey, matchContent, matchKey } from "../domain/cricket/identity.ts";
import { PoisonError } from "../domain/errors.ts";
import type { Sql } from "../postgres/sql.ts";
import type { Identity, RowFact } from "./facts.ts";
import { payloadText } from "./raw-fact.ts";

/** Rows fetched at once; unreadable ones may be large. */
const TABLES = [
  { name: "match_info", rows: 200 },
  { name: "deliveries", rows: 2000 },
  { name: "unreadable_rows", rows: 20 },
] as const;

/** Columns of the database and not of the file. */
const OWN_COLUMNS: ReadonlySet<string> = new Set(["id", "inserted_at"]);

/** Every row there is now, by table and id: one snapshot, so that a feed that runs meanwhile changes nothing. */
export async function readRows(sql: Sql, signal: AbortSignal, visit: (row: RowFact) => void): Promise<void> {
  await sql.begin("isolation level repeatable read read only", async (tx) => {
    for (const { name, rows } of TABLES) {
      const cursor = tx.unsafe<Record<string, unknown>[]>(`select * from odi.${name} order by id`).cursor(rows);
      for await (const batch of cursor) {
        signal.throwIfAborted();
        for (const row of batch) visit(rowFact(name, row));
      }
    }
  });
}

function rowFact(table: string, row: Readonly<Record<string, unknown>>): RowFact {
  const columns = table === "unreadable_rows" ? unreadableColumns(row) : textColumns(row);
  return { table, id: Number(row["id"]), payload: payloadText(columns), identity: identityOf(table, columns) };
}

function textColumns(row: Readonly<Record<string, unknown>>): Record<string, string> {
  const columns: Record<string, string> = {};
  for (const [name, value] of Object.entries(row)) {
    if (!OWN_COLUMNS.has(name) && typeof value === "string") columns[name] = value;
  }
  return columns;
}

function unreadableColumns(row: Readonly<Record<string, unknown>>): Record<string, string | number | null> {
  const text = (name: string): string | null => {
    const value = row[name];
    return typeof value === "string" ? value : null;
  };
  const raw = row["raw"];
  return {
    match_id: text("match_id"),
    file: text("file"),
    line: Number(row["line"] ?? 0),
    raw: Buffer.isBuffer(raw) ? raw.toString("base64") : "",
    problem: text("problem"),
  };
}

function identityOf(table: string, columns: Readonly<Record<string, string | number | null>>): Identity | null {
  if (table === "unreadable_rows") return null;
  const fields = columns as Readonly<Record<string, string>>;
  try {
    if (table === "deliveries") {
      const delivery = parseCsv2Delivery(fields);
      return { key: deliveryKey(delivery), content: deliveryContent(delivery) };
    }
    const { match_id: matchId, info } = fields;
    if (matchId === undefined || info === undefined) return null;
    const match = parseCsv2Info(matchId, info);
    return { key: matchKey(match), content: matchContent(match) };
  } catch (error) {
    if (error instanceof PoisonError) return null;
    throw error;
  }
}
