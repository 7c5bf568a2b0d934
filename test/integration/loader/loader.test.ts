import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { wireReadingLog } from "../../../src/kafka/confluent/index.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";
import { type LoaderStatus, openForReading, runLoader } from "../../../src/loader/index.ts";
import { warehousePaths } from "../../../src/loader/paths.ts";
import { brokers } from "../kafka/harness.ts";
import { cleanDelivery, delivery, json, topicsNamed } from "../../support/clean-records.ts";
import {
  type Clean,
  cleanTopics,
  committedDeliveries,
  createTopics,
  expectPrefix,
  produceMatches,
  select,
} from "./harness.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tu-loader-"));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

interface RunningLoader {
  readonly statuses: LoaderStatus[];
  until(wanted: (status: LoaderStatus) => boolean): Promise<LoaderStatus>;
  stop(): Promise<void>;
}

function start(clean: Clean): RunningLoader {
  const controller = new AbortController();
  const statuses: LoaderStatus[] = [];
  const waiting = new Set<() => void>();
  const ended = runLoader({
    log: clean.log,
    warehouseDir: dir,
    topics: clean.topics,
    groupId: `${clean.prefix}-group`,
    signal: controller.signal,
    publishIntervalMs: 200,
    onStatus: (status) => {
      statuses.push(status);
      for (const look of waiting) look();
    },
  });
  const failed = ended.then(() => Promise.reject<never>(new Error("the loader ended")));
  failed.catch(() => undefined);
  return {
    statuses,
    until: (wanted) => {
      const from = statuses.length;
      const seen = new Promise<LoaderStatus>((resolve) => {
        const look = (): void => {
          const status = statuses.slice(from).find(wanted);
          if (status === undefined) return;
          waiting.delete(look);
          resolve(status);
        };
        waiting.add(look);
      });
      return Promise.race([seen, failed]);
    },
    stop: async () => {
      controller.abort();
      await ended;
    },
  };
}

/** Measured after the call, so that it counts what was written before it. */
const caughtUp = (status: LoaderStatus): boolean => status.lag === 0;

async function write(clean: Clean, partition: number, ...values: unknown[]): Promise<void> {
  const producer = clean.log.producer({ transactionalId: `${clean.prefix}-w`, transactionTimeoutMs: 30_000 });
  await producer.open();
  await producer.begin();
  const batch = new WriteBatch();
  for (const value of values) batch.append(clean.topics.deliveries, partition, Buffer.from("m"), json(value));
  await producer.write(batch);
  await producer.commit();
  await producer.close();
}

test("EO-9: loads the committed records, publishes them, stops clean, and goes on from its own offsets", async () => {
  const clean = await cleanTopics();
  await produceMatches(clean, ["m1", "m2", "m3", "m4"]);
  const first = start(clean);
  await first.until(caughtUp);
  await first.stop();
  const last = first.statuses.at(-1);
  expect(last).toMatchObject({ state: "stopped", lag: 0 });
  expect(last?.live["raw"]?.title).toBe("Zimbabwe v West Indies, Bulawayo, 2016-11-25");
  expect(last?.live["raw"]?.line).toMatch(/^(?:Zimbabwe|West Indies) \d+\/\d+ /u);
  // A clean stop leaves one complete file and a snapshot that is as new.
  expect(readdirSync(warehousePaths(dir).hotDir)).toEqual(["cricket.duckdb"]);
  const logged = await committedDeliveries(clean);
  for (const prefer of ["hot", "snapshot"] as const) {
    const reading = await openForReading(dir, { prefer });
    expect([reading.from, await expectPrefix(reading.connection, logged, clean.topics)]).toEqual([
      prefer,
      logged.length,
    ]);
    reading.close();
  }

  await produceMatches(clean, ["m5"], { judged: false });
  const second = start(clean);
  await second.until(caughtUp);
  await second.stop();
  expect(second.statuses.at(-1)?.rows).toBeLessThan(60);
  const all = await committedDeliveries(clean);
  const reading = await openForReading(dir);
  expect(await expectPrefix(reading.connection, all, clean.topics)).toBe(all.length);
  reading.close();
  const admin = clean.log.admin();
  const [acknowledged] = await admin.groupOffsets(`${clean.prefix}-group`, [
    { topic: clean.topics.matches, partition: 0 },
  ]);
  await admin.close();
  expect(acknowledged?.offset).toBe(second.statuses.at(-1)?.offsets[`${clean.topics.matches}/0`]);
});

