/** Whether a page got the rows that the same queries have on the published snapshot. */
import { DuckDBInstance } from "@duckdb/node-api";
import { warehousePaths } from "../../src/loader/paths.ts";
import type { Chart } from "../../src/superset/describe.ts";
import { chartQuery, chartSql } from "../../src/superset/query.ts";
import { chartNamed, datasetOf } from "../support/chart-snapshot.ts";
import type { ChartAnswer, Viewer } from "./superset-viewer.ts";

type Row = Readonly<Record<string, unknown>>;

/** Names of charts whose newest answer is another one. */
export async function differences(viewer: Viewer, warehouseDir: string): Promise<string[]> {
  const ids = await viewer.ids();
  const found: string[] = [];
  for (const name of viewer.charts) {
    const answer = viewer.answers.get(ids.get(name) ?? -1);
    if (answer === undefined) found.push(`${name}: no answer`);
    else if (!(await agrees(chartNamed(name), answer, warehouseDir))) found.push(name);
  }
  return found;
}

async function agrees(chart: Chart, answer: ChartAnswer, warehouseDir: string): Promise<boolean> {
  const query = chartQuery(chart, datasetOf(chart));
  const metrics = query.metrics.map(({ name }) => name);
  const rows = await select(chartSql(chart, datasetOf(chart), answer.filters.flatMap(conditionOf)), warehouseDir);
  switch (chart.kind) {
    case "lines":
    case "bars":
    case "stacks": {
      // A picture gets a table of x by series: its sum stays comparable.
      const series = answer.columns.filter((name) => name !== chart.x);
      const [here, there] = [total(rows, metrics), total(answer.rows, series)];
      return Math.abs(here - there) < 1e-6 * Math.max(1, Math.abs(here));
    }
    case "bubbles":
      return isSame(rows, answer.rows, [...query.dimensions, chart.x, chart.y]);
    case "leaders":
      // Where the limit cuts, it is chance which of two equals stays.
      if (rows.length === query.limit) return rows.length === answer.rows.length;
      return isSame(rows, answer.rows, [...query.dimensions, ...metrics]);
    case "number":
    case "rows":
      return isSame(rows, answer.rows, [...query.dimensions, ...metrics]);
  }
}

/** As sets. The seconds since the newest event differ with the moment, and are left out. */
function isSame(here: readonly Row[], there: readonly Row[], names: readonly string[]): boolean {
  const timeless = names.filter((name) => !name.includes("behind"));
  const text = (row: Row): string => JSON.stringify(timeless.map((name) => plain(row[name])));
  return JSON.stringify(here.map(text).toSorted()) === JSON.stringify(there.map(text).toSorted());
}

function total(rows: readonly Row[], names: readonly string[]): number {
  return rows.reduce((sum, row) => sum + names.reduce((own, name) => own + Number(row[name] ?? 0), 0), 0);
}

function conditionOf({ col, op, val }: ChartAnswer["filters"][number]): string[] {
  if (op !== "IN" && op !== "==") return [];
  const values = [val].flat().map((value) => `'${String(value).replaceAll("'", "''")}'`);
  return [`"${col}" IN (${values.join(", ")})`];
}

/** Superset sends times as ms, and figures as JavaScript has them. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(9) : (value ?? null);
}

async function select(sql: string, warehouseDir: string): Promise<Row[]> {
  const path = warehousePaths(warehouseDir).published;
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
  try {
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(sql);
    const names = reader.columnNames();
    const rows = reader.getRowsJS().map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]])));
    connection.closeSync();
    return rows;
  } finally {
    instance.closeSync();
  }
}
