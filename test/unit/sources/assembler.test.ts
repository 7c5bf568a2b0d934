import { expect, test } from "vitest";
import { ODI_COLUMNS, ODI_ROWS, type OdiTable } from "../../../src/pipelines/cricket/sources/odi.ts";
import { Assembler } from "../../../src/sources/postgres/assembler.ts";
import { MAX_EVENT_BYTES } from "../../../src/sources/kit/index.ts";
import { RowWriter } from "../../../src/sources/postgres/events.ts";
import { UNCHANGED, type Relation, type Tuple } from "../../../src/sources/postgres/pgoutput.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";
import { partitionFor } from "../../../src/domain/partition.ts";

const relation: Relation = {
  id: 1,
  schema: "odi",
  name: "deliveries",
  columns: ["id", "inserted_at", "match_id", "ball"],
};
const row = (id: number, match = "m1", ball: string | null = "0.1"): Tuple => [
  Buffer.from(String(id)),
  Buffer.from("2024-01-01"),
  Buffer.from(match),
  ball === null ? null : Buffer.from(ball),
];
const writer = (): RowWriter => new RowWriter(ODI_ROWS, { rawTopic: "raw", partitions: 4, sourceId: "odi" });

function assembler(maxEvents = 100): Assembler {
  return new Assembler({ events: writer(), slot: "s", limits: { maxEvents, maxBytes: 1_000_000 } });
}

function transaction(into: Assembler, lsn: bigint, ids: readonly number[]): void {
  into.accept({ kind: "begin", commitLsn: lsn, commitTimeMs: 0, xid: 1 });
  for (const id of ids) into.accept({ kind: "insert", relation, row: row(id) });
  into.accept({ kind: "commit", commitLsn: lsn, endLsn: lsn + 8n, commitTimeMs: 0 });
}

const ids = (batch: WriteBatch): string[] =>
  batch.headers.map((headers) => headers?.find(([name]) => name === "ce_id")?.[1].toString() ?? "");

test("whole transactions go together, with the end of the last one as the position", () => {
  const given = assembler();
  transaction(given, 16n, [1, 2]);
  transaction(given, 32n, [3]);
  const { write, boundary, transactions } = given.take();
  expect(ids(write)).toEqual(["pg:s:0/10:0", "pg:s:0/10:1", "pg:s:0/20:0"]);
  expect({ boundary, transactions }).toEqual({ boundary: 40n, transactions: 2 });
  expect(given.take()).toMatchObject({ boundary: null, transactions: 0 });
});

test("EO-11: what has not been committed is not taken, and moves no position", () => {
  const given = assembler();
  transaction(given, 16n, [1]);
  given.accept({ kind: "begin", commitLsn: 32n, commitTimeMs: 0, xid: 2 });
  given.accept({ kind: "insert", relation, row: row(2) });
  given.keepalive(99n);
  expect(given.take()).toMatchObject({ boundary: 24n, transactions: 1 });
  expect(given.readyEvents).toBe(0);
});

test("EO-11: a large transaction is cut into parts; the position stays before it until its end, the event ids count on", () => {
  const given = assembler(2);
  given.accept({ kind: "begin", commitLsn: 16n, commitTimeMs: 0, xid: 1 });
  for (const id of [1, 2, 3]) given.accept({ kind: "insert", relation, row: row(id) });
  const first = given.take();
  expect(ids(first.write)).toEqual(["pg:s:0/10:0", "pg:s:0/10:1"]);
  expect(first.boundary).toBeNull();
  given.accept({ kind: "commit", commitLsn: 16n, endLsn: 24n, commitTimeMs: 0 });
  const second = given.take();
  expect(ids(second.write)).toEqual(["pg:s:0/10:2"]);
  expect(second.boundary).toBe(24n);
});

test("a keepalive between transactions moves the position, never back", () => {
  const given = assembler();
  transaction(given, 16n, [1]);
  given.keepalive(90n);
  given.keepalive(50n);
  expect(given.take().boundary).toBe(90n);
});

test("two batches that wait are enough to stop reading", () => {
  const given = assembler(2);
  transaction(given, 16n, [1, 2]);
  expect([given.full, given.overfull]).toEqual([true, false]);
  transaction(given, 32n, [3, 4]);
  expect(given.overfull).toBe(true);
  given.take();
  expect(given.overfull).toBe(false);
});

