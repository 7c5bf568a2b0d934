import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, appendFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exportParquet, type ExportReport, rebuildWarehouse, type RebuildReport } from "../../../src/export/index.ts";
import { filesOf, type Manifest } from "../../../src/export/manifest.ts";
import { openForReading, runLoader } from "../../../src/loader/index.ts";
import { TABLES } from "../../../src/loader/tables.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";
import {
  cleanDeletion,
  cleanDelivery,
  cleanMatch,
  delivery,
  json,
  match,
  topicsNamed,
  verdictBlock,
} from "../../support/clean-records.ts";

/* A warehouse is loaded, exported, lost, and made again from the export and what the topics still keep. */

const topics = topicsNamed("t");
/** A day after the event time of the test records. */
const LATER = 1_480_060_800_000 + 86_400_000;
let root: string;
let warehouseDir: string;
let dir: string;
let broker: ModelBroker;
let log: ModelLog;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tu-export-"));
  warehouseDir = join(root, "warehouse");
  dir = join(root, "archive");
  broker = new ModelBroker();
  for (const name of Object.values(topics) as string[]) broker.createTopic({ name, partitions: 1 });
  log = new ModelLog(broker, { clientId: "export" });
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

let transactions = 0;

async function write(records: readonly (readonly [topic: string, value: Buffer])[]): Promise<void> {
  const producer = log.producer({ transactionalId: `w-${transactions++}`, transactionTimeoutMs: 30_000 });
  await producer.open();
  await producer.begin();
  const batch = new WriteBatch();
  for (const [topic, value] of records) batch.append(topic, 0, Buffer.from("m"), value);
  await producer.write(batch);
  await producer.commit();
  await producer.close();
}

let judged = 0;

/** Whole matches: the record, forty balls, a verdict block. `open`: without a result. */
async function play(ids: readonly string[], options: { open?: boolean; from?: number } = {}): Promise<void> {
  for (const id of ids) {
    const value = match(id, {
      season: id === "m1" ? "2016/17" : "2017",
      matchType: id === "m2" ? null : "ODI",
      outcome: options.open === true ? {} : { winner: "Zimbabwe" },
    });
    const number = Number(id.slice(1)) * 1000 + (options.from ?? 0);
    await write([
      [topics.matches, json(cleanMatch(value, number + 500))],
      ...Array.from(
        { length: 40 },
        (_, n) => [topics.deliveries, json(cleanDelivery(delivery(id, n), number + n))] as const,
      ),
      [topics.verdicts, verdictBlock(0, judged, 12)],
    ]);
    judged += 12;
  }
}

async function load(): Promise<void> {
  const stop = new AbortController();
  await runLoader({
    log,
    warehouseDir,
    topics,
    groupId: "g",
    signal: stop.signal,
    onStatus: (status) => {
      if (status.state === "running" && status.lag === 0) stop.abort();
    },
  });
}

function exported(now: number = LATER * 2): Promise<ExportReport> {
  return exportParquet({ warehouseDir, dir, closedAfterMs: 86_400_000, now });
}

function rebuild(given: ModelLog | null = log): Promise<RebuildReport> {
  return rebuildWarehouse({
    warehouseDir,
    dir,
    log: given,
    topics,
    groupId: "g",
    signal: new AbortController().signal,
    onProgress: () => undefined,
    now: () => 0,
  });
}

function lose(): void {
  rmSync(warehouseDir, { recursive: true });
}

/** Every row of every table, but for what is noted of the loading itself. */
async function contents(): Promise<Record<string, unknown>> {
  const warehouse = await openForReading(warehouseDir);
  const found: Record<string, unknown> = {};
  for (const { name } of TABLES.filter((table) => table.name !== "gaps")) {
    found[name] = (await warehouse.connection.runAndReadAll(`SELECT * FROM ${name} ORDER BY ALL`)).getRowsJson();
  }
  warehouse.close();
  return found;
}

