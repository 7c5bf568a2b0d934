import { FatalError } from "../domain/errors.ts";
import type {
  BrokerLimits,
  CommittedOffset,
  RecordHeaders,
  TopicPartition,
  TopicSpec,
  Watermarks,
} from "../kafka/log.ts";
import { ModelFaults } from "./model-faults.ts";
import { ModelGroup } from "./model-group.ts";
import { invariant } from "./model-invariant.ts";
import { ModelPartition, partitionKey } from "./model-topic.ts";
import { TransactionCoordinator } from "./model-transactions.ts";
import type { MarkerDelay } from "./model-transactions.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface ModelBrokerOptions {
  /** ms since the Unix epoch at which the model's time begins; default 2026-01-01T00:00:00Z. */
  readonly startTime?: number;
  /** How late each transaction marker arrives; default: at once. `Infinity`: not before `deliverMarkers`. */
  readonly markerDelayMs?: MarkerDelay;
  /**
   * A static member may be replaced before it has answered a revocation. Kafka (4.1.1, with librdkafka 2.15.1)
   * then leaves the partitions it was giving up to nobody, until something else starts a rebalance. `true` does
   * the same; by default the model starts that rebalance itself.
   */
  readonly orphansPartitions?: boolean;
  /** What the broker allows, and whether it says so; default: session timeouts from 1 s, transactions up to 15 minutes. */
  readonly limits?: BrokerLimits | "not told";
}

/** A record as the broker's helpers return it. */
export interface ModelRecord extends TopicPartition {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}

/** Text is written as UTF-8. */
export type Bytes = Buffer | string | null;

/**
 * An in-memory Kafka of one broker: topics, transactions, consumer groups, and a clock of its own. Processes
 * reach it through a `ModelLog` each; tests put records into it, read what was committed, and make it fail.
 */
export class ModelBroker {
  readonly clock: VirtualClock;
  readonly faults: ModelFaults;
  readonly transactions: TransactionCoordinator;
  readonly #topics = new Map<string, readonly ModelPartition[]>();
  readonly #partitions = new Map<string, ModelPartition>();
  readonly #groups = new Map<string, ModelGroup>();
  readonly #orphansPartitions: boolean;
  #topicsMade = 0;
  readonly limits: BrokerLimits | undefined;

  constructor(options: ModelBrokerOptions = {}) {
    const clock = new VirtualClock(options.startTime ?? Date.UTC(2026, 0, 1));
    this.clock = clock;
    this.#orphansPartitions = options.orphansPartitions ?? false;
    const { limits = { minSessionTimeoutMs: 1_000, maxTransactionTimeoutMs: 900_000 } } = options;
    this.limits = limits === "not told" ? undefined : limits;
    this.transactions = new TransactionCoordinator(clock);
    if (options.markerDelayMs !== undefined) this.transactions.markerDelay = options.markerDelayMs;
    this.faults = new ModelFaults(this.transactions, (delayMs, run) => clock.at(clock.now() + delayMs, run));
  }

