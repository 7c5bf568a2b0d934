import { readdirSync, readFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SCHEMA_VERSION } from "../../../src/loader/migrations.ts";
import { rebuildMarts } from "../../../src/loader/marts.ts";
import { warehousePaths } from "../../../src/loader/paths.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { packageFile } from "../../../src/local/paths.ts";

/* A warehouse of every earlier version, as a file of SQL: it opens, loses nothing, and has the marts of today. */

const FOLDER = packageFile("test/fixtures/warehouse");
const EARLIER = readdirSync(FOLDER).toSorted();
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tu-migrations-"));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

async function makeWarehouse(file: string): Promise<void> {
  mkdirSync(warehousePaths(dir).hotDir, { recursive: true });
  const instance = await DuckDBInstance.create(warehousePaths(dir).hot);
  const connection = await instance.connect();
  await connection.run(readFileSync(join(FOLDER, file), "utf8"));
  connection.closeSync();
  instance.closeSync();
}

test("the shape of every released version is kept", () => {
  expect(EARLIER[0]).toBe("version-1.sql");
});

test.each(EARLIER)(
  "%s: every row is there after the migration, and the marts are those of today's fold",
  async (file) => {
    await makeWarehouse(file);
    const before = await DuckDBInstance.create(warehousePaths(dir).hot);
    const old = await before.connect();
    const names = (await old.runAndReadAll("SELECT table_name FROM duckdb_tables() ORDER BY ALL")).getRows().flat();
    const facts = names.map(String).filter((name) => !["schema_version", "marts_version"].includes(name));
    const columns = (await old.runAndReadAll("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal"))
      .getRows()
      .map((row) => row.map(String));
    const select = (table: string): string =>
      `SELECT ${columns.flatMap(([name, column]) => (name === table ? [column] : [])).join(", ")} FROM ${table} ORDER BY ALL`;
    const kept = new Map<string, unknown>();
    for (const name of facts) kept.set(name, (await old.runAndReadAll(select(name))).getRowsJson());
    old.closeSync();
    before.closeSync();
    expect([...kept].filter(([, rows]) => (rows as unknown[]).length === 0)).toEqual([]);

    const warehouse = await Warehouse.open(dir, 0);
    const { connection } = warehouse;
    const rows = async (sql: string): Promise<unknown[][]> => (await connection.runAndReadAll(sql)).getRowsJson();
    for (const name of facts) expect([name, await rows(select(name))]).toEqual([name, kept.get(name)]);
    expect(await rows("SELECT max(version) FROM schema_version")).toEqual([[SCHEMA_VERSION]]);
    const marts = async (): Promise<unknown[]> =>
      Promise.all(["partnerships", "fall_of_wickets"].map((name) => rows(`SELECT * FROM ${name} ORDER BY ALL`)));
    const made = await marts();
    expect(made.every((list) => (list as unknown[]).length > 0)).toBe(true);
    await rebuildMarts(connection);
    expect(await marts()).toEqual(made);
    expect(warehouse.progress.next.size).toBe(5);
    warehouse.close();
  },
);
