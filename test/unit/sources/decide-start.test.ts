import { describe, expect, test } from "vitest";
import { decideStart, type StartFacts } from "../../../src/sources/postgres/decide-start.ts";
import { encodeStoredPosition, parseStoredPosition, type StoredPosition } from "../../../src/sources/kit/index.ts";
import { POSTGRES_POSITION, type PostgresPosition } from "../../../src/sources/postgres/position.ts";
import { FatalError } from "../../../src/domain/errors.ts";

const published = { publication: "16500.740", tables: "match_info=16390/16501.741 deliveries=16400/16502.741" };
const stored: StoredPosition<PostgresPosition> = {
  epoch: 3,
  events: 42,
  position: { phase: "stream", lsn: 500n, slot: "odi", systemId: "7001", timeline: 1, published },
};
const copying: StoredPosition<PostgresPosition> = { ...stored, position: { ...stored.position, phase: "snapshot" } };
const facts: StartFacts = {
  stored,
  slotName: "odi",
  publicationName: "odi",
  schema: "odi",
  published,
  database: "cricket",
  systemId: "7001",
  timeline: 1,
  flushedTo: 900n,
  slot: { plugin: "pgoutput", database: "cricket", confirmedFlush: 500n, walStatus: "reserved" },
};
const slot = facts.slot as NonNullable<StartFacts["slot"]>;

describe("going on", () => {
  test("at the stored position, also when the slot stands before it: that only repeats", () => {
    expect(decideStart(facts)).toEqual({ kind: "resume", from: stored });
    expect(decideStart({ ...facts, slot: { ...slot, confirmedFlush: 100n } })).toEqual({
      kind: "resume",
      from: stored,
    });
    expect(decideStart({ ...facts, flushedTo: 500n })).toEqual({ kind: "resume", from: stored });
  });

  test("the first start takes a snapshot and knows no gap, with or without a slot that was left over", () => {
    expect(decideStart({ ...facts, stored: null, slot: null })).toEqual({
      kind: "snapshot",
      epoch: 1,
      gap: null,
    });
    expect(decideStart({ ...facts, stored: null })).toEqual({ kind: "snapshot", epoch: 1, gap: null });
  });

  test("a crash within the snapshot starts it over in the same epoch", () => {
    const half = { ...facts, stored: copying };
    expect(decideStart(half)).toEqual({ kind: "snapshot", epoch: 3, gap: null });
    expect(decideStart({ ...half, slot: null })).toEqual({ kind: "snapshot", epoch: 3, gap: null });
  });
});

describe("EO-13: continuity that cannot be proved is a new epoch with a reason", () => {
  test.each<[string, Partial<StartFacts>, RegExp]>([
    ["the slot is gone", { slot: null }, /slot odi is gone/u],
    ["the slot lost its log", { slot: { ...slot, walStatus: "lost" } }, /lost its log/u],
    ["the slot was acknowledged by somebody else", { slot: { ...slot, confirmedFlush: 501n } }, /beyond our position/u],
    ["the slot stands nowhere", { slot: { ...slot, confirmedFlush: null } }, /nowhere/u],
    ["another cluster", { systemId: "7002" }, /another database cluster/u],
    ["another timeline", { timeline: 2 }, /promoted or restored/u],
    ["a log that ends before our position", { flushedTo: 499n }, /restored from a backup/u],
    ["another slot name", { slotName: "odi2" }, /slot odi2 instead of odi/u],
    ["another publication", { published: { ...published, publication: "16600.750" } }, /dropped and made anew/u],
    ["a publication that was changed", { published: { ...published, publication: "16500.750" } }, /odi was changed/u],
    [
      "another table",
      { published: { ...published, tables: published.tables.replace("16400", "16700") } },
      /table odi\.deliveries is another one than before/u,
    ],
    [
      "a table that was taken out and put back",
      { published: { ...published, tables: published.tables.replace("16501.741", "16900.760") } },
      /table odi\.match_info was taken out of publication odi/u,
    ],
  ])("%s", (_, change, reason) => {
    const decision = decideStart({ ...facts, ...change });
    expect(decision).toMatchObject({ kind: "snapshot", epoch: 4 });
    expect(decision.kind === "snapshot" && decision.gap).toMatch(reason);
  });

  test("another cluster is a gap also while a snapshot was under way", () => {
    const decision = decideStart({ ...facts, stored: copying, systemId: "7002" });
    expect(decision).toMatchObject({ kind: "snapshot", epoch: 4 });
  });
});

test("a slot that belongs to something else is left alone", () => {
  expect(decideStart({ ...facts, slot: { ...slot, plugin: "wal2json" } })).toMatchObject({ kind: "refuse" });
  expect(decideStart({ ...facts, slot: { ...slot, database: "shop" } })).toMatchObject({ kind: "refuse" });
});

describe("the stored position", () => {
  test("is read as it was written", () => {
    const value = encodeStoredPosition("odi", stored, POSTGRES_POSITION);
    expect(parseStoredPosition("odi", value, POSTGRES_POSITION)).toEqual(stored);
  });

  test("of an earlier version does not know what was published: it goes on", () => {
    const value = Buffer.from(
      '{"sourceId":"odi","epoch":3,"position":{"phase":"stream","lsn":"0/1F4","slot":"odi","systemId":"7001","timeline":1},"events":42}',
    );
    const old = parseStoredPosition("odi", value, POSTGRES_POSITION);
    expect(old.position).toEqual({ phase: "stream", lsn: 500n, slot: "odi", systemId: "7001", timeline: 1 });
    expect(decideStart({ ...facts, stored: old })).toEqual({ kind: "resume", from: old });
  });

  test("is never guessed: what cannot be read ends the source, with a remedy", () => {
    for (const value of [
      "",
      "{}",
      "null",
      '{"epoch":1,"events":1,"position":null}',
      '{"epoch":1,"events":1,"position":{"phase":"stream","lsn":7}}',
    ]) {
      expect(() => parseStoredPosition("odi", Buffer.from(value), POSTGRES_POSITION)).toThrow(FatalError);
    }
  });
});
