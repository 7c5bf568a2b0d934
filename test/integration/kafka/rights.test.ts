import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as pathOf } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { topology } from "../../../docs/examples/orders.ts";
import { FatalError } from "../../../src/domain/errors.ts";
import { confluentLog, wireReadingLog } from "../../../src/kafka/confluent/index.ts";
import { type Log, type LogAdmin, WriteBatch } from "../../../src/kafka/log.ts";
import { runProcessor } from "../../../src/processor/index.ts";
import { MemoryStore, runMemorySource } from "../../../src/sources/memory/index.ts";
import { type GuardedKafka, startGuardedKafka } from "../../support/guarded-kafka.ts";
import { remedyWorks } from "../../support/remedies/works.ts";
import { unique } from "./harness.ts";

/* A broker that allows nothing by itself: what is refused for want of a right works when that right, and no other, is given. */

let kafka: GuardedKafka;
let log: Log;
let admin: LogAdmin;
beforeAll(async () => {
  kafka = await startGuardedKafka();
  log = confluentLog({ brokers: kafka.brokers, clientId: "rights" });
  admin = log.admin();
});
afterAll(async () => {
  await admin.close();
  await kafka.stop();
});

const create = (name: string): Promise<void> => admin.createTopics([{ name, partitions: 1, cleanup: "delete" }]);

async function write(topic: string, transactionalId: string, ...values: readonly string[]): Promise<void> {
  const producer = log.producer({ transactionalId, transactionTimeoutMs: 10_000 });
  try {
    await producer.open();
    await producer.begin();
    const batch = new WriteBatch();
    for (const value of values) batch.append(topic, 0, Buffer.from("1"), Buffer.from(value));
    await producer.write(batch);
    await producer.commit();
  } finally {
    await producer.close();
  }
}

/** The first record of a topic. */
async function read(from: Log, topic: string): Promise<string> {
  const reader = from.reader({ isolation: "read_committed" });
  try {
    await reader.open();
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    for (;;) {
      const [batch] = await reader.fetch(1, 500);
      if (batch !== undefined) return batch.value(0)!.toString();
    }
  } finally {
    await reader.close();
  }
}

/** The first record that a group is given. */
async function join(groupId: string, topic: string): Promise<string> {
  const consumer = log.consumer({ groupId, instanceId: "one", topics: [topic], sessionTimeoutMs: 6_000 });
  try {
    await consumer.open();
    for (;;) {
      const [batch] = await consumer.fetch(1, 500);
      if (batch !== undefined) return batch.value(0)!.toString();
      const waiting = consumer.pendingRebalance();
      if (waiting === undefined) continue;
      await consumer.committed(waiting.partitions, 5_000);
      consumer.answerRebalance(waiting.partitions.map((partition) => ({ ...partition, offset: 0 })));
    }
  } finally {
    await consumer.close();
  }
}

