import { blobValue, DuckDBDateValue, type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { append } from "../../../src/loader/appender.ts";
import { migrate } from "../../../src/loader/migrations.ts";
import type { Row } from "../../../src/loader/rows.ts";

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

async function select(sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRowsJson();
}

const EVENT = "80000000000000017fffffffffffffff";

/** A rejected record: texts that repeat and texts that do not, numbers beyond 32 bits, ids of both signs, nulls. */
function verdict(n: number): Row {
  const id = n % 3 === 0 ? EVENT : n.toString(16).padStart(32, "0");
  const reason = n % 5 === 0 ? `naïve ${n} 🏏` : "";
  return ["raw", n % 4, 2 ** 40 + n, "stale", n % 7 === 0 ? null : id, null, n === 1 ? -1 : null, reason, 0, n];
}

describe("rows that are appended", () => {
  test.each([1, 999, 1000, 2049, 5000])("come back as they were, %i at once", async (count) => {
    await append(
      connection,
      "verdicts",
      Array.from({ length: count }, (_, n) => verdict(n)),
    );
    const rows = await select(
      "SELECT input_topic, input_partition, input_offset, verdict, event_id::VARCHAR, first_seen_input, first_seen_offset, reason, " +
        "log_partition, log_offset FROM verdicts ORDER BY log_offset",
    );
    const dashed = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/u, "$1-$2-$3-$4-");
    expect(rows).toEqual(
      Array.from({ length: count }, (_, n) =>
        verdict(n).map((value, column) => {
          if (column === 4 && typeof value === "string") return dashed(value);
          return [2, 6, 9].includes(column) && value !== null ? String(value) : value;
        }),
      ),
    );
  });

  test("keep bytes, days and instants, before 1970 too", async () => {
    const bytes = blobValue(new Uint8Array([0, 255, 7]));
    await append(connection, "quarantine", [["raw", 1, 5, "why", -1.5, bytes, null, "[]", 0, 9]]);
    expect(
      await select("SELECT hex(key), value, quarantined_at::VARCHAR, epoch_us(quarantined_at) FROM quarantine"),
    ).toEqual([["00FF07", null, "1969-12-31 23:59:59.9985", "-1500"]]);
    await connection.run("CREATE TEMP TABLE seen AS SELECT first_date FROM matches");
    const match: Row = [
      ...["m", "csv2", "2.1", null, null, null, "a", "b", null, new DuckDBDateValue(-1), null, null, null, null, null],
      ...[6, null, null, null, null, null, null, null, null, null, null, null, "{}"],
      ...[EVENT, "accepted", null, "raw", 0, 1, null, 0, 0, 1],
    ];
    await append(connection, "matches", [match]);
    expect(await select("SELECT first_date::VARCHAR FROM matches")).toEqual([["1969-12-31"]]);
  });

  test("are refused whole where a value does not fit its column, naming the column", async () => {
    const wrong = (column: number, value: Row[number]): Row => verdict(1).with(column, value);
    for (const [column, value, name] of [
      [0, 7, "input_topic"],
      [1, 1.5, "input_partition"],
      [1, 2 ** 31, "input_partition"],
      [2, "9", "input_offset"],
      [4, "short", "event_id"],
    ] as const) {
      await expect(append(connection, "verdicts", [verdict(0), wrong(column, value)])).rejects.toThrow(
        new RegExp(`column ${name} .* cannot hold`, "u"),
      );
    }
    await expect(append(connection, "verdicts", [wrong(0, null)])).rejects.toThrow(/NOT NULL/u);
    await expect(append(connection, "verdicts", [["raw"]])).rejects.toThrow(/10 columns, not 1/u);
    expect(await select("SELECT count(*) FROM verdicts")).toEqual([["0"]]);
  });
});