  /** Creates a topic, unless it exists; `cleanup` is `delete` unless given. */
  createTopic(spec: Omit<TopicSpec, "cleanup"> & Partial<TopicSpec>): void {
    if (this.#topics.has(spec.name)) return;
    invariant(
      Number.isSafeInteger(spec.partitions) && spec.partitions > 0,
      `${spec.name}: ${spec.partitions} partitions`,
    );
    const { name, partitions: count, cleanup = "delete", maxMessageBytes = 1_048_588 } = spec;
    const retention = cleanup === "delete" ? { retentionMs: spec.retentionMs ?? 7 * 86_400_000 } : {};
    const id = `${name}#${++this.#topicsMade}`;
    const full: TopicSpec = { name, id, partitions: count, cleanup, maxMessageBytes, ...retention };
    const partitions = Array.from({ length: full.partitions }, (_, number) => new ModelPartition(full, number));
    this.#topics.set(full.name, partitions);
    for (const partition of partitions) this.#partitions.set(partition.key, partition);
    this.#announce(full.name);
  }

  deleteTopic(name: string): void {
    for (const { key } of this.#topics.get(name) ?? []) this.#partitions.delete(key);
    for (const group of this.#groups.values()) group.forgetTopic(name);
    if (this.#topics.delete(name)) this.#announce(name);
  }

  /** Adds empty partitions to a topic until it has so many. */
  addPartitions(name: string, count: number): void {
    const old = this.#existing(name);
    const spec: TopicSpec = { ...old[0]!.spec, partitions: count };
    const added = Array.from(
      { length: count - old.length },
      (_, index) => new ModelPartition(spec, old.length + index),
    );
    this.#topics.set(name, [...old, ...added]);
    for (const partition of added) this.#partitions.set(partition.key, partition);
    this.#announce(name);
  }

  describe(name: string): TopicSpec | undefined {
    return this.#topics.get(name)?.at(-1)?.spec;
  }

  /** Appends one record outside any transaction, and returns its offset. */
  append(
    topic: string,
    partition: number,
    key: Bytes,
    value: Bytes,
    headers?: Readonly<Record<string, Buffer | string>>,
    timestamp: number = this.clock.now(),
  ): number {
    const list = Object.entries(headers ?? {}).map(([name, bytes]) => [name, Buffer.from(bytes)] as const);
    const record = {
      timestamp,
      key: toBuffer(key),
      value: toBuffer(value),
      headers: list.length > 0 ? list : undefined,
    };
    const offset = this.partition({ topic, partition }).append(record, null);
    this.clock.changed();
    return offset;
  }

  /** What a read_committed reader of the whole topic sees now: partition by partition, each in offset order. */
  readCommitted(topic: string): ModelRecord[] {
    return this.#read(topic, "read_committed");
  }

  /** The same with the records of open and aborted transactions. */
  readUncommitted(topic: string): ModelRecord[] {
    return this.#read(topic, "read_uncommitted");
  }

  /** The committed offsets of a group, without those of transactions that have not ended. */
  committedOffset(groupId: string, partition: TopicPartition): CommittedOffset | undefined {
    return this.group(groupId).committed(partition);
  }

  /** Below it every transaction has ended: how far a read_committed reader gets. */
  lastStableOffset(partition: TopicPartition): number {
    return this.partition(partition).lastStable;
  }

  /** Transactional ids whose transaction is open or lacks a marker somewhere. */
  unresolvedTransactions(): string[] {
    return this.transactions.unresolved().map(({ transactionalId }) => transactionalId);
  }

  /** Whether there is such a topic. */
  exists(topic: string): boolean {
    return this.#topics.has(topic);
  }

  /** One run of the log cleaner: the last record of each key stays. Tombstones go when asked. */
  compact(topic: string, options: { readonly removeTombstones?: boolean } = {}): void {
    for (const partition of this.#existing(topic)) partition.compact(options.removeTombstones ?? false);
  }

  /** Retention: drops the records before an offset, though never past the last stable one. */
  truncate(topic: string, partition: number, before: number): void {
    this.partition({ topic, partition }).truncate(before);
  }

  /** Drops committed offsets that are older than the retention, as the coordinator does now and then. */
  expireOffsets(groupId: string, retentionMs: number = 7 * 86_400_000): void {
    this.group(groupId).expireOffsets(retentionMs);
  }

  /** Deletes a group without members. */
  deleteGroup(groupId: string): void {
    this.group(groupId).deleteOffsets();
  }

  /** Writes all markers that `markerDelayMs` holds back. */
  deliverMarkers(): void {
    this.transactions.deliverMarkers();
  }

  /** Ends the session of a member that lives: it hears of it as a `lost` revocation, and rejoins. */
  expelMember(groupId: string, instanceId: string): void {
    this.group(groupId).expel(instanceId);
  }

  watermarks(partition: TopicPartition): Watermarks {
    const { low, high } = this.partition(partition);
    return { low, high };
  }

  partition({ topic, partition }: TopicPartition): ModelPartition {
    const found = this.#partitions.get(partitionKey(topic, partition));
    if (found === undefined) {
      throw new FatalError(`${topic}[${partition}] does not exist`, { remedy: "create the topic before it is used" });
    }
    return found;
  }

  /** Undefined where its topic has been deleted. */
  findPartition(key: string): ModelPartition | undefined {
    return this.#partitions.get(key);
  }

  group(groupId: string): ModelGroup {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      const partitionsOf = (topic: string): readonly ModelPartition[] => this.#topics.get(topic) ?? [];
      group = new ModelGroup(groupId, this.clock, partitionsOf, this.#orphansPartitions);
      this.#groups.set(groupId, group);
    }
    return group;
  }

  #read(topic: string, isolation: "read_committed" | "read_uncommitted"): ModelRecord[] {
    return this.#existing(topic).flatMap((partition) =>
      partition.read(partition.low, isolation, Infinity).entries.map(({ offset, timestamp, key, value, headers }) => ({
        topic,
        partition: partition.partition,
        offset,
        timestamp,
        key,
        value,
        headers: headers ?? [],
      })),
    );
  }

  #existing(topic: string): readonly ModelPartition[] {
    return this.#topics.get(topic) ?? [this.partition({ topic, partition: 0 })];
  }

  #announce(topic: string): void {
    for (const group of this.#groups.values()) if (group.subscribes(topic)) group.requestRound();
  }
}

function toBuffer(bytes: Bytes): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}
