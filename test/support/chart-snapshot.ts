/** A published snapshot of real matches, and what the charts of Superset have on it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { warehousePaths } from "../../src/loader/paths.ts";
import type { Chart, Dataset } from "../../src/superset/describe.ts";
import { DESCRIPTION } from "../../src/superset/description.ts";
import { chartSql } from "../../src/superset/query.ts";
import { type SnapshotMatch, SnapshotWriter } from "./warehouse-snapshot.ts";

const START = Date.UTC(2026, 10, 21, 10);
const BALL_MS = 50;

export type Rows = readonly Readonly<Record<string, string | number | boolean | null>>[];

export function chartNamed(name: string): Chart {
  const found = DESCRIPTION.charts.find((chart) => chart.name === name);
  if (found === undefined) throw new Error(`no chart ${name}`);
  return found;
}

export function datasetOf(chart: Chart): Dataset {
  const found = DESCRIPTION.datasets.find(({ name }) => name === chart.dataset);
  if (found === undefined) throw new Error(`no dataset ${chart.dataset}`);
  return found;
}

export class ChartSnapshot {
  readonly #dir: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(dir: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#dir = dir;
    this.#instance = instance;
    this.#connection = connection;
  }

  /** One match after the other, a ball every 50 ms: the last of each format is its live match. One record is poison. */
  static async make(matches: readonly SnapshotMatch[]): Promise<ChartSnapshot> {
    const dir = mkdtempSync(join(tmpdir(), "tu-charts-"));
    const writer = await SnapshotWriter.open(dir);
    let at = START;
    for (const match of matches) {
      const from = at;
      await writer.match(match, (n) => from + n * BALL_MS);
      at += (match.deliveries.length + 1) * BALL_MS;
    }
    await writer.poison("t20i", at);
    await writer.publish();
    writer.close();
    const instance = await DuckDBInstance.create(warehousePaths(dir).published, { access_mode: "READ_ONLY" });
    return new ChartSnapshot(dir, instance, await instance.connect());
  }

  async select(sql: string): Promise<Rows> {
    const reader = await this.#connection.runAndReadAll(sql);
    const names = reader.columnNames();
    return reader.getRowsJS().map((row) => Object.fromEntries(names.map((name, index) => [name, plain(row[index])])));
  }

  /** The rows of a chart, as if `filters` were chosen on its dashboard. */
  async rowsOf(chart: Chart, filters: readonly string[] = []): Promise<Rows> {
    return this.select(chartSql(chart, datasetOf(chart), filters));
  }

  remove(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
    rmSync(this.#dir, { recursive: true });
  }
}

function plain(value: unknown): string | number | boolean | null {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "bigint" ? Number(value) : (value as string | number | boolean | null);
}
