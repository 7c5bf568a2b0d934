import { WriteBatch } from "../../src/kafka/log.ts";
import type {
  CommittedOffset,
  GroupConsumer,
  GroupConsumerOptions,
  IsolationLevel,
  Log,
  LogReader,
  Rebalance,
  RecordBatch,
  TopicPartition,
  TransactionalProducer,
} from "../../src/kafka/log.ts";

/** What an adapter gives the contract: two Logs that are two processes on one broker. */
export interface LogUnderTest {
  readonly log: Log;
  secondLog(): Log;
  /** A name that nothing on this broker has had. */
  unique(prefix: string): string;
  close(): Promise<void>;
}

/** How long anything that must happen may take, ms. Generous: the contract is not about speed. */
export const patienceMs = 30_000;
/** How long a test looks in order to see nothing, ms. */
export const glanceMs = 500;

/** Repeats `step` until it returns something. */
export async function eventually<T>(what: string, step: () => Promise<T | undefined>): Promise<T> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const result = await step();
    if (result !== undefined) return result;
    if (performance.now() > giveUpAt) throw new Error(`waited ${patienceMs} ms in vain until ${what}`);
  }
}

export function partitionsOf(topic: string, count: number): TopicPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
}

export async function createTopic(log: Log, name: string, partitions: number): Promise<string> {
  const admin = log.admin();
  await admin.createTopics([{ name, partitions, cleanup: "delete" }]);
  await admin.close();
  return name;
}

export async function openProducer(log: Log, transactionalId: string): Promise<TransactionalProducer> {
  const producer = log.producer({ transactionalId, transactionTimeoutMs: 60_000 });
  await producer.open();
  return producer;
}

export function records(topic: string, partition: number, values: readonly string[]): WriteBatch {
  const batch = new WriteBatch();
  for (const value of values) batch.append(topic, partition, Buffer.from("k"), Buffer.from(value));
  return batch;
}

/** One transaction that writes these values and ends as said. */
export async function transact(
  producer: TransactionalProducer,
  batch: WriteBatch,
  end: "commit" | "abort" | "leave open",
): Promise<void> {
  await producer.begin();
  await producer.write(batch);
  if (end === "commit") await producer.commit();
  else if (end === "abort") await producer.abort();
}

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
}

export function unpack(batches: readonly RecordBatch[]): ReadRecord[] {
  return batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, index) => ({
      partition: batch.partition,
      offset: batch.offset(index),
      key: batch.key(index)?.toString() ?? null,
      value: batch.value(index)?.toString() ?? null,
    })),
  );
}

export async function openReader(
  log: Log,
  isolation: IsolationLevel,
  start: readonly (TopicPartition & { readonly offset: number })[],
): Promise<LogReader> {
  const reader = log.reader({ isolation });
  await reader.open();
  reader.assign(start);
  return reader;
}

/** Reads one partition from its start until `count` records have come. */
export async function readValues(
  log: Log,
  isolation: IsolationLevel,
  partition: TopicPartition,
  count: number,
): Promise<(string | null)[]> {
  const reader = await openReader(log, isolation, [{ ...partition, offset: 0 }]);
  try {
    return (await collect(reader, count)).map(({ value }) => value);
  } finally {
    await reader.close();
  }
}

export async function collect(reader: Pick<LogReader, "fetch">, count: number): Promise<ReadRecord[]> {
  const found: ReadRecord[] = [];
  await eventually(`${count} records were read`, async () => {
    found.push(...unpack(await reader.fetch(100, 100)));
    return found.length >= count ? found : undefined;
  });
  return found;
}

/** What arrives while nothing more should. */
export async function glance(reader: Pick<LogReader, "fetch">): Promise<ReadRecord[]> {
  const found: ReadRecord[] = [];
  for (let looked = 0; looked < 5; looked += 1) found.push(...unpack(await reader.fetch(100, glanceMs / 5)));
  return found;
}

/** Waits until the broker has what a producer was told to write: it sends in the background. */
export async function untilWritten(log: Log, partition: TopicPartition, high: number): Promise<void> {
  const reader = await openReader(log, "read_uncommitted", [{ ...partition, offset: 0 }]);
  await eventually(`offset ${high} of ${partition.topic} was written`, async () => {
    await reader.fetch(100, 50);
    return (await reader.watermarks(partition, patienceMs)).high >= high ? true : undefined;
  });
  await reader.close();
}

/** An aborted transaction whose records have reached the broker; a producer drops on abort what it has not sent yet. */
export async function abortWritten(
  log: Log,
  producer: TransactionalProducer,
  batch: WriteBatch,
  high: number,
): Promise<void> {
  await transact(producer, batch, "leave open");
  await untilWritten(log, { topic: batch.topics[0]!, partition: batch.partitions[0]! }, high);
  await producer.abort();
}

export function nextOffset(partition: TopicPartition, offset: number, metadata = ""): CommittedOffset {
  return { ...partition, offset, metadata };
}

/** A group member that answers every rebalance: assigned partitions start at the committed offset, or at `start`. */
export class Member {
  readonly consumer: GroupConsumer;
  readonly owned: Set<string> = new Set();
  readonly rebalances: Rebalance[] = [];
  readonly records: (ReadRecord & { readonly topic: string })[] = [];
  start: (partition: TopicPartition) => number = () => 0;
  /** A topic to be read together with the assigned partitions. */
  companion: string | undefined;

  constructor(log: Log, options: GroupConsumerOptions) {
    this.consumer = log.consumer(options);
  }

  async turn(): Promise<void> {
    const rebalance = this.consumer.pendingRebalance();
    if (rebalance === undefined) {
      for (const batch of await this.consumer.fetch(100, 50)) {
        for (const record of unpack([batch])) this.records.push({ topic: batch.topic, ...record });
      }
      return;
    }
    this.rebalances.push(rebalance);
    if (rebalance.kind === "revoke") {
      for (const { topic, partition } of rebalance.partitions) this.owned.delete(`${topic}:${partition}`);
      this.consumer.answerRebalance([]);
      return;
    }
    const committed = await this.consumer.committed(rebalance.partitions, patienceMs);
    const start = rebalance.partitions.map((partition, index) => ({
      ...partition,
      offset: committed[index]?.offset ?? this.start(partition),
    }));
    const { companion } = this;
    if (companion !== undefined) start.push(...start.map((each) => ({ ...each, topic: companion })));
    this.consumer.answerRebalance(start);
    for (const { topic, partition } of rebalance.partitions) this.owned.add(`${topic}:${partition}`);
  }

  async join(partitions: number): Promise<void> {
    await this.consumer.open();
    await turnUntil(`${partitions} partitions were assigned`, [this], () => this.owned.size >= partitions);
  }
}

export async function turnUntil(what: string, members: readonly Member[], holds: () => boolean): Promise<void> {
  await eventually(what, async () => {
    for (const member of members) await member.turn();
    return holds() ? true : undefined;
  });
}
