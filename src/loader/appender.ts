import { type DuckDBConnection, DuckDBDataChunkWriter } from "@duckdb/node-api";
import type { Row } from "./rows.ts";

/**
 * Appends rows in chunks, inside the connection's transaction. A row holds one value per column of the
 * table, in its order; a value of the wrong type throws.
 */
export async function append(
  connection: DuckDBConnection,
  table: string,
  rows: Iterable<Row>,
  schema?: { readonly schema: string; readonly catalog: string },
): Promise<void> {
  const appender = await connection.createAppender(table, schema?.schema, schema?.catalog);
  try {
    const writer = DuckDBDataChunkWriter.forAppender(appender);
    for (const row of rows) writer.appendRow(row);
    writer.flush();
    appender.flushSync();
  } catch (error) {
    // What is left in the appender must not be flushed by closing it: the transaction is rolled back.
    appender.clear();
    throw error;
  } finally {
    appender.closeSync();
  }
}
