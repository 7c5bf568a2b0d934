import { beforeEach, describe, expect, test } from "vitest";
import { FatalError, FencedError, RetryableError } from "../../../src/domain/errors.ts";
import { AbortRequiredError, IndefiniteCommitError } from "../../../src/kafka/log.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import { answerAll, openMember, openProducer, target, writes } from "./model-world.ts";

let broker: ModelBroker;
let log: ModelLog;

const brokerWith = (markerDelayMs?: number): void => {
  broker = new ModelBroker(markerDelayMs === undefined ? {} : { markerDelayMs: () => markerDelayMs });
  log = new ModelLog(broker, { clientId: "a" });
  broker.createTopic({ name: "t", partitions: 2 });
};

const committed = (): string[] => broker.readCommitted("t").map(({ value }) => value!.toString());

beforeEach(() => {
  brokerWith();
});

describe("transaction timeout", () => {
  test("aborts the transaction, lets readers on, and fences the producer (EO-8)", async () => {
    const producer = await openProducer(log, "p", 10_000);
    await producer.begin();
    await producer.write(writes("late"));
    broker.append("t", 0, "k", "behind it");
    broker.clock.advance(9_999);
    expect(committed()).toEqual([]);
    broker.clock.advance(1);
    expect(committed()).toEqual(["behind it"]);
    await expect(producer.commit()).rejects.toBeInstanceOf(FencedError);
    await expect(producer.begin()).rejects.toBeInstanceOf(FencedError);
  });

  test("counts from the first record, not from begin", async () => {
    const producer = await openProducer(log, "p", 10_000);
    await producer.begin();
    broker.clock.advance(60_000);
    await producer.write(writes("v"));
    await producer.commit();
    expect(committed()).toEqual(["v"]);
  });
});

describe("a producer that is fenced while it writes", () => {
  test("adds nothing to a transaction that has ended, whatever the interleaving (EO-8)", async () => {
    let fenced = 0;
    for (let ticks = 0; ticks < 40; ticks++) {
      brokerWith();
      const old = await openProducer(log);
      await old.begin();
      await old.write(writes("first"));
      const writing = old.write(writes("second")).catch((error: unknown) => error);
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
      await openProducer(new ModelLog(broker));
      if ((await writing) instanceof FencedError) fenced++;
      expect(broker.lastStableOffset(target)).toBe(broker.watermarks(target).high);
    }
    expect(fenced).toBeGreaterThan(0);
    expect(fenced).toBeLessThan(40);
  });
});

describe("markers that lag", () => {
  test("hide a committed record until they are there, partition by partition", async () => {
    broker = new ModelBroker({ markerDelayMs: (to) => ("topic" in to && to.partition === 0 ? Infinity : 0) });
    log = new ModelLog(broker);
    broker.createTopic({ name: "t", partitions: 2 });
    const producer = await openProducer(log);
    const batch = writes("zero");
    batch.append("t", 1, null, Buffer.from("one"));
    await producer.begin();
    await producer.write(batch);
    await producer.commit();
    expect(committed()).toEqual(["one"]);
    expect(broker.unresolvedTransactions()).toEqual(["p"]);
    broker.deliverMarkers();
    expect(committed()).toEqual(["zero", "one"]);
    expect(broker.unresolvedTransactions()).toEqual([]);
  });

  test("hold up the next transaction of the same producer", async () => {
    brokerWith(300);
    const producer = await openProducer(log);
    const startedAt = broker.clock.now();
    for (const value of ["first", "second"]) {
      await producer.begin();
      await producer.write(writes(value));
      await producer.commit();
    }
    expect(broker.clock.now() - startedAt).toBe(300);
  });

  test("complete a prepared commit when a new producer opens", async () => {
    brokerWith(300);
    const old = await openProducer(log);
    await old.begin();
    await old.write(writes("prepared"));
    await old.commit();
    log.kill();
    await openProducer(new ModelLog(broker));
    expect(committed()).toEqual(["prepared"]);
  });

  test("keep a committed offset unstable until the group has its marker", async () => {
    brokerWith(300);
    const consumer = await openMember(log, "one");
    answerAll(consumer);
    const producer = await openProducer(log);
    await producer.begin();
    await producer.sendOffsets([{ ...target, offset: 5, metadata: "m" }], consumer);
    await producer.commit();
    await expect(consumer.committed([target], 299)).rejects.toBeInstanceOf(RetryableError);
    expect(await consumer.committed([target], 300)).toEqual([{ ...target, offset: 5, metadata: "m" }]);
  });
});

