import { FencedError } from "../../../src/domain/errors.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import { AbortRequiredError, WriteBatch } from "../../../src/kafka/log.ts";
import type { CommittedOffset, GroupConsumer } from "../../../src/kafka/log.ts";

/** A process that copies records exactly once until SIGTERM, and says what happens to it over IPC. */
export interface CopierOptions {
  readonly brokers: string;
  readonly groupId: string;
  readonly instanceId: string;
  readonly input: string;
  readonly output: string;
  readonly sessionTimeoutMs: number;
}

export type CopierEvent =
  | { readonly type: "open" | "closed" }
  | { readonly type: "assigned" | "revoked"; readonly partitions: readonly number[]; readonly lost: boolean }
  | { readonly type: "committed"; readonly partitions: readonly number[] }
  | { readonly type: "failed"; readonly error: string; readonly message: string };

const options = JSON.parse(process.argv[2]!) as CopierOptions;
const say = (event: CopierEvent): void => void process.send?.(event);
let stopping = false;
process.once("SIGTERM", () => {
  stopping = true;
});

async function answer(consumer: GroupConsumer): Promise<void> {
  const rebalance = consumer.pendingRebalance();
  if (rebalance === undefined) return;
  const partitions = rebalance.partitions.map(({ partition }) => partition);
  if (rebalance.kind === "revoke") {
    consumer.answerRebalance([]);
    say({ type: "revoked", partitions, lost: rebalance.lost });
    return;
  }
  const committed = await consumer.committed(rebalance.partitions, 15_000);
  consumer.answerRebalance(
    rebalance.partitions.map((partition, index) => ({ ...partition, offset: committed[index]?.offset ?? 0 })),
  );
  say({ type: "assigned", partitions, lost: false });
}

const log = confluentLog({ brokers: options.brokers, clientId: options.instanceId });
const consumer = log.consumer({ ...options, topics: [options.input] });
const producer = log.producer({
  transactionalId: `${options.groupId}-${options.instanceId}`,
  transactionTimeoutMs: 10_000,
});
try {
  await producer.open();
  await consumer.open();
  say({ type: "open" });
  while (!stopping) {
    await answer(consumer);
    const batches = await consumer.fetch(500, 50);
    if (batches.length === 0) continue;
    const next = new Map<number, CommittedOffset>();
    const first = new Map<number, number>();
    const out = new WriteBatch();
    for (const batch of batches) {
      const { topic, partition } = batch;
      for (let index = 0; index < batch.length; index++) {
        out.append(options.output, partition, batch.key(index), batch.value(index));
      }
      if (!first.has(partition)) first.set(partition, batch.offset(0));
      next.set(partition, { topic, partition, offset: batch.offset(batch.length - 1) + 1, metadata: "" });
    }
    await producer.begin();
    await producer.write(out);
    try {
      await producer.sendOffsets([...next.values()], consumer);
      await producer.commit();
      say({ type: "committed", partitions: [...next.keys()] });
    } catch (error) {
      if (!(error instanceof AbortRequiredError)) throw error;
      await producer.abort();
      for (const [partition, offset] of first) await consumer.seek({ topic: options.input, partition }, offset);
    }
  }
} catch (error) {
  const { name, message } = error as Error;
  say({ type: "failed", error: name, message });
  process.exitCode = error instanceof FencedError ? 3 : 4;
} finally {
  await consumer.close();
  await producer.close();
  say({ type: "closed" });
  process.disconnect?.();
}
