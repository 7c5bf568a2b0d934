import { RetryableError } from "../../../src/domain/errors.ts";
import { IndefiniteCommitError, WriteBatch } from "../../../src/kafka/log.ts";
import type {
  CommittedOffset,
  GroupConsumer,
  Log,
  TopicPartition,
  TransactionalProducer,
} from "../../../src/kafka/log.ts";
import { partitionKey } from "../../../src/testing/model-topic.ts";

/** What a copier may get wrong on purpose: each is a known way to lose or repeat records. */
export const copierBugs = [
  "offsets in a transaction of their own",
  "offset of the last record, not of the next",
  "no rewind after an abort",
  "indefinite commit taken for a success",
  "indefinite commit taken for a failure",
  "unstable offsets trusted after an assignment",
  "commits what it fetched before a revocation",
] as const;
export type CopierBug = (typeof copierBugs)[number];

export interface CopierOptions {
  readonly log: Log;
  readonly input: string;
  readonly output: string;
  readonly groupId: string;
  readonly instanceId: string;
  readonly bug?: CopierBug | undefined;
  readonly isDone: () => boolean;
}

/**
 * The smallest correct exactly-once copy loop on the Log port: one incarnation, until it is done or an error
 * ends it. The model must let no interleaving of faults break it, and each of its bugs must show.
 */
export async function copyOnce(options: CopierOptions): Promise<void> {
  await new Copier(options).run();
}

class Copier {
  readonly #options: CopierOptions;
  readonly #consumer: GroupConsumer;
  #producer: TransactionalProducer;
  readonly #positions = new Map<string, TopicPartition & { offset: number }>();

  constructor(options: CopierOptions) {
    this.#options = options;
    const { groupId, instanceId, input } = options;
    this.#consumer = options.log.consumer({ groupId, instanceId, topics: [input], sessionTimeoutMs: 3_000 });
    this.#producer = this.#newProducer();
  }

  async run(): Promise<void> {
    await this.#producer.open();
    await this.#consumer.open();
    while (!this.#options.isDone()) {
      if (this.#consumer.pendingRebalance() !== undefined) await this.#answer();
      else await this.#copyBatch();
    }
    await this.#consumer.close();
    await this.#producer.close();
  }

  async #answer(): Promise<void> {
    const { kind, partitions } = this.#consumer.pendingRebalance()!;
    if (kind === "revoke") {
      for (const { topic, partition } of partitions) this.#positions.delete(partitionKey(topic, partition));
      this.#consumer.answerRebalance([]);
      return;
    }
    const start = await this.#committed(partitions);
    for (const each of start) this.#positions.set(partitionKey(each.topic, each.partition), each);
    this.#consumer.answerRebalance(start);
  }

  async #copyBatch(): Promise<void> {
    const { output, bug } = this.#options;
    const batches = await this.#consumer.fetch(8, 100);
    if (batches.length === 0) return;
    if (bug === "commits what it fetched before a revocation") await this.#dawdle(batches[0]!);
    const writes = new WriteBatch();
    const offsets: CommittedOffset[] = [];
    for (const batch of batches) {
      const { topic, partition, length } = batch;
      for (let index = 0; index < length; index += 1) {
        writes.append(output, partition, batch.key(index), batch.value(index));
      }
      const last = batch.offset(length - 1);
      const offset = bug === "offset of the last record, not of the next" ? last : last + 1;
      offsets.push({ topic, partition, offset, metadata: "" });
    }
    const committed = await this.#transact(writes, offsets);
    if (!committed) {
      if (bug !== "no rewind after an abort") await this.#rewind();
      return;
    }
    for (const { topic, partition, offset } of offsets) {
      this.#positions.set(partitionKey(topic, partition), { topic, partition, offset });
    }
  }

  /** Whether it was committed; anything that a new incarnation must sort out is thrown. */
  async #transact(writes: WriteBatch, offsets: readonly CommittedOffset[]): Promise<boolean> {
    const { bug } = this.#options;
    try {
      await this.#producer.begin();
      await this.#producer.write(writes);
      if (bug === "offsets in a transaction of their own") {
        await this.#producer.commit();
        await this.#producer.begin();
      }
      await this.#producer.sendOffsets(offsets, this.#consumer);
      await this.#producer.commit();
      return true;
    } catch (error) {
      if (error instanceof IndefiniteCommitError) return this.#settle(offsets);
      if (!(error instanceof RetryableError)) throw error;
      try {
        await this.#producer.abort();
      } catch (unclear) {
        if (!(unclear instanceof IndefiniteCommitError)) throw unclear;
        await this.#replaceProducer();
      }
      return false;
    }
  }

  async #settle(offsets: readonly CommittedOffset[]): Promise<boolean> {
    const { bug } = this.#options;
    await this.#replaceProducer();
    if (bug === "indefinite commit taken for a success") return true;
    if (bug === "indefinite commit taken for a failure") {
      // What a loop does that rewinds to what it remembers, instead of asking what was committed.
      for (const position of this.#positions.values()) await this.#consumer.seek(position, position.offset);
      return true;
    }
    const now = await this.#consumer.committed(offsets, 30_000);
    return offsets.every(({ offset }, index) => now[index]?.offset === offset);
  }

  async #rewind(): Promise<void> {
    for (const each of await this.#committed([...this.#positions.values()])) {
      this.#positions.set(partitionKey(each.topic, each.partition), each);
      await this.#consumer.seek(each, each.offset);
    }
  }

  async #committed(partitions: readonly TopicPartition[]): Promise<(TopicPartition & { offset: number })[]> {
    const at = (found: readonly (CommittedOffset | undefined)[]): (TopicPartition & { offset: number })[] =>
      partitions.map(({ topic, partition }, index) => ({ topic, partition, offset: found[index]?.offset ?? 0 }));
    const isTrusting = this.#options.bug === "unstable offsets trusted after an assignment";
    return at(await (isTrusting ? this.#unstableOffsets(partitions) : this.#consumer.committed(partitions, 30_000)));
  }

  #unstableOffsets(partitions: readonly TopicPartition[]): Promise<(CommittedOffset | undefined)[]> {
    return this.#options.log.admin().groupOffsets(this.#options.groupId, partitions);
  }

  async #dawdle(partition: TopicPartition): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) {
      await this.#consumer.watermarks(partition, 1_000);
      while (this.#consumer.pendingRebalance() !== undefined) await this.#answer();
    }
  }

  async #replaceProducer(): Promise<void> {
    await this.#producer.close();
    this.#producer = this.#newProducer();
    await this.#producer.open();
  }

  #newProducer(): TransactionalProducer {
    return this.#options.log.producer({
      transactionalId: `copier-${this.#options.instanceId}`,
      transactionTimeoutMs: 10_000,
    });
  }
}