test("deletes, truncations and other tables are counted and are no events", () => {
  const given = assembler();
  given.accept({ kind: "begin", commitLsn: 16n, commitTimeMs: 0, xid: 1 });
  given.accept({ kind: "delete", relation });
  given.accept({ kind: "truncate", relations: [relation] });
  given.accept({ kind: "insert", relation: { ...relation, name: "feed_progress" }, row: row(1) });
  given.accept({ kind: "insert", relation, row: row(2) });
  given.accept({ kind: "commit", commitLsn: 16n, endLsn: 24n, commitTimeMs: 0 });
  expect(given.nonEvents).toEqual({ deletes: 1, truncates: 1, foreign: 1 });
  expect(ids(given.take().write)).toEqual(["pg:s:0/10:0"]);
});

test("an event is a CloudEvent of the row, keyed by match; null columns are left out, empty ones are not", () => {
  const batch = new WriteBatch();
  const time = Date.UTC(2024, 0, 2);
  writer().append(batch, relation, row(5, "m9", ""), { id: "x", timeMs: time });
  writer().append(batch, relation, row(6, "m9", null), { id: "y", timeMs: time });
  expect(batch.values.map((value) => JSON.parse(String(value)) as unknown)).toEqual([
    { match_id: "m9", ball: "" },
    { match_id: "m9" },
  ]);
  expect(batch.keys[0]?.toString()).toBe("m9");
  expect(batch.partitions[0]).toBe(partitionFor(Buffer.from("m9"), 4));
  expect(Object.fromEntries(batch.headers[0]?.map(([name, value]) => [name, value.toString()]) ?? [])).toEqual({
    ce_specversion: "1.0",
    ce_id: "x",
    ce_source: "postgres/odi",
    ce_type: "cricket.odi.delivery.v1",
    ce_time: "2024-01-02T00:00:00.000Z",
    ce_rowid: "deliveries/5",
    ce_subject: "m9",
    "content-type": "application/json",
  });
});

test("a row that is too large for a record, or that came incomplete, goes out as unreadable with its reason", () => {
  const batch = new WriteBatch();
  writer().append(batch, relation, row(5, "m9", "x".repeat(MAX_EVENT_BYTES)), { id: "x", timeMs: 0 });
  const incomplete: Tuple = [...row(6, "m9").slice(0, 3), UNCHANGED];
  writer().append(batch, relation, incomplete, { id: "y", timeMs: 0 });
  const values = batch.values.map((value) => JSON.parse(String(value)) as { line: number; problem: string });
  expect(values.map(({ line }) => line)).toEqual([5, 6]);
  expect(values[0]?.problem).toMatch(/the row as JSON is \d+ bytes, over the limit.*sha256 [0-9a-f]{64}/u);
  expect(values[1]?.problem).toMatch(/unchanged large column ball/u);
  expect(batch.bytes).toBeLessThan(200_000);
});

/** Type and value of the one event that a source of these columns makes of a row. */
function sent(
  table: OdiTable,
  columns: Readonly<Record<string, string | null>>,
  known: readonly string[],
): [string, unknown] {
  const tables = { ...ODI_ROWS.tables, [table]: { ...ODI_ROWS.tables[table]!, columns: known } };
  const events = new RowWriter({ ...ODI_ROWS, tables }, { rawTopic: "raw", partitions: 4, sourceId: "odi" });
  const batch = new WriteBatch();
  const cells = Object.values(columns).map((text) => (text === null ? null : Buffer.from(text)));
  events.append(batch, { id: 1, schema: "odi", name: table, columns: Object.keys(columns) }, cells, {
    id: "1",
    timeMs: 0,
  });
  const type = batch.headers[0]?.find(([name]) => name === "ce_type")?.[1].toString() ?? "";
  return [type, JSON.parse(String(batch.values[0]))];
}

test.each([
  ["deliveries", "cricket.odi.delivery.v1", { match_id: "7", innings: "1", ball: "0.3" }],
  ["csv1_deliveries", "cricket.odi.csv1-delivery.v1", { match_id: "7", innings: "1", ball: "0.3", nth: "3" }],
] as const)(
  "a row of %s that says a ball is gone is a deletion; a source of an earlier version passes over what says so",
  (table, type, ball) => {
    const columns: readonly string[] = ODI_COLUMNS[table];
    const earlier = columns.filter((name) => name !== "edition" && name !== "deleted");
    const plain = { id: "1", ...ball, edition: null, deleted: null };
    const gone = { id: "2", ...ball, edition: "2", deleted: "true" };
    expect(sent(table, plain, columns)).toEqual([type, ball]);
    expect(sent(table, plain, earlier)).toEqual([type, ball]);
    expect(sent(table, gone, columns)).toEqual(["cricket.odi.deletion.v1", { ...ball, edition: "2", deleted: "true" }]);
    expect(sent(table, gone, earlier)).toEqual([type, ball]);
  },
);
