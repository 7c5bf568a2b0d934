import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Decimal128,
  type Document,
  Double,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from "mongodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DocumentWriter } from "../../../src/sources/mongo/events.ts";
import { runMongoSource } from "../../../src/sources/mongo/index.ts";
import { readServer } from "../../../src/sources/mongo/server.ts";
import { copySnapshot } from "../../../src/sources/mongo/snapshot.ts";
import type { LogTime } from "../../../src/sources/mongo/position.ts";
import { readRaw, type SourceWorld } from "../../contract/source-harness.ts";
import { delivery, mongoOptions, newMongoWorld, PARTITIONS, type MongoWorld } from "./mongo-harness.ts";
import { T20I_COLLECTIONS, T20I_DOCUMENTS } from "../../../src/pipelines/cricket/sources/t20i.ts";

let world: MongoWorld;
beforeEach(async () => {
  world = await newMongoWorld();
});
afterEach(() => world.database.close());

/** A date that MongoDB holds and JavaScript does not. */
class FarDate extends Date {
  readonly #ms: number;
  constructor(ms: number) {
    super(ms);
    this.#ms = ms;
  }
  override getTime(): number {
    return this.#ms;
  }
}

/** Long before anything that the server has kept: it says so, and the copy goes on with what is there now. */
const LONG_AGO: LogTime = { seconds: 1, increment: 1 };

/** Copies the deliveries with pages of `maxEvents`; `between` runs after each page. Resolves with their numbers, as copied. */
async function copied(maxEvents: number, moment: LogTime, between: (page: number) => Promise<void>): Promise<string[]> {
  const { db } = world.database;
  const events = new DocumentWriter(T20I_DOCUMENTS, { rawTopic: "raw", partitions: 1, sourceId: "t20i" });
  const numbers: string[] = [];
  let page = 0;
  await copySnapshot({
    db,
    moment,
    events,
    maxEvents,
    signal: new AbortController().signal,
    now: () => 0,
    onBatch: async (batch) => {
      for (const value of batch.values) numbers.push(numberIn(value));
      page += 1;
      await between(page);
    },
  });
  return numbers;
}

function numberIn(value: Buffer | null): string {
  const { delivery: ball } = JSON.parse(value?.toString() ?? "{}") as { delivery: { n: number } };
  return String(ball.n);
}

async function insertWithIds(ids: readonly unknown[]): Promise<void> {
  const deliveries = world.database.db.collection<Document & { _id: unknown }>("deliveries");
  await deliveries.insertMany(ids.map((_id, n) => ({ _id, ...delivery("m", n) })));
}

describe("EO-11: the copy leaves out nothing that stays", () => {
  test.each(["the last of its page", "the last two", "all that were copied"])(
    "while documents are deleted: %s",
    async (which) => {
      await insertWithIds([1, 2, 3, 4, 5, 6, 7]);
      const { db } = world.database;
      const gone =
        { "the last of its page": [1], "the last two": [0, 1], "all that were copied": [0, 1, 2] }[which] ?? [];
      const numbers = await copied(2, LONG_AGO, async (page) => {
        if (page <= 2) await db.collection("deliveries").deleteMany({ "delivery.n": { $in: gone } });
      });
      const stays = ["0", "1", "2", "3", "4", "5", "6"].filter((n) => !gone.includes(Number(n)));
      expect(numbers.filter((n) => stays.includes(n))).toEqual(stays);
      expect(new Set(numbers).size).toBe(numbers.length);
    },
  );

  const ids: readonly unknown[] = [
    new MinKey(),
    null,
    Number.NaN,
    -Infinity,
    Decimal128.fromString("-1E+6000"),
    -2,
    new Double(2.5),
    Long.fromString("9007199254740993"),
    Long.fromString("9007199254740992"),
    Decimal128.fromString("9007199254740992.5"),
    Infinity,
    "",
    "a",
    "\uFFFD",
    "\uFFFDb",
    new BSONSymbol("c"),
    "ü",
    {},
    { a: null },
    { a: new FarDate(8.7e15) },
    { a: new ObjectId() },
    { $ref: "deliveries", $id: 1 },
    new Binary(Buffer.from([1, 2])),
    new UUID(),
    new ObjectId(),
    false,
    true,
    new Date(-1),
    new Date(5),
    new FarDate(8.7e15),
    new FarDate(8.8e15),
    new FarDate(-8.8e15),
    new Timestamp({ t: 1, i: 2 }),
    new MaxKey(),
  ];
  test.each([1, 2, 3])("whatever the type of its ids, with %i in a page", async (maxEvents) => {
    await insertWithIds(ids);
    const { logEnd } = await readServer(world.database.db, T20I_COLLECTIONS);
    const everyOne = ids.map((_, n) => String(n)).toSorted();
    expect((await copied(maxEvents, logEnd, () => Promise.resolve())).toSorted()).toEqual(everyOne);
    expect((await copied(maxEvents, LONG_AGO, () => Promise.resolve())).toSorted()).toEqual(everyOne);
  });
});

test("EO-11: a document with any value is sent or quarantined, by the copy and by the stream, and what follows comes", async () => {
  const values: readonly unknown[] = [
    new FarDate(8.7e15),
    new Date(-62_198_755_200_000),
    Number.NaN,
    -Infinity,
    -0,
    Decimal128.fromString("NaN"),
    Long.MAX_VALUE,
    // A pattern of MongoDB's own kind, which is none in JavaScript.
    new BSONRegExp("(?i)six", "s"),
    new Binary(Buffer.from([1, 2]), 4),
    new MinKey(),
    { $ref: 1, $id: 2 },
    undefined,
    "x".repeat(100_000),
  ];
  const { db } = world.database;
  const insert = async (from: number): Promise<void> => {
    for (const [n, commentary] of values.entries()) {
      await db
        .collection("deliveries")
        .insertOne({ ...delivery("m", from + n), commentary }, { ignoreUndefined: false });
    }
    await db.collection("deliveries").insertOne({ match_id: "k".repeat(30_000), delivery: { n: from + 99 } });
    await db
      .collection("deliveries")
      .insertOne({ _id: `${from}${"i".repeat(30_000)}` as never, ...delivery("m", from + 100) });
  };
  await insert(0);
  const abort = new AbortController();
  const wanted = 2 * (values.length + 2);
  let streaming: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    streaming = resolve;
  });
  const run = runMongoSource({
    ...mongoOptions(world),
    signal: abort.signal,
    onStatus: ({ state, events }) => {
      if (state === "streaming") streaming();
      if (events >= wanted) abort.abort();
    },
  });
  await Promise.race([begun, run]);
  await insert(1000);
  await run;
  const events = await readRaw({ ...world, partitions: PARTITIONS } as unknown as SourceWorld);
  expect(events).toHaveLength(wanted);
  const problems = events.flatMap(({ value }) => {
    const { problem } = JSON.parse(value.toString()) as { problem?: string };
    return problem === undefined ? [] : [problem];
  });
  expect(problems).toEqual(Array.from({ length: 2 }, () => "match_id is 30000 bytes, over the limit of 1024"));
});
