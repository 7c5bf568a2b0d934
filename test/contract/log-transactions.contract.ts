import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FencedError } from "../../src/domain/errors.ts";
import { WriteBatch } from "../../src/kafka/log.ts";
import type { Log, TransactionalProducer } from "../../src/kafka/log.ts";
import {
  abortWritten,
  collect,
  createTopic,
  glance,
  openProducer,
  openReader,
  readValues,
  records,
  transact,
  untilWritten,
} from "./log-harness.ts";
import type { LogUnderTest } from "./log-harness.ts";

export function transactionContract(factory: () => Promise<LogUnderTest>): void {
  describe("transactions", () => {
    let under: LogUnderTest;
    let log: Log;
    let topic: string;
    let id: string;
    const opened: TransactionalProducer[] = [];

    beforeEach(async () => {
      under = await factory();
      log = under.log;
      topic = await createTopic(log, under.unique("tx"), 2);
      id = under.unique("producer");
    });

    afterEach(async () => {
      for (const producer of opened.splice(0)) await producer.close();
      await under.close();
    });

    const producerOf = async (on: Log, transactionalId: string): Promise<TransactionalProducer> => {
      const producer = await openProducer(on, transactionalId);
      opened.push(producer);
      return producer;
    };

    test("committed records are read in the order they were written (EO-3)", async () => {
      const producer = await producerOf(log, id);
      const values = Array.from({ length: 50 }, (_, index) => `v${index}`);
      await transact(producer, records(topic, 0, values.slice(0, 20)), "commit");
      await transact(producer, records(topic, 0, values.slice(20)), "commit");
      expect(await readValues(under.secondLog(), "read_committed", { topic, partition: 0 }, 50)).toEqual(values);
    });

    test("a transaction over two partitions shows both parts after the commit", async () => {
      const producer = await producerOf(log, id);
      const batch = records(topic, 0, ["a"]);
      batch.append(topic, 1, null, Buffer.from("b"));
      await transact(producer, batch, "commit");
      expect(await readValues(log, "read_committed", { topic, partition: 0 }, 1)).toEqual(["a"]);
      expect(await readValues(log, "read_committed", { topic, partition: 1 }, 1)).toEqual(["b"]);
    });

    test("no record of an aborted transaction is read (EO-6)", async () => {
      const producer = await producerOf(log, id);
      await transact(producer, records(topic, 0, ["kept"]), "commit");
      await abortWritten(log, producer, records(topic, 0, ["dropped", "dropped too"]), 4);
      await transact(producer, records(topic, 0, ["kept too"]), "commit");
      expect(await readValues(log, "read_committed", { topic, partition: 0 }, 2)).toEqual(["kept", "kept too"]);
    });

    test("a reader that starts inside an aborted transaction sees none of it (EO-6)", async () => {
      const producer = await producerOf(log, id);
      await abortWritten(log, producer, records(topic, 0, ["a0", "a1", "a2"]), 3);
      await transact(producer, records(topic, 0, ["kept"]), "commit");
      const reader = await openReader(log, "read_committed", [{ topic, partition: 0, offset: 1 }]);
      expect((await collect(reader, 1)).map(({ value }) => value)).toEqual(["kept"]);
      await reader.close();
    });

    test("of two transactions that overlap, only the committed one is read (EO-6)", async () => {
      const first = await producerOf(log, id);
      const second = await producerOf(under.secondLog(), `${id}-other`);
      const reader = await openReader(log, "read_committed", [{ topic, partition: 0, offset: 0 }]);
      await transact(first, records(topic, 0, ["first"]), "leave open");
      await untilWritten(log, { topic, partition: 0 }, 1);
      await transact(second, records(topic, 0, ["second"]), "commit");
      await first.abort();
      expect((await collect(reader, 1)).map(({ value }) => value)).toEqual(["second"]);
      await reader.close();
    });

    test("an open transaction hides itself and what follows it, yet counts in the high watermark", async () => {
      const slow = await producerOf(log, id);
      const quick = await producerOf(under.secondLog(), `${id}-quick`);
      const partition = { topic, partition: 0 };
      const reader = await openReader(log, "read_committed", [{ ...partition, offset: 0 }]);
      await transact(slow, records(topic, 0, ["slow"]), "leave open");
      await untilWritten(log, partition, 1);
      await transact(quick, records(topic, 0, ["quick"]), "commit");
      expect(await glance(reader)).toEqual([]);
      expect(reader.position(partition)).toBe(0);
      expect((await reader.watermarks(partition, 5_000)).high).toBeGreaterThanOrEqual(2);
      expect(await readValues(log, "read_uncommitted", partition, 2)).toEqual(["slow", "quick"]);
      await slow.commit();
      expect((await collect(reader, 2)).map(({ value }) => value)).toEqual(["slow", "quick"]);
      await reader.close();
    });

    test("a new producer of the same id fences the old one and aborts what it left open", async () => {
      const old = await producerOf(log, id);
      await transact(old, records(topic, 0, ["from the old one"]), "leave open");
      await untilWritten(log, { topic, partition: 0 }, 1);
      const young = await producerOf(under.secondLog(), id);
      await expect(old.commit()).rejects.toBeInstanceOf(FencedError);
      await expect(old.begin()).rejects.toThrow();
      await transact(young, records(topic, 0, ["from the new one"]), "commit");
      expect(await readValues(log, "read_committed", { topic, partition: 0 }, 1)).toEqual(["from the new one"]);
    });

    test("producers of different ids do not fence each other", async () => {
      const one = await producerOf(log, id);
      const other = await producerOf(under.secondLog(), `${id}-other`);
      await transact(one, records(topic, 0, ["one"]), "commit");
      await transact(other, records(topic, 1, ["other"]), "commit");
      await transact(one, records(topic, 0, ["one again"]), "commit");
      expect(await readValues(log, "read_committed", { topic, partition: 0 }, 2)).toEqual(["one", "one again"]);
    });

    test("an aborted producer goes on with its next transaction", async () => {
      const producer = await producerOf(log, id);
      for (let round = 0; round < 5; round += 1) {
        await transact(producer, records(topic, 0, [`no ${round}`]), "abort");
        await transact(producer, records(topic, 0, [`yes ${round}`]), "commit");
      }
      expect(await readValues(log, "read_committed", { topic, partition: 0 }, 5)).toEqual([
        "yes 0",
        "yes 1",
        "yes 2",
        "yes 3",
        "yes 4",
      ]);
    });

    test("an empty transaction commits and leaves nothing", async () => {
      const producer = await producerOf(log, id);
      await producer.begin();
      await producer.write(new WriteBatch());
      await producer.commit();
      await transact(producer, records(topic, 0, ["after"]), "commit");
      const reader = await openReader(log, "read_committed", [{ topic, partition: 0, offset: 0 }]);
      expect(await collect(reader, 1)).toEqual([{ partition: 0, offset: 0, key: "k", value: "after" }]);
      await reader.close();
    });

    test("nothing can be written before a transaction begins", async () => {
      const producer = await producerOf(log, id);
      await expect(
        (async () => {
          await producer.write(records(topic, 0, ["stray"]));
          await producer.commit();
        })(),
      ).rejects.toThrow();
      const young = await producerOf(under.secondLog(), id);
      await transact(young, records(topic, 0, ["proper"]), "commit");
      expect(await readValues(log, "read_committed", { topic, partition: 0 }, 1)).toEqual(["proper"]);
    });

    test("closing a producer twice is harmless, and a closed one refuses to begin", async () => {
      const producer = await openProducer(log, id);
      await transact(producer, records(topic, 0, ["v"]), "commit");
      await producer.close();
      await producer.close();
      await expect(producer.begin()).rejects.toThrow();
    });

    test("closing a producer in a transaction abandons it", async () => {
      const producer = await openProducer(log, id);
      await transact(producer, records(topic, 0, ["abandoned"]), "leave open");
      await untilWritten(log, { topic, partition: 0 }, 1);
      await producer.close();
      const next = await producerOf(under.secondLog(), id);
      await transact(next, records(topic, 0, ["kept"]), "commit");
      expect(await readValues(log, "read_committed", { topic, partition: 0 }, 1)).toEqual(["kept"]);
    });
  });
}
