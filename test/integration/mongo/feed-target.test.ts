import type { Document } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Step } from "../../../src/feed/plan.ts";
import type { FeedConnection } from "../../../src/feed/target.ts";
import { type MongoContent, mongoTarget } from "../../../src/feed/targets/mongo.ts";
import { RetryableError } from "../../../src/domain/errors.ts";
import { freePort } from "../../../src/local/ports.ts";
import { countingProxy } from "../../support/counting-proxy.ts";
import { newDatabase, type TestDatabase } from "../../support/mongodb.ts";

const PLAN = { seed: 7, replayRate: 0.25, correctionRate: 0.5 };

let database: TestDatabase;
let target: ReturnType<typeof mongoTarget>;
let connection: FeedConnection<MongoContent>;

beforeAll(async () => {
  database = await newDatabase();
  target = mongoTarget({ connection: database.url });
  await target.prepare();
  connection = await target.connect();
});

afterAll(async () => {
  await connection.close();
  await target.close();
  await database.close();
});

function step(document: { match_id: string } & object, change: Partial<Step<MongoContent>> = {}): Step<MongoContent> {
  return { content: { kind: "delivery", document }, cause: "file", line: 3, bytes: 100, ...change };
}

async function documents(collection: string, matchId: string): Promise<Document[]> {
  const options = { projection: { _id: 0 }, sort: { _id: 1 as const }, promoteValues: false };
  return await database.db.collection(collection).find({ match_id: matchId }, options).toArray();
}

async function begun(matchId: string): Promise<void> {
  expect(await connection.begin(matchId, PLAN, "digest")).toEqual({
    pass: 0,
    nextStep: 0,
    done: false,
    plan: PLAN,
    filesSha256: "digest",
  });
}

