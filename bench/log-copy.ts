import { randomBytes } from "node:crypto";
import { confluentLog } from "../src/kafka/confluent/index.ts";
import { WriteBatch } from "../src/kafka/log.ts";
import type { CommittedOffset, GroupConsumer, TransactionalProducer } from "../src/kafka/log.ts";

/**
 * The ceiling of the engine on this transport: consume, copy, produce, offsets, commit, with nothing in between.
 *
 *   node --import tsx bench/log-copy.ts [records] [records a transaction] [brokers]
 *
 * Prints records a second of wall clock and of CPU of this process (all threads).
 */
const records = Number(process.argv[2] ?? 1_000_000);
const perTransaction = Number(process.argv[3] ?? 10_000);
const brokers = process.argv[4] ?? "127.0.0.1:19092";
const partitions = 4;
const valueBytes = 200;

const run = `bench.copy.${randomBytes(4).toString("hex")}`;
const input = `${run}.in`;
const output = `${run}.out`;
const log = confluentLog({ brokers, clientId: "bench" });

async function fill(producer: TransactionalProducer): Promise<void> {
  const value = randomBytes(valueBytes / 2).toString("hex");
  for (let done = 0; done < records; done += perTransaction) {
    const batch = new WriteBatch();
    for (let index = done; index < Math.min(records, done + perTransaction); index++) {
      const key = Buffer.from(`match-${index % 64}`);
      batch.append(input, index % partitions, key, Buffer.from(`${index}`.padEnd(10) + value.slice(10)));
    }
    await producer.begin();
    await producer.write(batch);
    await producer.commit();
  }
}

async function copy(consumer: GroupConsumer, producer: TransactionalProducer): Promise<void> {
  let copied = 0;
  while (copied < records) {
    const next = new Map<number, CommittedOffset>();
    let taken = 0;
    let begun = false;
    while (taken < perTransaction && copied + taken < records) {
      const batches = await consumer.fetch(perTransaction - taken, 1_000);
      const rebalance = consumer.pendingRebalance();
      if (rebalance) {
        const start = rebalance.kind === "assign" ? rebalance.partitions : [];
        consumer.answerRebalance(start.map(({ topic, partition }) => ({ topic, partition, offset: 0 })));
      }
      if (!begun) {
        await producer.begin();
        begun = true;
      }
      const out = new WriteBatch();
      for (const batch of batches) {
        for (let index = 0; index < batch.length; index++) {
          out.append(output, batch.partition, batch.key(index), batch.value(index));
        }
        next.set(batch.partition, {
          topic: batch.topic,
          partition: batch.partition,
          offset: batch.offset(batch.length - 1) + 1,
          metadata: "",
        });
        taken += batch.length;
      }
      await producer.write(out);
    }
    await producer.sendOffsets([...next.values()], consumer);
    await producer.commit();
    copied += taken;
  }
}

const admin = log.admin();
await admin.createTopics(
  [input, output].map((name) => ({ name, partitions, cleanup: "delete" as const, retentionMs: 3_600_000 })),
);
const producer = log.producer({ transactionalId: run, transactionTimeoutMs: 30_000 });
const consumer = log.consumer({ groupId: run, instanceId: "copy", topics: [input], sessionTimeoutMs: 10_000 });
try {
  await producer.open();
  await fill(producer);
  await consumer.open();
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await copy(consumer, producer);
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpu = process.cpuUsage(cpuBefore);
  const coreSeconds = (cpu.user + cpu.system) / 1e6;
  const rss = Math.round(process.memoryUsage().rss / 1e6);
  console.log(
    `${records} records of ${valueBytes} B, ${perTransaction} a transaction: ` +
      `${Math.round(records / seconds)} /s, ${Math.round(records / coreSeconds)} per core-second, ${rss} MB resident`,
  );
} finally {
  await consumer.close();
  await producer.close();
  await admin.deleteTopics([input, output]);
  await admin.close();
}
