import { afterEach, beforeEach, expect, test } from "vitest";
import { setImmediate } from "node:timers/promises";
import { FatalError } from "../../../src/domain/errors.ts";
import type { Log, TransactionalProducer } from "../../../src/kafka/log.ts";
import { AbortRequiredError, IndefiniteCommitError, WriteBatch } from "../../../src/kafka/log.ts";
import { createTopic, openProducer, openReader, readValues, records, transact } from "../../contract/log-harness.ts";
import { openLog, unique } from "./harness.ts";

let log: Log;
let topic: string;
const opened: TransactionalProducer[] = [];

beforeEach(async () => {
  log = openLog();
  topic = await createTopic(log, unique("producer"), 2);
});

afterEach(async () => {
  for (const producer of opened.splice(0)) await producer.close();
  const admin = log.admin();
  await admin.deleteTopics([topic]);
  await admin.close();
});

async function open(maxMessageBytes?: number): Promise<TransactionalProducer> {
  const producer = log.producer({
    transactionalId: unique("producer"),
    transactionTimeoutMs: 30_000,
    ...(maxMessageBytes === undefined ? {} : { maxMessageBytes }),
  });
  opened.push(producer);
  await producer.open();
  return producer;
}

test("a record of 10 MB goes through, unchanged", async () => {
  const large = unique("large");
  const admin = log.admin();
  await admin.createTopics([{ name: large, partitions: 1, cleanup: "delete", maxMessageBytes: 20 * 1024 * 1024 }]);
  const producer = await open(20 * 1024 * 1024);
  const value = Buffer.alloc(10 * 1024 * 1024);
  for (let index = 0; index < value.length; index += 4) value.writeUInt32LE((index * 2_654_435_761) >>> 0, index);
  const batch = new WriteBatch();
  batch.append(large, 0, Buffer.from("before"), null);
  batch.append(large, 0, Buffer.from("large"), value);
  batch.append(large, 0, Buffer.from("after"), null);
  await transact(producer, batch, "commit");
  const reader = await openReader(log, "read_committed", [{ topic: large, partition: 0, offset: 0 }]);
  const found: (Buffer | null)[] = [];
  while (found.length < 3) {
    for (const each of await reader.fetch(10, 500)) {
      for (let index = 0; index < each.length; index++) found.push(each.value(index));
    }
  }
  expect(found[0]).toBeNull();
  expect(found[1]!.equals(value)).toBe(true);
  expect(found[2]).toBeNull();
  await reader.close();
  await admin.deleteTopics([large]);
  await admin.close();
});

test("a record larger than the producer allows is a fatal error with a remedy", async () => {
  const producer = await open(10_000);
  await producer.begin();
  const batch = new WriteBatch();
  batch.append(topic, 0, null, Buffer.alloc(20_000, 1));
  const failure = await producer.write(batch).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(FatalError);
  expect((failure as FatalError).remedy).toContain("max.message.bytes");
});

test("a record larger than the topic allows is a fatal error, not an endless retry", async () => {
  const small = unique("small");
  const admin = log.admin();
  await admin.createTopics([{ name: small, partitions: 1, cleanup: "delete", maxMessageBytes: 1_000 }]);
  const producer = await open();
  await producer.begin();
  const batch = new WriteBatch();
  for (let index = 0; index < 5_000; index++)
    batch.append(small, 0, null, Buffer.from(String(Math.sin(index)).repeat(200)));
  // The refusal comes while records are still being written, or with the commit.
  const failure = await (async () => {
    await producer.write(batch);
    await producer.commit();
  })().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(FatalError);
  expect((failure as FatalError).remedy).toContain("max.message.bytes");
  await admin.deleteTopics([small]);
  await admin.close();
});

test("a record for a partition the topic does not have is a fatal error", async () => {
  const producer = await open();
  await transact(producer, records(topic, 0, ["known topic"]), "commit");
  await producer.begin();
  const failure = await (async () => {
    await producer.write(records(topic, 7, ["nowhere"]));
    await producer.commit();
  })().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(FatalError);
});

test("a compacted topic refuses records without a key: the transaction aborts, and work goes on", async () => {
  const compacted = unique("compacted");
  const admin = log.admin();
  await admin.createTopics([{ name: compacted, partitions: 1, cleanup: "compact" }]);
  const id = unique("producer");
  const producer = await openProducer(log, id);
  opened.push(producer);
  await producer.begin();
  const batch = new WriteBatch();
  batch.append(compacted, 0, null, Buffer.from("no key"));
  await producer.write(batch);
  await expect(producer.commit()).rejects.toBeInstanceOf(AbortRequiredError);
  await producer.abort();
  // The client may have lost count of its sequence numbers by now; then it says so, and a new producer goes on.
  const outcome = await transact(producer, records(compacted, 0, ["with key"]), "commit").catch(
    (error: unknown) => error,
  );
  if (outcome !== undefined) {
    expect(outcome).toBeInstanceOf(IndefiniteCommitError);
    const next = await openProducer(log, id);
    opened.push(next);
    await transact(next, records(compacted, 0, ["with key"]), "commit");
  }
  expect(await readValues(log, "read_committed", { topic: compacted, partition: 0 }, 1)).toEqual(["with key"]);
  await admin.deleteTopics([compacted]);
  await admin.close();
});

test("a transaction that failed in the background refuses further writes until it is aborted", async () => {
  const compacted = unique("compacted");
  const admin = log.admin();
  await admin.createTopics([{ name: compacted, partitions: 1, cleanup: "compact" }]);
  const producer = await open();
  await producer.begin();
  const batch = new WriteBatch();
  batch.append(compacted, 0, null, Buffer.from("no key"));
  const failure = await (async () => {
    for (;;) {
      await producer.write(batch);
      await setImmediate();
    }
  })().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(AbortRequiredError);
  await producer.abort();
  await admin.deleteTopics([compacted]);
  await admin.close();
});