describe("who lacks the right on", () => {
  test("a topic is told so by everything that touches it, and given it does everything", async () => {
    const topic = unique("rights");
    const id = unique("producer");
    await kafka.grant(["Write"], { "transactional-id": id });
    const uses: Readonly<Record<string, () => Promise<unknown>>> = {
      create: () => create(topic),
      describe: () => admin.describeTopics([topic]),
      write: () => write(topic, id, "a record"),
      read: () => read(log, topic),
      wire: () => read(wireReadingLog({ brokers: kafka.brokers, clientId: "rights" }), topic),
      delete: () => admin.deleteTopics([topic]),
    };
    const attempt = async (): Promise<void> => {
      for (const use of Object.values(uses)) await use();
    };
    const all = "Describe, DescribeConfigs and Read, to write it Write, to make it Create, to remove it Delete";
    // The producer looks for the topic before it writes: that it is there is known by whoever described it.
    await kafka.grant(["Create", "Describe"], { topic });
    await create(topic);
    for (const [name, use] of Object.entries(uses)) {
      if (name === "create") continue;
      const refusal: unknown = await use().catch((error: unknown) => error);
      expect(refusal, name).toBeInstanceOf(FatalError);
      expect(refusal, name).toMatchObject({
        message: expect.stringContaining(topic) as string,
        remedy: expect.stringContaining(all) as string,
      });
    }
    const grant = (): Promise<void> => kafka.grant(["DescribeConfigs", "Read", "Write", "Delete"], { topic });
    await remedyWorks("kafka/topic-right", { attempt, does: { [all]: grant } });
  });

  test("a topic that it may not even know cannot be told from one that is not there", async () => {
    const topic = unique("rights");
    await kafka.grant(["Create", "Describe"], { topic });
    await create(topic);
    let name = unique("rights");
    const attempt = async (): Promise<unknown> => {
      // Started again: a client remembers for a while what it was refused.
      const reader = confluentLog({ brokers: kafka.brokers, clientId: "again" }).reader({
        isolation: "read_committed",
      });
      try {
        return await reader.watermarks({ topic: name, partition: 0 }, 10_000);
      } finally {
        await reader.close();
      }
    };
    const known = (): void => void (name = topic);
    const named = { "name a partition that the topic has": known };
    expect(await remedyWorks("kafka/no-partition-to-read", { attempt, does: named })).toEqual({ low: 0, high: 0 });
    name = unique("rights");
    await kafka.grant(["Create"], { topic: name });
    await create(name).catch(() => undefined); // It is made, and then it may not be looked at.
    const right = {
      "give this user the right Describe on the topic": () => kafka.grant(["Describe"], { topic: name }),
    };
    expect(await remedyWorks("kafka/no-partition-to-read", { attempt, does: right })).toEqual({ low: 0, high: 0 });
  });

  test("a consumer group is told so by whoever joins it, describes it and commits for it", async () => {
    const topic = unique("rights");
    const groupId = unique("group");
    const id = unique("producer");
    await kafka.grant(["Create", "Describe", "Read", "Write"], { topic });
    await kafka.grant(["Write"], { "transactional-id": id });
    await create(topic);
    await write(topic, id, "a record");
    const acknowledge = (): Promise<void> =>
      admin.acknowledge(groupId, [{ topic, partition: 0, offset: 1, metadata: "" }]);
    for (const use of [
      acknowledge,
      () => admin.groupMembers(groupId),
      () => admin.groupOffsets(groupId, [{ topic, partition: 0 }]),
    ])
      await expect(use()).rejects.toMatchObject({
        message: expect.stringContaining(groupId) as string,
        reaction: "exit",
      });
    const read = (): Promise<void> => kafka.grant(["Read"], { group: groupId });
    const attempt = (): Promise<string> => join(groupId, topic);
    const does = { "give this user the right Read on the consumer group": read };
    expect(await remedyWorks("kafka/group-right", { attempt, does })).toBe("a record");
    await admin.groupMembers(groupId);
  });

  test("a transactional id opens no producer with it", async () => {
    const topic = unique("rights");
    const id = unique("producer");
    await kafka.grant(["Create", "Describe", "Write"], { topic });
    await create(topic);
    await remedyWorks("kafka/transactional-id-right", {
      attempt: () => write(topic, id, "a record"),
      does: {
        "give this user the right Write on the transactional id": () =>
          kafka.grant(["Write"], { "transactional-id": id }),
      },
    });
  });
});

test("the rights that the manual names are enough for a processor", async () => {
  const stateDir = mkdtempSync(pathOf(tmpdir(), "third-umpire-rights-"));
  const prefix = { prefixed: true };
  await kafka.grant(["Create", "Describe", "DescribeConfigs", "Read", "Write", "Delete"], { topic: "shop" }, prefix);
  await kafka.grant(["Read"], { group: "shop" }, prefix);
  await kafka.grant(["Write"], { "transactional-id": "shop" }, prefix);
  await admin.createTopics([{ name: "shop.orders.raw", partitions: topology.partitions, cleanup: "delete" }]);
  await write("shop.orders.raw", "shop.source", JSON.stringify({ id: "1", customer: "ada", cents: 500 }));
  const stop = new AbortController();
  const said: string[] = [];
  try {
    await runProcessor({
      log,
      topology,
      groupId: "shop",
      instanceId: "shop-1",
      stateDir,
      signal: stop.signal,
      onStatus: ({ message }) => said.push(message),
      onCommitted: (partition, position) => {
        if (partition === 0 && position > 0) stop.abort();
      },
    });
  } finally {
    rmSync(stateDir, { recursive: true });
  }
  expect(said).toContain("session timeout 6000 ms: what the brokers allow may not be asked for");
  expect(await read(log, "shop.orders")).toContain("ada");
});

test("the rights that the manual names are enough for a source", async () => {
  await kafka.grant(["Create", "Describe", "DescribeConfigs", "Read", "Write"], { topic: "pond" }, { prefixed: true });
  await kafka.grant(["Write"], { "transactional-id": "source-pond" });
  const store = new MemoryStore();
  store.append("k", "1");
  const stop = new AbortController();
  await runMemorySource({
    log,
    store,
    sourceId: "pond",
    rawTopic: "pond.raw",
    positionsTopic: "pond.positions",
    gapsTopic: "pond.gaps",
    partitions: 1,
    signal: stop.signal,
    onStatus: ({ positionText }) => {
      if (positionText === "1") stop.abort();
    },
  });
  expect(await read(log, "pond.raw")).toBe("1");
});