describe("a commit without a definite answer", () => {
  test.each([
    ["committed", ["v"]],
    ["not committed", []],
    [{ lateByMs: 50 }, []],
  ] as const)("that was %j is settled by a new producer of the same id", async (outcome, expected) => {
    const producer = await openProducer(log);
    broker.faults.indefiniteCommit(outcome);
    await producer.begin();
    await producer.write(writes("v"));
    await expect(producer.commit()).rejects.toBeInstanceOf(IndefiniteCommitError);
    await expect(producer.begin()).rejects.toBeInstanceOf(IndefiniteCommitError);
    await producer.close();
    await openProducer(log);
    broker.clock.advance(1_000);
    expect(committed()).toEqual(expected);
    expect(broker.unresolvedTransactions()).toEqual([]);
    expect([...broker.faults.fired]).toEqual([["IndefiniteCommitError", 1]]);
  });

  test("that arrives late commits if nobody opened the id meanwhile", async () => {
    const producer = await openProducer(log);
    broker.faults.indefiniteCommit({ lateByMs: 50 });
    await producer.begin();
    await producer.write(writes("v"));
    await expect(producer.commit()).rejects.toBeInstanceOf(IndefiniteCommitError);
    broker.clock.advance(50);
    expect(committed()).toEqual(["v"]);
  });
});

describe("the producer", () => {
  test("asks for an abort after an AbortRequiredError, and then goes on", async () => {
    const producer = await openProducer(log);
    broker.faults.failNext("sendOffsets", new AbortRequiredError("scripted"));
    const consumer = await openMember(log, "one");
    await producer.begin();
    await producer.write(writes("dropped"));
    await expect(producer.sendOffsets([{ ...target, offset: 1, metadata: "" }], consumer)).rejects.toThrow("scripted");
    await expect(producer.commit()).rejects.toBeInstanceOf(AbortRequiredError);
    await producer.abort();
    await producer.begin();
    await producer.write(writes("kept"));
    await producer.commit();
    expect(committed()).toEqual(["kept"]);
  });

  test("refuses what Kafka refuses: too large a record, no key in a compacted topic, an unknown partition", async () => {
    broker.createTopic({ name: "compacted", partitions: 1, cleanup: "compact" });
    const producer = await openProducer(log);
    await producer.begin();
    const large = writes();
    large.append("t", 0, null, Buffer.alloc(2_000_000));
    const keyless = writes();
    keyless.append("compacted", 0, null, Buffer.from("v"));
    const astray = writes();
    astray.append("t", 2, null, Buffer.from("v"));
    for (const batch of [large, keyless, astray])
      await expect(producer.write(batch)).rejects.toBeInstanceOf(FatalError);
    await producer.commit();
    expect(broker.readUncommitted("t")).toEqual([]);
  });
});

describe("the log of a partition", () => {
  test("keeps the last record of each key below the last stable offset when it is compacted", async () => {
    broker.createTopic({ name: "c", partitions: 1, cleanup: "compact" });
    for (const value of ["1", "2"]) for (const key of ["a", "b"]) broker.append("c", 0, key, `${key}${value}`);
    broker.append("c", 0, "a", null);
    const producer = await openProducer(log);
    await producer.begin();
    const batch = writes();
    batch.append("c", 0, Buffer.from("b"), Buffer.from("open"));
    await producer.write(batch);
    const left = (): unknown[] => broker.readUncommitted("c").map(({ offset, value }) => [offset, value?.toString()]);
    broker.compact("c");
    expect(left()).toEqual([[3, "b2"], [4, undefined], [5, "open"]]); // prettier-ignore
    broker.compact("c", { removeTombstones: true });
    await producer.abort();
    broker.compact("c");
    expect(left()).toEqual([[3, "b2"]]);
    const reader = log.reader({ isolation: "read_committed" });
    await reader.open();
    reader.assign([{ topic: "c", partition: 0, offset: 4 }]);
    await reader.fetch(10, 100);
    expect(reader.position({ topic: "c", partition: 0 })).toBe(7);
    expect(await reader.watermarks({ topic: "c", partition: 0 }, 100)).toEqual({ low: 0, high: 7 });
  });

  test("loses its front by retention, and stops a reader that stood there", async () => {
    for (const value of ["a", "b", "c"]) broker.append("t", 0, null, value);
    broker.truncate("t", 0, 2);
    const reader = log.reader({ isolation: "read_committed" });
    await reader.open();
    expect(await reader.watermarks(target, 100)).toEqual({ low: 2, high: 3 });
    reader.assign([{ ...target, offset: 1 }]);
    await expect(reader.fetch(10, 100)).rejects.toBeInstanceOf(FatalError);
    reader.assign([{ ...target, offset: 2 }]);
    const [batch] = await reader.fetch(10, 100);
    expect(batch!.value(0)!.toString()).toBe("c");
  });
});
