import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RetryableError } from "../../../src/domain/errors.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import type { Log } from "../../../src/kafka/log.ts";
import { IndefiniteCommitError, WriteBatch } from "../../../src/kafka/log.ts";
import {
  Member,
  createTopic,
  eventually,
  nextOffset,
  openProducer,
  readValues,
  records,
  transact,
} from "../../contract/log-harness.ts";
import { startTestStack } from "../../support/stack.ts";
import type { TestStack } from "../../support/stack.ts";
import { unique } from "./harness.ts";

/** A broker of its own: these tests stop it. */
let stack: TestStack;
let log: Log;

beforeAll(async () => {
  stack = await startTestStack({ postgres: false });
  log = confluentLog({ brokers: stack.brokers, clientId: "broker-gone" });
});

afterAll(async () => {
  stack.supervisor.kill("kafka", "SIGCONT");
  await stack.stop();
});

/** The broker neither answers nor closes its connections: the case in which nobody knows what it did. */
async function whileFrozen<T>(during: () => Promise<T>): Promise<T> {
  stack.supervisor.kill("kafka", "SIGSTOP");
  try {
    return await during();
  } finally {
    stack.supervisor.kill("kafka", "SIGCONT");
  }
}

test("a commit the broker does not answer is indefinite; a new producer of the same id makes it definite", async () => {
  const topic = await createTopic(log, unique("gone"), 1);
  const partition = { topic, partition: 0 };
  const groupId = unique("gone");
  const member = new Member(log, { groupId, instanceId: "one", topics: [topic], sessionTimeoutMs: 30_000 });
  await member.join(1);
  const transactionalId = unique("gone");
  const producer = log.producer({ transactionalId, transactionTimeoutMs: 3_000 });
  await producer.open();
  await transact(producer, records(topic, 0, ["before"]), "commit");
  await producer.begin();
  await producer.write(records(topic, 0, ["unknown"]));
  await producer.sendOffsets([nextOffset(partition, 1, "unknown")], member.consumer);
  const startedAt = performance.now();
  await whileFrozen(async () => {
    await expect(producer.commit()).rejects.toBeInstanceOf(IndefiniteCommitError);
  });
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await expect(producer.begin()).rejects.toBeInstanceOf(IndefiniteCommitError); // dead from now on
  await producer.close();

  const next = await eventually("a new producer is open", async () => {
    try {
      return await openProducer(log, transactionalId);
    } catch (error) {
      if (error instanceof RetryableError) return undefined;
      throw error;
    }
  });
  await transact(next, records(topic, 0, ["after"]), "commit");
  const [offset] = await member.consumer.committed([partition], 20_000);
  // Whichever it was: the record and the offset share one fate.
  const expected = offset === undefined ? ["before", "after"] : ["before", "unknown", "after"];
  expect(await readValues(log, "read_committed", partition, expected.length)).toEqual(expected);
  await next.close();
  await member.consumer.close();
});

test("a write that fills the local queue waits for room without blocking, and loses nothing", async () => {
  const topic = await createTopic(log, unique("gone"), 1);
  const partition = { topic, partition: 0 };
  const producer = await openProducer(log, unique("gone"));
  const count = 250_000; // the queue holds 200,000
  const batch = new WriteBatch();
  const value = Buffer.alloc(20, 1);
  for (let index = 0; index < count; index++) batch.append(topic, 0, null, value);
  await producer.begin();
  let written = false;
  const writing = await whileFrozen(async () => {
    const write = producer.write(batch).then(() => {
      written = true;
    });
    await sleep(1_500); // the event loop goes on meanwhile, or this would not end
    expect(written).toBe(false);
    return { write };
  });
  await writing.write;
  await producer.commit();
  const reader = log.reader({ isolation: "read_committed" });
  await reader.open();
  // The offsets count the records, and one commit marker.
  expect(await reader.watermarks(partition, 5_000)).toEqual({ low: 0, high: count + 1 });
  await reader.close();
  await producer.close();
});

test("while the broker is away a fetch says so, naming the address; afterwards it goes on without a restart", async () => {
  const topic = await createTopic(log, unique("gone"), 1);
  const member = new Member(log, {
    groupId: unique("gone"),
    instanceId: "one",
    topics: [topic],
    sessionTimeoutMs: 30_000,
  });
  await member.join(1);
  stack.supervisor.kill("kafka", "SIGKILL"); // the supervisor starts it again
  const said = await eventually("the consumer tells that the broker is away", async () => {
    try {
      await member.turn();
      return undefined;
    } catch (error) {
      return error as Error;
    }
  });
  expect(said).toBeInstanceOf(RetryableError);
  expect(said.message).toContain(stack.brokers);
  const producer = await eventually("a producer is open", async () => {
    try {
      return await openProducer(log, unique("gone"));
    } catch (error) {
      if (error instanceof RetryableError) return undefined;
      throw error;
    }
  });
  await transact(producer, records(topic, 0, ["back"]), "commit");
  await eventually("the record arrives", async () => {
    try {
      await member.turn();
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
    }
    return member.records.length > 0 ? true : undefined;
  });
  expect(member.records.map(({ value }) => value)).toEqual(["back"]);
  await producer.close();
  await member.consumer.close();
});