test("a ball is in the warehouse at once, in a transaction of its own", async () => {
  const clean = await cleanTopics();
  const loader = start(clean);
  await loader.until(caughtUp);
  for (let n = 0; n < 5; n++) {
    const loaded = loader.until((status) => status.rows === n + 1);
    await write(clean, 0, cleanDelivery(delivery("m", n), n));
    expect((await loaded).batches).toBe(n + 1);
  }
  const published = await loader.until((status) => (status.published?.at ?? 0) > (status.lastCommitAt ?? Infinity));
  expect(published.published?.snapshot).toMatch(/^snap-\d+$/u);
  const reading = await openForReading(dir);
  expect([reading.from, await select(reading.connection, "SELECT count(*) FROM deliveries")]).toEqual([
    "snapshot",
    [[5n]],
  ]);
  reading.close();
  await loader.stop();
});

test("a correction that arrives later replaces what it corrects, in rows and marts", async () => {
  const clean = await cleanTopics();
  const loader = start(clean);
  await write(clean, 1, ...[0, 1, 2].map((n) => cleanDelivery(delivery("m", n), n)));
  await loader.until((status) => status.rows === 3);
  await write(clean, 1, cleanDelivery(delivery("m", 1, 2), 9, "correction"));
  await loader.until((status) => status.rows === 4);
  await loader.stop();
  const runs = [delivery("m", 0), delivery("m", 1, 2), delivery("m", 2)].reduce(
    (sum, ball) => sum + ball.runs.total,
    0,
  );
  const reading = await openForReading(dir);
  expect(await select(reading.connection, "SELECT runs, deliveries FROM innings")).toEqual([[runs, 3]]);
  reading.close();
});

test("waits for topics that are not there yet, and for a broker that does not answer", async () => {
  const prefix = `loader-late-${process.pid}`;
  const clean = { prefix, topics: topicsNamed(prefix), log: wireReadingLog({ brokers: brokers(), clientId: prefix }) };
  const loader = start(clean);
  const waiting = await loader.until((status) => status.state === "retrying");
  expect(waiting.message).toMatch(/^waiting for the topics /u);
  await createTopics(clean);
  await write(clean, 0, cleanDelivery(delivery("m", 0), 0));
  await loader.until((status) => status.rows === 1);
  await loader.stop();

  const nobody = start({ ...clean, log: wireReadingLog({ brokers: "127.0.0.1:9", clientId: prefix }) });
  await nobody.until((status) => status.state === "retrying");
  await nobody.stop();
});

test("a verdict block that cannot be read stops the loader with its place, and nothing after it is loaded", async () => {
  const clean = await cleanTopics();
  const producer = clean.log.producer({ transactionalId: `${clean.prefix}-w`, transactionTimeoutMs: 30_000 });
  await producer.open();
  await producer.begin();
  const batch = new WriteBatch();
  batch.append(clean.topics.verdicts, 2, null, Buffer.from("no block"));
  await producer.write(batch);
  await producer.commit();
  await producer.close();
  const loader = start(clean);
  await expect(loader.until(caughtUp)).rejects.toThrow(
    /\.verdicts\/2 offset 0 cannot be loaded: it is no verdict block/u,
  );
  const reading = await openForReading(dir);
  expect(
    await select(
      reading.connection,
      `SELECT next_offset FROM offsets WHERE topic = '${clean.topics.verdicts}' AND partition = 2`,
    ),
  ).toEqual([[0n]]);
  reading.close();
});
