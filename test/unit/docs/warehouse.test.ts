import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageFile } from "../../../src/local/paths.ts";
import type { Warehouse } from "../../../src/loader/warehouse.ts";
import { loadMatches } from "../../support/loaded-matches.ts";

const text = readFileSync(packageFile("docs/WAREHOUSE.md"), "utf8");
const queries = [...text.matchAll(/```sql\n(?<query>.*?)```/gsu)].map((found) => found.groups?.["query"] ?? "");

/** First and second cell of the rows of the table below a heading. */
function tableBelow(heading: string): (readonly [name: string, second: string])[] {
  const section = text.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/^\| `(?<name>\w+)` \| (?<second>[^|]+) \|/gmu)].map((row) => [
    row.groups?.["name"] ?? "",
    row.groups?.["second"]?.trim() ?? "",
  ]);
}

describe("docs/WAREHOUSE.md", () => {
  let dir: string;
  let warehouse: Warehouse;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "tu-docs-"));
    ({ warehouse } = await loadMatches(dir));
  }, 120_000);

  afterAll(() => {
    warehouse.close();
    rmSync(dir, { recursive: true });
  });

  const rows = async (sql: string): Promise<unknown[][]> =>
    (await warehouse.connection.runAndReadAll(sql)).getRowsJson();

  test("names every table and every view with its columns, and no other", async () => {
    const tables = await rows(
      "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal ORDER BY ALL",
    );
    expect(
      tableBelow("Tables")
        .map(([name]) => name)
        .toSorted(),
    ).toEqual(tables.flat());
    const views = await rows(
      "SELECT view_name, (SELECT string_agg(column_name, ', ' ORDER BY column_index) FROM duckdb_columns() WHERE database_name = current_database() AND table_name = view_name) " +
        "FROM duckdb_views() WHERE database_name = current_database() AND NOT internal ORDER BY ALL",
    );
    expect(tableBelow("Views").toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual(views);
  });

  test.each(queries.map((query, n) => [n + 1, query] as const))("query %i answers", async (_n, query) => {
    // Of the stream itself nothing is loaded here.
    const isOfStream = query.includes("FROM points");
    expect((await rows(query)).length > 0).toBe(!isOfStream);
  });

  test("has queries", () => {
    expect(queries.length).toBeGreaterThanOrEqual(7);
  });
});
