import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MIGRATIONS, migrate, SCHEMA_VERSION } from "../../../src/loader/migrations.ts";
import { TABLES } from "../../../src/loader/tables.ts";

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeEach(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  await migrate(connection, 0);
});

afterEach(() => {
  connection.closeSync();
  instance.closeSync();
});

async function rows(sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRowsJson();
}

const COLUMNS =
  "SELECT table_name, column_name, data_type || CASE WHEN is_nullable THEN '' ELSE ' NOT NULL' END, comment " +
  "FROM duckdb_columns() WHERE NOT internal ORDER BY table_name, column_index";

test("the tables of sql/ are those that the appender writes, column by column", async () => {
  const made = await rows(COLUMNS);
  for (const { name, columns } of TABLES) {
    const types = made.filter(([table]) => table === name).map(([, column, type]) => [column, type]);
    expect([name, types]).toEqual([name, columns]);
  }
});

test("every table, view and column says what it is, and can be written in SQL without quotes", async () => {
  const things = await rows(
    "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal " +
      "UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE database_name = current_database() AND NOT internal ORDER BY ALL",
  );
  const columns = await rows(COLUMNS);
  const names = things.map(([name]) => name);
  for (const wanted of ["worm", "manhattan", "phases", "head_to_head", "career", "points", "sources", "live_match"]) {
    expect(names).toContain(wanted);
    expect(columns.some(([table]) => table === wanted)).toBe(true);
  }
  const silent = [
    ...things.filter(([, comment]) => typeof comment !== "string"),
    ...columns.filter(([, , , comment]) => typeof comment !== "string"),
  ];
  expect(silent).toEqual([]);
  for (const [table, column] of columns.map((row) => row.map(String))) {
    const sql = `SELECT ${column}, t.${column}, max(${column}) AS ${column} FROM ${table} t WHERE ${column} IS NULL GROUP BY ${column} ORDER BY ${column}`;
    expect(await rows(sql)).toEqual([]);
  }
});

test("migrations are applied once each and recorded", async () => {
  await migrate(connection, 1);
  const recorded = await rows("SELECT version, description, applied_at FROM schema_version ORDER BY version");
  expect(recorded).toEqual(
    MIGRATIONS.slice(1).map(({ version, description }) => [version, description, "1970-01-01 00:00:00"]),
  );
});

test("a warehouse of a newer program is refused", async () => {
  await connection.run(`INSERT INTO schema_version VALUES (${SCHEMA_VERSION + 1}, 'of tomorrow', '2030-01-01')`);
  await expect(migrate(connection, 0)).rejects.toThrow(/schema version \d+, this program knows versions up to/u);
});
