import { setImmediate } from "node:timers/promises";
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  INTEGER,
  TIMESTAMP,
  UUID,
  VARCHAR,
} from "@duckdb/node-api";
import duckdb from "@duckdb/node-bindings";
import { ColumnBatch, type ColumnValues, type Kind, tableNamed } from "./columns.ts";
import type { Row } from "./rows.ts";

const TYPES: Readonly<Record<Kind, DuckDBType>> = {
  text: VARCHAR,
  integer: INTEGER,
  date: DATE,
  boolean: BOOLEAN,
  bigint: BIGINT,
  timestamp: TIMESTAMP,
  double: DOUBLE,
  uuid: UUID,
  blob: BLOB,
};

/** Rows of a vector of DuckDB. */
const CHUNK_ROWS = 2048;
/**
 * Appends rows to a table of `tables.ts`, inside the connection's transaction. A row holds one value per column, in the
 * table's order; a value of the wrong type throws.
 */
export async function append(connection: DuckDBConnection, table: string, rows: Iterable<Row>): Promise<void> {
  const batch = new ColumnBatch(tableNamed(table));
  for (const row of rows) batch.push(row);
  await appendBatch(connection, batch);
}

/** Appends a batch to a table with the same columns (default: its own), inside the connection's transaction. */
export async function appendBatch(
  connection: DuckDBConnection,
  batch: ColumnBatch,
  into?: { readonly catalog: string; readonly name: string },
): Promise<void> {
  if (batch.length === 0) return;
  const { catalog, name = batch.table.name } = into ?? {};
  await fill(await connection.createAppender(name, "main", catalog), batch, TYPES, true);
}

/** Appends a batch to a table that has whole numbers in place of its texts. */
export async function appendNumbers(
  connection: DuckDBConnection,
  batch: ColumnBatch,
  { catalog, name }: { readonly catalog: string; readonly name: string },
): Promise<void> {
  await fill(await connection.createAppender(name, "main", catalog), batch, { ...TYPES, text: INTEGER }, false);
}

/** Appends texts, numbered from 1, to a table of numbers and texts. */
export async function appendTexts(
  connection: DuckDBConnection,
  texts: readonly string[],
  { catalog, name }: { readonly catalog: string; readonly name: string },
): Promise<void> {
  await fillTexts(await connection.createAppender(name, "main", catalog), texts);
}

/** The type of a column as SQL writes it. */
export function sqlType(kind: Kind): string {
  return String(TYPES[kind]);
}

function fill(
  appender: DuckDBAppender,
  batch: ColumnBatch,
  types: Readonly<Record<Kind, DuckDBType>>,
  spellOut: boolean,
): Promise<void> {
  return appendChunks(
    appender,
    batch.columns.map(({ kind }) => types[kind]),
    batch.length,
    (chunk, from, to) => {
      for (const [n, column] of batch.columns.entries()) {
        const vector = duckdb.data_chunk_get_vector(chunk.chunk, n);
        if (column.kind === "blob" || (column.kind === "text" && spellOut)) writeItems(vector, column, from, to);
        else {
          const { buffer, byteOffset, byteLength } = column.data(from, to);
          duckdb.copy_data_to_vector(vector, 0, buffer, byteOffset, byteLength);
        }
        const valid = column.validity(from, to);
        if (valid === undefined || (column.kind === "text" && !spellOut)) continue;
        duckdb.vector_ensure_validity_writable(vector);
        duckdb.copy_data_to_vector_validity(vector, 0, valid.buffer, valid.byteOffset, valid.byteLength);
      }
    },
  );
}

function writeItems(vector: duckdb.Vector, column: ColumnValues, from: number, to: number): void {
  for (let row = from; row < to; row++) {
    if (column.kind === "blob") {
      const bytes = column.blob(row);
      if (bytes !== null) duckdb.vector_assign_string_element_len(vector, row - from, bytes);
    } else {
      const text = column.text(row);
      if (text !== null) duckdb.vector_assign_string_element(vector, row - from, text);
    }
  }
}

function fillTexts(appender: DuckDBAppender, texts: readonly string[]): Promise<void> {
  return appendChunks(appender, [INTEGER, VARCHAR], texts.length, (chunk, from, to) => {
    const ids = Int32Array.from({ length: to - from }, (_, n) => from + n + 1);
    duckdb.copy_data_to_vector(duckdb.data_chunk_get_vector(chunk.chunk, 0), 0, ids.buffer, 0, ids.byteLength);
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, 1);
    for (let n = from; n < to; n++) duckdb.vector_assign_string_element(vector, n - from, texts[n]!);
  });
}

/** The event loop gets a turn after every chunk: a transaction under way may wait for it. */
async function appendChunks(
  appender: DuckDBAppender,
  types: readonly DuckDBType[],
  rows: number,
  write: (chunk: DuckDBDataChunk, from: number, to: number) => void,
): Promise<void> {
  try {
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const to = Math.min(from + CHUNK_ROWS, rows);
      const chunk = DuckDBDataChunk.create(types, to - from);
      write(chunk, from, to);
      appender.appendDataChunk(chunk);
      if (to < rows) await setImmediate();
    }
    appender.flushSync();
  } catch (error) {
    // What is left in the appender must not be flushed by closing it: the transaction is rolled back.
    appender.clear();
    throw error;
  } finally {
    appender.closeSync();
  }
}
