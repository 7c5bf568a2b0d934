import { type Log, WriteBatch } from "../src/kafka/log.ts";
import { workload, type WorkloadOptions } from "./workload.ts";

const TRANSACTION_RECORDS = 20_000;

/** Writes the workload to a topic and returns how many records there were. */
export async function fillTopic(log: Log, topic: string, options: WorkloadOptions): Promise<number> {
  const producer = log.producer({ transactionalId: `${topic}.fill`, transactionTimeoutMs: 60_000 });
  await producer.open();
  let batch = new WriteBatch();
  let records = 0;
  const flush = async (): Promise<void> => {
    await producer.begin();
    await producer.write(batch);
    await producer.commit();
    batch = new WriteBatch();
  };
  for (const { partition, key, value } of workload(options)) {
    batch.append(topic, partition, key, value);
    records++;
    if (batch.length === TRANSACTION_RECORDS) await flush();
  }
  if (batch.length > 0) await flush();
  await producer.close();
  return records;
}
