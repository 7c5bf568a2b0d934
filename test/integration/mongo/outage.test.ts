import type { Document, Timestamp } from "mongodb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RetryableError } from "../../../src/domain/errors.ts";
import { runFeed } from "../../../src/feed/index.ts";
import type { MatchScript } from "../../../src/feed/plan.ts";
import { type MongoContent, mongoTarget } from "../../../src/feed/targets/mongo.ts";
import { classifyMongoError, DUPLICATE_KEY, mongoCode } from "../../../src/mongo/errors.ts";
import { runMongoSource } from "../../../src/sources/mongo/index.ts";
import { isBefore, type LogTime } from "../../../src/sources/mongo/position.ts";
import type { SourceStatus } from "../../../src/sources/kit/index.ts";
import { readGaps, readRaw } from "../../contract/source-harness.ts";
import type { SourceWorld } from "../../contract/source-harness.ts";
import { startMongod, type TestMongod } from "../../support/mongodb.ts";
import { delivery, mongoOptions, newMongoWorld, PARTITIONS, type MongoWorld } from "../sources/mongo-harness.ts";

const MATCHES = 6;
const ROWS = 80;
const PLAN = { seed: 1, replayRate: 0, correctionRate: 0 };

let mongod: TestMongod;
let world: MongoWorld;

beforeAll(async () => {
  // A checkpoint every second lets a small oplog forget what is older.
  mongod = await startMongod({ oplogSizeMB: 8, syncPeriodSecs: 1 });
});

afterAll(async () => {
  await mongod.stop();
});

beforeEach(async () => {
  world = await newMongoWorld(mongod.adminUrl);
});

afterEach(async () => {
  await world.database.close();
});

interface Running {
  until(wanted: (status: SourceStatus) => boolean): Promise<SourceStatus>;
  stop(): Promise<void>;
}

function startSource(): Running {
  const abort = new AbortController();
  let current: SourceStatus | undefined;
  let look: () => void = () => undefined;
  const run = runMongoSource({
    ...mongoOptions(world),
    signal: abort.signal,
    onStatus: (status) => {
      current = status;
      look();
    },
  });
  const until = (wanted: (status: SourceStatus) => boolean): Promise<SourceStatus> =>
    new Promise((resolve, reject) => {
      look = () => {
        if (current !== undefined && wanted(current)) resolve(current);
      };
      run.then(() => undefined, reject);
      look();
    });
  const stop = async (): Promise<void> => {
    abort.abort();
    await run;
  };
  return { until, stop };
}

/** A match of numbered deliveries. */
function script(matchId: string): MatchScript<MongoContent> {
  const row = (n: number): { content: MongoContent; bytes: number; line: number; repeatable: boolean } => ({
    content: { kind: "delivery", document: delivery(matchId, n) },
    bytes: 100,
    line: n,
    repeatable: true,
  });
  return {
    matchId,
    progressKey: matchId,
    record: () =>
      Promise.resolve({ ...row(0), content: { kind: "match", document: { match_id: matchId, match: {} } as never } }),
    rows: async function* () {
      for (let n = 1; n <= ROWS; n += 1) yield await Promise.resolve(row(n));
    },
    wrong: () => null,
    digest: () => Promise.resolve(matchId),
  };
}

function numbers(documents: readonly Document[]): number[] {
  return documents.map((document) => (document["delivery"] as { n: number }).n);
}

const wanted = Array.from({ length: ROWS }, (_, index) => index + 1);

async function rawByMatch(): Promise<Map<string, Document[]>> {
  const byMatch = new Map<string, Document[]>();
  const reading = { log: world.log, topics: world.topics, partitions: PARTITIONS } as SourceWorld;
  for (const { key, value } of await readRaw(reading)) {
    const document = JSON.parse(value.toString()) as Document;
    if ("delivery" in document) byMatch.set(key, [...(byMatch.get(key) ?? []), document]);
  }
  return byMatch;
}

