import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { VerdictBlockBuilder } from "../../../src/domain/review/verdict-block.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";
import { openForReading, runLoader } from "../../../src/loader/index.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import { cleanDelivery, cleanMatch, delivery, json, match, topicsNamed } from "../../support/clean-records.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

/* What becomes of a warehouse when somebody changes the topics that it is loaded from. */

const topics = topicsNamed("t");
const names = Object.values(topics) as string[];
let root: string;
let warehouseDir: string;
let broker: ModelBroker;
let log: ModelLog;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tu-topics-"));
  warehouseDir = join(root, "warehouse");
  broker = new ModelBroker();
  log = new ModelLog(broker, { clientId: "loader" });
  for (const name of names) broker.createTopic({ name, partitions: 1 });
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

/** A match of ten balls. */
async function play(id: string): Promise<void> {
  const producer = log.producer({ transactionalId: id, transactionTimeoutMs: 30_000 });
  await producer.open();
  await producer.begin();
  const batch = new WriteBatch();
  const at = Number(id.slice(1)) * 100;
  batch.append(topics.matches, 0, Buffer.from(id), json(cleanMatch(match(id), at)));
  for (let n = 0; n < 10; n++)
    batch.append(topics.deliveries, 0, Buffer.from(id), json(cleanDelivery(delivery(id, n), at + n)));
  await producer.write(batch);
  await producer.commit();
  await producer.close();
}

/** Loads what the topics hold; the balls that the warehouse has then. */
async function load(): Promise<number> {
  const stop = new AbortController();
  const onStatus = ({ state, lag }: { readonly state: string; readonly lag: number | null }): void => {
    if (state === "running" && lag === 0) stop.abort();
  };
  await runLoader({ log, warehouseDir, topics, groupId: "loader", signal: stop.signal, onStatus });
  return balls();
}

async function balls(): Promise<number> {
  const warehouse = await openForReading(warehouseDir);
  const reader = await warehouse.connection.runAndReadAll("SELECT count(*) FROM deliveries");
  warehouse.close();
  return Number(reader.getRows()[0]?.[0]);
}

test("partitions that were added to a topic keep no loader from going on", async () => {
  await play("m1");
  await load();
  for (const name of names) broker.addPartitions(name, 3);
  await play("m2");
  expect(await load()).toBe(20);
});

test("topics that were made again and are longer than what was loaded are loaded into another warehouse", async () => {
  await play("m1");
  await load();
  const [old, before] = [warehouseDir, await balls()];
  for (const name of names) {
    broker.deleteTopic(name);
    broker.createTopic({ name, partitions: 1 });
  }
  for (const id of ["m2", "m3", "m4"]) await play(id);
  const loaded = await remedyWorks("loader/topic-made-again", {
    attempt: load,
    does: { "set TU_WAREHOUSE_DIR to a new directory": () => void (warehouseDir = join(root, "another")) },
  });
  expect(loaded).toBe(30);
  warehouseDir = old;
  expect(await balls()).toBe(before);
});

test("verdicts that were asked for again are loaded into another warehouse, and the first one is kept", async () => {
  const judge = (from: number, to: number): void => {
    const block = new VerdictBlockBuilder("raw", 0, from, from);
    for (let offset = from; offset < to; offset++) block.reject(offset, "poison", null, -1, 0, "no match");
    broker.append(topics.verdicts, 0, "raw/0", Buffer.from(block.encode(null)));
  };
  await play("m1");
  judge(0, 8);
  await load();
  const [old, before] = [warehouseDir, await balls()];
  // Offsets and verdicts are gone, and `state rebuild --judge-again` began behind the newest record that state and quarantine know.
  broker.truncate(topics.verdicts, 0, 1);
  judge(5, 9);
  await play("m2");
  const loaded = await remedyWorks("plan/processor-s", {
    attempt: load,
    does: { "set TU_WAREHOUSE_DIR to a new directory": () => void (warehouseDir = join(root, "another")) },
  });
  expect(loaded).toBe(20);
  warehouseDir = old;
  expect(await balls()).toBe(before);
});
