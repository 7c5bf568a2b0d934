import { BSON, Decimal128, Double, Long, ObjectId } from "mongodb";
import { describe, expect, it } from "vitest";
import { decideStart, type StartFacts } from "../../../src/sources/mongo/decide-start.ts";
import { positionCodec, type MongoPosition, tokenTime, tokenTimeText } from "../../../src/sources/mongo/position.ts";
import { relaxedJson } from "../../../src/sources/mongo/relaxed-json.ts";

/** As a real server gives it: 21 November 2026 06:01:11 UTC, third entry of that second. */
const TOKEN = "826B0138B7000000032B0229296E04";
const SECONDS = 0x6b0138b7;

const POSITION: MongoPosition = {
  phase: "stream",
  token: TOKEN,
  database: "cricket",
  replicaSet: "rs0",
  collections: "matches=a1 deliveries=b2 unreadable=c3",
};

function facts(change: Partial<StartFacts> = {}, position: Partial<MongoPosition> = {}): StartFacts {
  return {
    stored: { epoch: 4, events: 10, position: { ...POSITION, ...position } },
    database: POSITION.database,
    replicaSet: POSITION.replicaSet,
    collections: POSITION.collections,
    logEnd: { seconds: SECONDS, increment: 3 },
    distrust: null,
    ...change,
  };
}

describe("how a MongoDB source goes on", () => {
  it("begins with a snapshot and no gap when there was nothing before", () => {
    expect(decideStart(facts({ stored: null }))).toEqual({ kind: "snapshot", epoch: 1, gap: null });
  });

  it("resumes where it stood", () => {
    expect(decideStart(facts())).toMatchObject({ kind: "resume", from: { epoch: 4, events: 10 } });
  });

  it("starts an interrupted snapshot over, in the same epoch, also when nothing was written since", () => {
    const snapshot = { phase: "snapshot" } as const;
    const logEnd = { seconds: SECONDS, increment: 2 };
    expect(decideStart(facts({ logEnd }, snapshot))).toEqual({ kind: "snapshot", epoch: 4, gap: null });
  });

  it.each<[string, Partial<StartFacts>, RegExp]>([
    ["another database", { database: "other" }, /database other instead of cricket/u],
    ["another replica set", { replicaSet: "rs1" }, /replica set rs1 instead of rs0/u],
    [
      "a collection made anew",
      { collections: "matches=a1 deliveries=zz unreadable=c3" },
      /collections.*: deliveries /u,
    ],
    ["a log that ends before us", { logEnd: { seconds: SECONDS, increment: 1 } }, /restored from a backup/u],
    [
      "a log that ends seconds before us",
      { logEnd: { seconds: SECONDS - 9, increment: 99 } },
      /restored from a backup/u,
    ],
    ["what the last session found", { distrust: "the oplog is too short" }, /^the oplog is too short$/u],
  ])("EO-13: %s is a new epoch", (_, change, reason) => {
    const decision = decideStart(facts(change));
    expect(decision).toMatchObject({ kind: "snapshot", epoch: 5 });
    expect(decision).toHaveProperty("gap", expect.stringMatching(reason));
  });

  it("compares no logs behind a router", () => {
    expect(decideStart(facts({ logEnd: null }))).toMatchObject({ kind: "resume" });
  });
});

describe("a position in a change stream", () => {
  it("is written down and read again", () => {
    expect(positionCodec.parse(positionCodec.describe(POSITION))).toEqual(POSITION);
    expect(() => positionCodec.parse({ phase: "stream", token: TOKEN })).toThrow(TypeError);
    expect(() => positionCodec.parse({ ...POSITION, phase: "other" })).toThrow(TypeError);
  });

  it("says when it stands, where the form of the token is known", () => {
    expect(tokenTime(TOKEN)).toEqual({ seconds: SECONDS, increment: 3 });
    expect(tokenTimeText(TOKEN)).toMatch(/^2026-11-\d\dT[\d:]+Z\/3$/u);
    expect(tokenTime("91ff")).toBeNull();
    expect(tokenTimeText("91ff")).toBe("91ff");
  });
});

describe("relaxed Extended JSON", () => {
  it("is plain JSON for what JSON knows, keys in their order", () => {
    const document = { z: 1, a: { "b.c": [null, true, "é"] }, $d: 1.5 };
    expect(relaxedJson(document)).toBe('{"z":1,"a":{"b.c":[null,true,"é"]},"$d":1.5}');
  });

  it("says the type of everything else, and rounds no number", () => {
    const bytes = BSON.serialize({
      id: new ObjectId("0123456789abcdef01234567"),
      at: new Date(0),
      money: Decimal128.fromString("1.10"),
      large: Long.fromString("9007199254740993"),
      small: Long.fromNumber(7),
      never: new Double(Number.NaN),
      nested: [{ ["__proto__"]: new Date(1) }],
    });
    expect(JSON.parse(relaxedJson(BSON.deserialize(bytes)))).toEqual(
      JSON.parse(
        '{"id":{"$oid":"0123456789abcdef01234567"},"at":{"$date":"1970-01-01T00:00:00Z"},"money":{"$numberDecimal":"1.10"},' +
          '"large":{"$numberLong":"9007199254740993"},"small":7,"never":{"$numberDouble":"NaN"},' +
          '"nested":[{"__proto__":{"$date":"1970-01-01T00:00:00.001Z"}}]}',
      ),
    );
  });
});
