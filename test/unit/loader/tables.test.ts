import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { createStatements, TABLES } from "../../../src/loader/tables.ts";

test("every table and column can be written in SQL without quotes, in every place", async () => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  for (const table of TABLES) {
    for (const statement of createStatements(table)) await connection.run(statement);
    for (const [name] of table.columns) {
      const sql = `SELECT ${name}, t.${name}, max(${name}) AS ${name} FROM ${table.name} t WHERE ${name} IS NULL GROUP BY ${name} ORDER BY ${name}`;
      expect((await connection.runAndReadAll(sql)).currentRowCount).toBe(0);
    }
  }
  connection.closeSync();
  instance.closeSync();
});
