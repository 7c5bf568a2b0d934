import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WriteBatch } from "../../src/kafka/log.ts";
import type { Log, LogReader, RecordBatch, TransactionalProducer } from "../../src/kafka/log.ts";
import {
  abortWritten,
  collect,
  createTopic,
  eventually,
  glance,
  openProducer,
  openReader,
  records,
  transact,
  unpack,
} from "./log-harness.ts";
import type { LogUnderTest } from "./log-harness.ts";

export function readerContract(factory: () => Promise<LogUnderTest>): void {
  describe("readers and topics", () => {
    let under: LogUnderTest;
    let log: Log;
    let topic: string;
    let producer: TransactionalProducer;
    const readers: LogReader[] = [];

    beforeEach(async () => {
      under = await factory();
      log = under.log;
      topic = await createTopic(log, under.unique("read"), 2);
      producer = await openProducer(log, under.unique("producer"));
    });

    afterEach(async () => {
      for (const reader of readers.splice(0)) await reader.close();
      await producer.close();
      await under.close();
    });

    const readFrom = async (...start: { topic: string; partition: number; offset: number }[]): Promise<LogReader> => {
      const reader = await openReader(under.secondLog(), "read_committed", start);
      readers.push(reader);
      return reader;
    };

    test("a record comes back as it was written: key, value, headers, time", async () => {
      const before = Date.now();
      const batch = new WriteBatch();
      batch.append(topic, 0, Buffer.from([0, 255]), Buffer.from("ünïcödé"), [
        ["h", Buffer.from("1")],
        ["h", Buffer.from("2")],
        ["empty", Buffer.alloc(0)],
      ]);
      batch.append(topic, 0, Buffer.from("tombstone"), null);
      batch.append(topic, 0, null, Buffer.alloc(0));
      await transact(producer, batch, "commit");
      const reader = await readFrom({ topic, partition: 0, offset: 0 });
      const found: { batch: RecordBatch; index: number }[] = [];
      await eventually("three records were read", async () => {
        for (const each of await reader.fetch(100, 100)) {
          for (let index = 0; index < each.length; index += 1) found.push({ batch: each, index });
        }
        return found.length >= 3 ? true : undefined;
      });
      const [first, second, third] = found.map(({ batch: each, index }) => ({
        key: each.key(index),
        value: each.value(index),
        headers: each.headers(index)?.map(([name, value]) => [name, value.toString()]) ?? [],
        timestamp: each.timestamp(index),
      }));
      expect(first!.key).toEqual(Buffer.from([0, 255]));
      expect(first!.value!.toString()).toBe("ünïcödé");
      expect(first!.headers).toEqual([["h", "1"], ["h", "2"], ["empty", ""]]); // prettier-ignore
      expect(first!.timestamp).toBeGreaterThan(1_600_000_000_000);
      expect(first!.timestamp).toBeLessThan(Math.max(before, Date.now()) + 366 * 86_400_000);
      expect(second!.key!.toString()).toBe("tombstone");
      expect(second!.value).toBeNull();
      expect(third!.key).toBeNull();
      expect(third!.value).toEqual(Buffer.alloc(0));
    });

    test("the writer may use its buffers again after the commit", async () => {
      const value = Buffer.from("before");
      const batch = new WriteBatch();
      batch.append(topic, 0, null, value);
      await transact(producer, batch, "commit");
      value.fill("x");
      const reader = await readFrom({ topic, partition: 0, offset: 0 });
      expect((await collect(reader, 1)).map((record) => record.value)).toEqual(["before"]);
    });

    test("reading starts at the offset given, and a new assignment replaces the old one", async () => {
      const batch = records(topic, 0, ["a", "b", "c"]);
      batch.append(topic, 1, null, Buffer.from("other"));
      await transact(producer, batch, "commit");
      const reader = await readFrom({ topic, partition: 0, offset: 1 });
      expect((await collect(reader, 2)).map(({ value, offset }) => [offset, value])).toEqual([[1, "b"], [2, "c"]]); // prettier-ignore
      reader.assign([{ topic, partition: 1, offset: 0 }]);
      expect((await collect(reader, 1)).map(({ partition, value }) => [partition, value])).toEqual([[1, "other"]]);
      expect(await glance(reader)).toEqual([]);
    });

    test("a batch holds one partition, with rising offsets, and no more records than asked for come", async () => {
      const batch = records(
        topic,
        0,
        Array.from({ length: 30 }, (_, index) => `a${index}`),
      );
      for (let index = 0; index < 30; index += 1) batch.append(topic, 1, null, Buffer.from(`b${index}`));
      await transact(producer, batch, "commit");
      const reader = await readFrom({ topic, partition: 0, offset: 0 }, { topic, partition: 1, offset: 0 });
      const found: ReturnType<typeof unpack> = [];
      await eventually("sixty records were read", async () => {
        const batches = await reader.fetch(7, 100);
        expect(unpack(batches).length).toBeLessThanOrEqual(7);
        for (const each of batches) {
          const offsets = unpack([each]).map(({ offset }) => offset);
          expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
        }
        found.push(...unpack(batches));
        return found.length >= 60 ? true : undefined;
      });
      for (const partition of [0, 1]) {
        const mine = found.filter((record) => record.partition === partition);
        expect(mine.map(({ value }) => value)).toEqual(
          Array.from({ length: 30 }, (_, index) => `${"ab"[partition]}${index}`),
        );
      }
    });

    test("the position passes markers and aborted records and comes to the high watermark", async () => {
      await transact(producer, records(topic, 0, ["kept"]), "commit");
      await abortWritten(log, producer, records(topic, 0, ["dropped", "dropped"]), 4);
      const partition = { topic, partition: 0 };
      const reader = await readFrom({ ...partition, offset: 0 });
      const values: (string | null)[] = [];
      const { high } = await reader.watermarks(partition, 5_000);
      await eventually("the position is at the high watermark", async () => {
        values.push(...unpack(await reader.fetch(100, 100)).map(({ value }) => value));
        return reader.position(partition) >= high ? true : undefined;
      });
      expect(values).toEqual(["kept"]);
      expect(reader.position(partition)).toBe(high);
      expect(high).toBe(5); // kept, marker, dropped, dropped, marker
    });

    test("watermarks of a partition nobody wrote to are 0", async () => {
      const reader = await readFrom({ topic, partition: 1, offset: 0 });
      expect(await reader.watermarks({ topic, partition: 1 }, 5_000)).toEqual({ low: 0, high: 0 });
      expect(await glance(reader)).toEqual([]);
    });

    test("closing a reader twice is harmless, and a closed one refuses to fetch", async () => {
      const reader = await readFrom({ topic, partition: 0, offset: 0 });
      await reader.close();
      await reader.close();
      await expect(reader.fetch(1, 10)).rejects.toThrow();
    });

    test("creating a topic that exists leaves it as it is; what does not exist is not described", async () => {
      const admin = log.admin();
      const name = under.unique("settings");
      await admin.createTopics([{ name, partitions: 3, cleanup: "compact", maxMessageBytes: 2_000_000 }]);
      await admin.createTopics([{ name, partitions: 1, cleanup: "delete", retentionMs: 60_000 }]);
      const plain = under.unique("plain");
      await admin.createTopics([{ name: plain, partitions: 1, cleanup: "delete", retentionMs: 60_000 }]);
      const found = await admin.describeTopics([name, plain, under.unique("missing")]);
      expect(found.size).toBe(2);
      expect(found.get(name)).toMatchObject({ name, partitions: 3, cleanup: "compact", maxMessageBytes: 2_000_000 });
      expect(found.get(plain)).toMatchObject({ name: plain, partitions: 1, cleanup: "delete", retentionMs: 60_000 });
      await admin.close();
      await admin.close();
    });

    test("a deleted topic is gone, deleting it again is harmless, and one made again has another id", async () => {
      const admin = log.admin();
      const name = await createTopic(log, under.unique("gone"), 1);
      const before = (await admin.describeTopics([name])).get(name)!.id;
      await admin.deleteTopics([name]);
      await eventually("the topic was gone", async () =>
        (await admin.describeTopics([name])).size === 0 ? true : undefined,
      );
      await admin.deleteTopics([name]);
      await createTopic(log, name, 1);
      const again = (await admin.describeTopics([name])).get(name)!.id;
      expect([before === undefined, again === undefined, before === again]).toEqual([false, false, false]);
      await admin.close();
    });
  });
}