async function rows(sql: string): Promise<unknown[][]> {
  const warehouse = await openForReading(warehouseDir);
  try {
    return (await warehouse.connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    warehouse.close();
  }
}

test("EO-9: a warehouse that was lost after the topics were truncated is made again, row by row", async () => {
  judged = 0;
  await play(["m1", "m2"]);
  await load();
  const { manifest } = await exported();
  expect(manifest.partitions.map(({ matchType, season, matches }) => [matchType, season, matches])).toEqual([
    ["ODI", "2016/17", ["m1"]],
    [null, "2017", ["m2"]],
  ]);
  // What is exported may go from Kafka; what comes later is there.
  for (const name of [topics.deliveries, topics.matches, topics.verdicts]) {
    broker.truncate(name, 0, manifest.offsets[`${name}/0`] ?? 0);
  }
  await write([[topics.deliveries, json(cleanDelivery(delivery("m1", 5, 2), 77, "correction"))]]);
  await play(["m3"], { open: true });
  await load();
  const before = await contents();
  lose();
  const report = await rebuild();
  expect(await contents()).toEqual(before);
  expect([report.gaps, report.incomplete, report.missingTopics]).toEqual([[], [], []]);
  expect([report.restored["deliveries"], report.restored["matches"]]).toEqual([80, 2]);
  // And the loader goes on from there.
  await play(["m4"]);
  await load();
  expect(await rows("SELECT count(*), count(DISTINCT event_id) FROM deliveries")).toEqual([["160", "160"]]);
});

test("EO-9: what the export and the topics both hold is there once, with its latest content", async () => {
  judged = 0;
  await play(["m1"]);
  await write([[topics.deliveries, json(cleanDelivery(delivery("m1", 7, 1), 900, "correction"))]]);
  await play(["m2"], { open: true });
  await load();
  const { manifest } = await exported();
  expect(manifest.open.map(({ matchId }) => matchId)).toEqual(["m2"]);
  const before = await contents();
  lose();
  await rebuild();
  expect(await contents()).toEqual(before);
});

test("EO-9: a match that lost a ball to a later edition is exported again, and a rebuild from either export has it without", async () => {
  judged = 0;
  await play(["m2"], { open: true });
  await play(["m1"]);
  await load();
  const first = await exported();
  const [of] = first.manifest.partitions;
  await write([[topics.deliveries, json(cleanDeletion(delivery("m1", 7), 901))]]);
  await load();
  expect(await rows("SELECT count(*) FROM deliveries WHERE match_id = 'm1'")).toEqual([["39"]]);
  expect(await rows("SELECT deliveries FROM innings WHERE match_id = 'm1' ORDER BY ALL")).toEqual([[19], [20]]);
  const before = await contents();
  lose();
  // The older export has the ball, and the topic says that it is no more.
  await rebuild();
  expect(await contents()).toEqual(before);
  const second = await exported();
  expect(second).toMatchObject({ written: 1, unchanged: 0 });
  expect(second.manifest.partitions[0]).toMatchObject({ matches: of?.matches });
  lose();
  // The newer one has it not, and the topic, read from the open match on, says all of it once more.
  await rebuild();
  expect(await contents()).toEqual(before);
});

test("EO-13: says which matches cannot be complete, and which records neither the export nor Kafka has", async () => {
  judged = 0;
  await play(["m1"]);
  await play(["m2"], { open: true });
  await load();
  const { manifest } = await exported();
  // m1 and the end of its transaction take offsets 0 to 40, m2 those from 41 to 80.
  broker.truncate(topics.deliveries, 0, 76);
  await play(["m3"]);
  broker.truncate(topics.verdicts, 0, (manifest.offsets[`${topics.verdicts}/0`] ?? 0) + 1);
  lose();
  const report = await rebuild();
  expect(report.incomplete).toEqual(["m2"]);
  expect(report.gaps.map(({ sourceId }) => sourceId)).toEqual([
    `warehouse:${topics.deliveries}/0`,
    `warehouse:${topics.verdicts}/0`,
  ]);
  expect(await rows("SELECT count(*) FROM gaps WHERE action = 'the warehouse was rebuilt without them'")).toEqual([
    ["2"],
  ]);
  expect(await rows("SELECT match_id, count(*)::INTEGER FROM deliveries GROUP BY ALL ORDER BY ALL")).toEqual([
    ["m1", 40],
    ["m2", 5],
    ["m3", 40],
  ]);
});

test("a later export writes only what changed, and keeps what the warehouse no longer has", async () => {
  judged = 0;
  await play(["m1", "m2"]);
  await load();
  const first = await exported();
  expect([first.written, first.unchanged]).toEqual([2, 0]);
  const again = await exported();
  expect([again.written, again.unchanged]).toEqual([0, 2]);
  await write([[topics.deliveries, json(cleanDelivery(delivery("m2", 5, 2), 77, "correction"))]]);
  await load();
  const corrected = await exported(LATER - 86_400_000);
  expect([corrected.written, corrected.unchanged, corrected.manifest.open]).toEqual([1, 1, []]);
  const gone = filesOf(first.manifest).filter(({ path }) => !existsSync(join(dir, path)));
  expect(gone.map(({ table }) => table)).toContain("deliveries");
  for (const { path } of filesOf(corrected.manifest)) expect(existsSync(join(dir, path))).toBe(true);
  lose();
  expect((await rebuild(null)).restored["deliveries"]).toBe(80);
});

test("a damaged export, a folder of others and a warehouse that is there are refused in one line", async () => {
  judged = 0;
  await play(["m1"]);
  await load();
  const { manifest } = await exported();
  await expect(rebuild()).rejects.toThrow(/there is a warehouse already/u);
  lose();
  const file = join(dir, filesOf(manifest)[0]?.path ?? "");
  appendFileSync(file, "x");
  await expect(rebuild()).rejects.toThrow(/bytes instead of/u);
  writeFileSync(file, Buffer.alloc(filesOf(manifest)[0]?.bytes ?? 0));
  await expect(rebuild()).rejects.toThrow(/is not as it was written/u);
  rmSync(file);
  await expect(rebuild()).rejects.toThrow(/is missing/u);
  const text = readFileSync(join(dir, "manifest.json"), "utf8");
  const outside = JSON.parse(text) as Manifest;
  const [stream] = outside.streams;
  writeFileSync(
    join(dir, "manifest.json"),
    JSON.stringify({ ...outside, streams: [{ ...stream, path: "../x.parquet" }] }),
  );
  await expect(rebuild()).rejects.toThrow(/is no manifest of an export: streams/u);
  rmSync(dir, { recursive: true });
  await expect(rebuild()).rejects.toThrow(/there is no export/u);
  await load();
  await expect(exportParquet({ warehouseDir, dir: root, closedAfterMs: 0, now: 0 })).rejects.toThrow(
    /holds other files/u,
  );
});

test("an export of a later warehouse is not gone on with", async () => {
  judged = 0;
  await play(["m1", "m2"]);
  await load();
  const { manifest } = await exported();
  writeFileSync(
    join(dir, "manifest.json"),
    JSON.stringify({ ...manifest, offsets: { ...manifest.offsets, [`${topics.deliveries}/0`]: 10_000 } }),
  );
  await expect(exported()).rejects.toThrow(/holds an export up to offset 10000/u);
  lose();
  await expect(rebuild()).rejects.toThrow(/it is not the topic that was exported/u);
});