describe("the MongoDB target of a feed", () => {
  it("waits for a server that is not there at first", async () => {
    const port = await freePort();
    const late = new URL(database.url);
    const server = { host: "127.0.0.1", port: Number(late.port) };
    late.port = String(port);
    const early = mongoTarget({ connection: late.href });
    const attempt = (): Promise<unknown> =>
      early.prepare().catch((error: unknown) => early.classify(error, "preparing the target"));
    expect(await attempt()).toBeInstanceOf(RetryableError);
    const proxy = await countingProxy(server, port);
    expect(await attempt()).toBeUndefined();
    await early.close();
    await proxy.close();
  });

  it("moves the progress with each document, and inserts nothing where the progress is elsewhere", async () => {
    await begun("m1");
    expect(await connection.insert({ matchId: "m1", pass: 0, step: 0 }, step({ match_id: "m1" }))).toBe(true);
    expect(await connection.insert({ matchId: "m1", pass: 0, step: 0 }, step({ match_id: "m1" }))).toBe(false);
    expect(await connection.insert({ matchId: "m1", pass: 1, step: 1 }, step({ match_id: "m1" }))).toBe(false);
    expect(await connection.begin("m1", PLAN, "digest")).toMatchObject({ pass: 0, nextStep: 1 });
    expect(await documents("deliveries", "m1")).toHaveLength(1);
  });

  it("gives each kind its collection, and ids that rise with the steps", async () => {
    await begun("m2");
    const kinds = ["match", "delivery", "unreadable", "delivery"] as const;
    for (const [index, kind] of kinds.entries()) {
      const content = { kind, document: { match_id: "m2", index } };
      await connection.insert({ matchId: "m2", pass: 0, step: index }, step(content.document, { content }));
    }
    expect(await documents("matches", "m2")).toMatchObject([{ index: { value: 0 } }]);
    expect(await documents("deliveries", "m2")).toMatchObject([{ index: { value: 1 } }, { index: { value: 3 } }]);
    expect(await documents("unreadable", "m2")).toMatchObject([{ index: { value: 2 } }]);
  });

  it("finishes a match that is all in, plays it again, and starts over when its files changed", async () => {
    await begun("m3");
    await connection.insert({ matchId: "m3", pass: 0, step: 0 }, step({ match_id: "m3" }));
    expect(await connection.finish("m3", 0, 2)).toBe(false);
    expect(await target.finished(["m3", "m1"])).toEqual(new Map());
    expect(await connection.finish("m3", 0, 1)).toBe(true);
    expect(await target.finished(["m3", "m1"])).toEqual(new Map([["m3", "digest"]]));
    await target.again(["m3", "m1"], { ...PLAN, seed: 8 });
    expect(await connection.begin("m3", PLAN, "digest")).toEqual({
      pass: 1,
      nextStep: 0,
      done: false,
      plan: { ...PLAN, seed: 8 },
      filesSha256: "digest",
    });
    expect(await connection.begin("m1", PLAN, "digest")).toMatchObject({ pass: 0, nextStep: 1 });
    await connection.restart("m3", PLAN, "other");
    expect(await connection.begin("m3", PLAN, "x")).toMatchObject({ pass: 2, nextStep: 0, filesSha256: "other" });
  });

  it("keeps the order of keys, the types of numbers, and keys that are odd", async () => {
    await begun("m4");
    const text =
      '{"match_id":"m4","zeta":1,"alpha":1.5,"$set":{"a.b":0},"long":4294967296,"__proto__":{"x":true},"list":[{"b":1,"a":null}]}';
    const document = JSON.parse(text) as { match_id: string };
    expect(await connection.insert({ matchId: "m4", pass: 0, step: 0 }, step(document))).toBe(true);
    const [found] = await database.db
      .collection("deliveries")
      .find({ match_id: "m4" }, { projection: { _id: 0 } })
      .toArray();
    expect(JSON.stringify(found)).toBe(text);
    expect(await documents("deliveries", "m4")).toMatchObject([
      { zeta: { _bsontype: "Int32" }, alpha: { _bsontype: "Double" }, long: { _bsontype: "Double" } },
    ]);
  });

  it.each([
    ["a key with a NUL byte", { "a\0b": 1 }, /null bytes/u],
    ["nesting that is too deep", nested(250), /depth|nest/iu],
    ["nesting beyond any stack", nested(50_000), /depth|stack/iu],
    ["more than MongoDB takes", { filling: "x".repeat(16_500_000) }, /16\d{6} bytes, over MongoDB's limit/u],
  ])("reports %s as unreadable, and goes on", async (what, odd, problem) => {
    await begun(what);
    const document = { match_id: what, ...odd };
    const bytes = "filling" in odd ? 16_500_000 : 100;
    expect(await connection.insert({ matchId: what, pass: 0, step: 0 }, step(document, { bytes }))).toBe(true);
    expect(await connection.insert({ matchId: what, pass: 0, step: 1 }, step({ match_id: what }))).toBe(true);
    expect(await documents("deliveries", what)).toHaveLength(1);
    const [odd1, ...more] = await documents("unreadable", what);
    expect(more).toEqual([]);
    expect(odd1).toMatchObject({ file: `${what}.json`, line: { value: 3 } });
    expect(odd1?.["problem"]).toMatch(problem);
    expect(String(odd1?.["raw"]).length).toBeLessThan(100_000);
  });

  it("two feeds on one match: each step goes in once, whoever brings it", async () => {
    await begun("m5");
    const other = await target.connect();
    const play = async (feed: FeedConnection<MongoContent>): Promise<number> => {
      let inserted = 0;
      for (let index = 0; index < 40;) {
        try {
          const isIn = await feed.insert({ matchId: "m5", pass: 0, step: index }, step({ match_id: "m5" }));
          if (isIn) inserted += 1;
        } catch (error) {
          // The other one's transaction was under way.
          expect(target.classify(error, "inserting").name).toBe("RetryableError");
        }
        index = (await feed.begin("m5", PLAN, "digest")).nextStep;
      }
      return inserted;
    };
    const [mine, theirs] = await Promise.all([play(connection), play(other)]);
    expect(mine + theirs).toBe(40);
    expect(await documents("deliveries", "m5")).toHaveLength(40);
    await other.close();
  });
});

function nested(depth: number): object {
  let value: object = { end: true };
  for (let level = 0; level < depth; level += 1) value = { deeper: value };
  return value;
}
