import { WriteBatch } from "../../../src/kafka/log.ts";
import type { GroupConsumer, Log, TransactionalProducer } from "../../../src/kafka/log.ts";

export const target = { topic: "t", partition: 0 };

export async function openProducer(
  log: Log,
  transactionalId = "p",
  transactionTimeoutMs = 10_000,
): Promise<TransactionalProducer> {
  const producer = log.producer({ transactionalId, transactionTimeoutMs });
  await producer.open();
  return producer;
}

export async function openMember(log: Log, instanceId: string): Promise<GroupConsumer> {
  const consumer = log.consumer({ groupId: "g", instanceId, topics: ["t"], sessionTimeoutMs: 3_000 });
  await consumer.open();
  return consumer;
}

/** Answers every rebalance that waits, from offset 0, and says which partitions came and went. */
export function answerAll(consumer: GroupConsumer): string[] {
  const answered: string[] = [];
  for (let next = consumer.pendingRebalance(); next !== undefined; next = consumer.pendingRebalance()) {
    const numbers = next.partitions.map(({ partition }) => partition).join(",");
    answered.push(`${next.lost ? "lost" : next.kind} ${numbers}`.trim());
    consumer.answerRebalance(next.kind === "assign" ? next.partitions.map((each) => ({ ...each, offset: 0 })) : []);
  }
  return answered;
}

export function writes(...values: string[]): WriteBatch {
  const batch = new WriteBatch();
  for (const value of values) batch.append("t", 0, Buffer.from(value), Buffer.from(value));
  return batch;
}
