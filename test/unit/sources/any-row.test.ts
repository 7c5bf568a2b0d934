import { Binary, ObjectId } from "mongodb";
import { describe, expect, test } from "vitest";
import { WriteBatch } from "../../../src/kafka/log.ts";
import { cloudEventHeaders, orUnreadable, statedTime } from "../../../src/sources/kit/index.ts";
import { ObjectWriter } from "../../../src/sources/lambda/events.ts";
import { DocumentWriter } from "../../../src/sources/mongo/events.ts";
import { T20I_DOCUMENTS } from "../../../src/pipelines/cricket/sources/t20i.ts";
import { TEST_OBJECTS } from "../../../src/pipelines/cricket/sources/test.ts";

const NOW = Date.UTC(2026, 0, 2);

test.each([
  ["infinity", Number.NaN],
  ["the year 10,000", Date.UTC(10_000, 0, 1)],
  ["tomorrow", NOW + 86_400_000],
  ["before 1970", Date.UTC(1815, 5, 18)],
])("a time that nobody can have written the row at is the time at which it was read: %s", (_, stated) => {
  expect(statedTime(stated, NOW)).toBe(NOW);
});

test("a time that somebody can have written the row at stays", () => {
  for (const stated of [0, NOW - 1, NOW]) expect(statedTime(stated, NOW)).toBe(stated);
});

test("what throws becomes what the reason is made of", () => {
  const made = orUnreadable(
    () => BigInt("no number").toString(),
    (problem) => problem,
  );
  expect(made).toMatch(/^no event can be made of it: /u);
  expect(orUnreadable(() => "fine", String)).toBe("fine");
});

test("a name of any length fits a header, and the same row keeps the same name", () => {
  const event = { source: "s", type: "t", subject: "", timeMs: 0, contentType: "c" };
  const rowIdOf = (rowId: string): string =>
    cloudEventHeaders({ ...event, id: rowId, rowId })
      .find(([name]) => name === "ce_rowid")?.[1]
      .toString() ?? "";
  const long = "ü".repeat(50_000);
  expect(rowIdOf("deliveries/17")).toBe("deliveries/17");
  expect(rowIdOf(long)).toBe(rowIdOf(long));
  expect(Buffer.byteLength(rowIdOf(long))).toBeLessThan(400);
  expect(rowIdOf(long)).not.toBe(rowIdOf(`${long}1`));
});

describe("a document or an object of which no event can be made is unreadable, with the reason", () => {
  const written = (append: (batch: WriteBatch) => void): Record<string, unknown> => {
    const batch = new WriteBatch();
    append(batch);
    return JSON.parse(batch.values[0]?.toString() ?? "") as Record<string, unknown>;
  };

  test("MongoDB: a vector that the driver does not write out", () => {
    const events = new DocumentWriter(T20I_DOCUMENTS, { rawTopic: "raw", partitions: 1, sourceId: "t20i" });
    const vector = new Binary(Buffer.from([0x27, 3, 1]), Binary.SUBTYPE_VECTOR);
    const document = { _id: new ObjectId(), match_id: "m1", delivery: { vector } };
    expect(written((batch) => events.append(batch, "deliveries", document, { id: "1", timeMs: 0 }))).toMatchObject({
      match_id: "m1",
      problem: expect.stringMatching(/^no event can be made of it: Invalid Vector/u) as string,
    });
  });

  test("MongoDB: an id that the driver does not write out", () => {
    const events = new DocumentWriter(T20I_DOCUMENTS, { rawTopic: "raw", partitions: 1, sourceId: "t20i" });
    const _id = new Binary(Buffer.from([0x27, 3, 1]), Binary.SUBTYPE_VECTOR);
    const document = { _id, match_id: "m1", delivery: { n: 1 } };
    expect(written((batch) => events.append(batch, "deliveries", document, { id: "1", timeMs: 0 }))).toMatchObject({
      match_id: "m1",
    });
  });

  test("Lambda: the name of its match is no key, its time is none", () => {
    const item = {
      seq: 1,
      key: `${"k".repeat(5000)}/1`,
      etag: "",
      at: "infinity",
      contentType: "",
      size: 1,
      body: "a: 1",
    };
    const objects = new ObjectWriter(TEST_OBJECTS, { sourceId: "test", rawTopic: "raw", partitions: 1 }, () => NOW);
    expect(written((batch) => objects.append(batch, item, "store", null))).toMatchObject({
      match_id: "",
      problem: "match_id is 5000 bytes, over the limit of 1024",
    });
  });
});