describe("a MongoDB that fails", () => {
  it("EO-11: SIGKILL in the middle of a load: every document is in exactly once, in order, and so in Kafka", async () => {
    const source = startSource();
    await source.until(({ state }) => state === "streaming");
    const target = mongoTarget({ connection: world.database.url });
    const ids = Array.from({ length: MATCHES }, (_, index) => `m${index}`);
    let inserted = 0;
    let reached = (_: number): void => undefined;
    const rows = (count: number): Promise<void> =>
      new Promise((resolve) => (reached = (now) => void (now >= count && resolve())));
    const feed = runFeed({
      scripts: ids.map(script),
      target,
      seed: 1,
      replayRate: 0,
      correctionRate: 0,
      intervalMs: 0,
      signal: new AbortController().signal,
      onStatus: ({ rowsInserted }) => {
        inserted = rowsInserted;
        reached(inserted);
      },
    });
    for (const share of [0.2, 0.6]) {
      await rows(MATCHES * ROWS * share);
      await mongod.kill();
    }
    await feed;
    for (const id of ids) {
      const stored = world.database.db.collection("deliveries").find({ match_id: id }).sort({ _id: 1 });
      expect(numbers(await stored.toArray())).toEqual(wanted);
    }
    const { events } = await source.until(({ events: count }) => count >= MATCHES * (ROWS + 1));
    expect(events).toBe(MATCHES * (ROWS + 1));
    const raw = await rawByMatch();
    for (const id of ids) expect(numbers(raw.get(id) ?? [])).toEqual(wanted);
    await source.stop();
    await target.close();
  });

  it("EO-11: SIGKILL loses no document that the feed was told is in, and leaves no hole", async () => {
    const target = mongoTarget<MongoContent>({ connection: world.database.url });
    const connection = await target.connect();
    await connection.begin("told", PLAN, "");
    let told = 0;
    let refused = 0;
    const flying: Promise<void>[] = [];
    let killed: Promise<void> | undefined;
    for (let n = 0; refused === 0; n += 1) {
      const content: MongoContent = { kind: "delivery", document: delivery("told", n) };
      const result = connection.insert(
        { matchId: "told", pass: 0, step: n },
        { content, cause: "file", line: n, bytes: 100 },
      );
      flying.push(
        result.then(
          (inserted) => void (told += inserted ? 1 : 0),
          () => void (refused += 1),
        ),
      );
      if (flying.length >= connection.windowRows) await flying.shift();
      if (told > 100) killed ??= mongod.kill();
    }
    await Promise.all([...flying, killed]);
    const { nextStep } = await retried(() => connection.begin("told", PLAN, ""));
    expect(nextStep).toBeGreaterThanOrEqual(told);
    const stored = await world.database.db
      .collection("deliveries")
      .find({ match_id: "told" })
      .sort({ _id: 1 })
      .toArray();
    expect(numbers(stored)).toEqual(Array.from({ length: nextStep }, (_, n) => n));
    await connection.close();
    await target.close();
  });

  it("EO-11: a primary that steps down is waited for, and nothing is lost", async () => {
    const source = startSource();
    await source.until(({ state }) => state === "streaming");
    const { db, client } = world.database;
    await db.collection("deliveries").insertOne(delivery("stepped", 1));
    await source.until(({ events }) => events === 1);
    // The only member elects itself again when the second is over.
    await client.db("admin").command({ replSetStepDown: 1, secondaryCatchUpPeriodSecs: 0, force: true });
    await insertWhenPrimary(delivery("stepped", 2));
    await source.until(({ events }) => events === 2);
    expect(numbers((await rawByMatch()).get("stepped") ?? [])).toEqual([1, 2]);
    await source.stop();
  });

  it("EO-13: an oplog that no longer holds our position is a new epoch, one gap event and a snapshot", async () => {
    const first = startSource();
    await first.until(({ state }) => state === "streaming");
    await first.stop();
    const { db, client } = world.database;
    await db.collection("deliveries").insertOne(delivery("missed", 1));
    const written = await logEntry(-1);
    const filler = Array.from({ length: 10 }, () => ({ filler: "x".repeat(100_000) }));
    // Nobody is told when the oplog forgets: it does so while it is written to.
    while (!isBefore(written, await logEntry(1))) {
      await client.db(world.database.name).collection("filler").insertMany(structuredClone(filler));
    }
    const source = startSource();
    await source.until(({ state, epoch }) => state === "streaming" && epoch === 2);
    const gaps = await readGaps({ log: world.log, topics: world.topics } as SourceWorld);
    expect(gaps).toMatchObject([{ epoch: 2, action: expect.stringMatching(/^snapshot of \d+ documents$/u) as string }]);
    expect(gaps[0]?.reason).toMatch(/code 286/u);
    expect(numbers((await rawByMatch()).get("missed") ?? [])).toEqual([1]);
    await source.stop();
  });

  it("EO-13: a database that is dropped under a running source is a new epoch", async () => {
    const source = startSource();
    const { epoch } = await source.until(({ state }) => state === "streaming");
    await world.database.db.dropDatabase();
    await source.until((status) => status.state === "streaming" && status.epoch > epoch);
    await world.database.db.collection("deliveries").insertOne(delivery("after", 1));
    await source.until(({ events }) => events >= 1);
    expect(numbers((await rawByMatch()).get("after") ?? [])).toEqual([1]);
    const gaps = await readGaps({ log: world.log, topics: world.topics } as SourceWorld);
    expect(gaps.at(-1)?.reason).toMatch(/dropped/u);
    await source.stop();
  });
});

async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(classifyMongoError(error, "trying again") instanceof RetryableError)) throw error;
    }
  }
}

async function insertWhenPrimary(document: Document): Promise<void> {
  for (;;) {
    try {
      await world.database.db.collection("deliveries").insertOne(document);
      return;
    } catch (error) {
      if (mongoCode(error) === DUPLICATE_KEY) return; // it was in, only the answer was lost
      if (!(classifyMongoError(error, "inserting") instanceof RetryableError)) throw error;
    }
  }
}

/** The oldest (1) or the newest (-1) entry of the oplog. */
async function logEntry(order: 1 | -1): Promise<LogTime> {
  const oplog = world.database.client.db("local").collection("oplog.rs");
  const [entry] = await oplog
    .find({}, { projection: { ts: 1 } })
    .sort({ $natural: order })
    .limit(1)
    .toArray();
  if (entry === undefined) throw new Error("the oplog is empty");
  const { t, i } = entry["ts"] as Timestamp;
  return { seconds: t, increment: i };
}
