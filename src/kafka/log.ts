/**
 * The Log port: what the engine, the sources and the loader need of Kafka, and nothing else.
 *
 * It speaks in batches. Nothing above it may depend on an object per record, so that a transport
 * which decodes record batches in place can stand behind the same port (docs/decisions/0002).
 * Adapters: `src/kafka/confluent/` (a real broker) and `src/testing/` (the model Log). Both pass
 * `test/contract/log.contract.ts`.
 *
 * Offsets and timestamps are JS numbers: exact up to 2^53. Timestamps are ms since the Unix epoch.
 * Every method may throw `RetryableError`, `FencedError` or `FatalError` (src/domain/errors.ts),
 * and no other class.
 */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Header names with their bytes, in record order; a name may repeat. */
export type RecordHeaders = readonly (readonly [name: string, value: Buffer])[];

/**
 * Records of ONE topic partition, offsets strictly rising (with gaps: transaction markers, compaction).
 * Views are valid until the batch is garbage; the reader must not modify them.
 */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly length: number;
  offset(index: number): number;
  timestamp(index: number): number;
  key(index: number): Buffer | null;
  value(index: number): Buffer | null;
  headers(index: number): RecordHeaders | undefined;
}

/** Records to write, in order, as parallel arrays. `bytes` counts keys and values. */
export class WriteBatch {
  readonly topics: string[] = [];
  readonly partitions: number[] = [];
  readonly keys: (Buffer | null)[] = [];
  readonly values: (Buffer | null)[] = [];
  readonly headers: (RecordHeaders | undefined)[] = [];
  bytes = 0;

  get length(): number {
    return this.topics.length;
  }

  append(topic: string, partition: number, key: Buffer | null, value: Buffer | null, headers?: RecordHeaders): void {
    this.topics.push(topic);
    this.partitions.push(partition);
    this.keys.push(key);
    this.values.push(value);
    this.headers.push(headers);
    this.bytes += (key?.length ?? 0) + (value?.length ?? 0);
  }
}

/** `offset` is the NEXT offset to read (last processed + 1). `metadata` is at most 4096 bytes of UTF-8. */
export interface CommittedOffset extends TopicPartition {
  readonly offset: number;
  readonly metadata: string;
}

export type IsolationLevel = "read_committed" | "read_uncommitted";

/** `high` is the offset after the last record, `low` that of the first one still kept. */
export interface Watermarks {
  readonly low: number;
  readonly high: number;
}

/**
 * A change of assignment that waits for an answer. Until it is answered the group does not go on.
 * `lost`: the partitions already belong to someone else, nothing can be committed for them.
 */
export interface Rebalance {
  readonly kind: "assign" | "revoke";
  readonly partitions: readonly TopicPartition[];
  readonly lost: boolean;
}

export interface GroupConsumerOptions {
  readonly groupId: string;
  /** Static membership: a restart with the same id gets its partitions back at once. */
  readonly instanceId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  /** Bytes of fetched records kept ready, at most (back-pressure). */
  readonly maxQueuedBytes?: number;
}

/** One member of a consumer group, read_committed, stable offsets, no auto-commit. Single owner: never call two methods at once, except where said. */
export interface GroupConsumer {
  /** Connects and subscribes. The first assignment arrives as a rebalance. */
  open(): Promise<void>;
  /**
   * Records of the assigned, not paused partitions; waits at most `timeoutMs` for the first one.
   * Returns early, possibly with nothing, when a rebalance waits. Also throws what the broker said of membership.
   */
  fetch(maxRecords: number, timeoutMs: number): Promise<RecordBatch[]>;
  /** The oldest rebalance that waits for an answer. */
  pendingRebalance(): Rebalance | undefined;
  /**
   * Answers the oldest rebalance. For `assign`, `start` gives the offset to read from for each partition
   * (it may name further partitions to be read together with them); for `revoke` it is ignored.
   */
  answerRebalance(start: readonly (TopicPartition & { readonly offset: number })[]): void;
  /** Stable committed offsets of the group; undefined where there is none. */
  committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<(CommittedOffset | undefined)[]>;
  seek(partition: TopicPartition, offset: number): Promise<void>;
  /** The offset the member stands at: after the last record returned, and past markers and aborted records that follow it. */
  position(partition: TopicPartition): number;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** Watermarks as read_uncommitted sees them: the restore bound. */
  watermarks(partition: TopicPartition, timeoutMs: number): Promise<Watermarks>;
  /** Leaves the group, answering any rebalance that is left. Idempotent. */
  close(): Promise<void>;
}

export interface ProducerOptions {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  readonly maxMessageBytes?: number;
}

/**
 * A transactional producer. After a `FencedError`, or when commit or abort gives no definite answer
 * (`IndefiniteCommitError`), it is dead: close it and open a new one with the same id, which resolves what was open.
 */
export interface TransactionalProducer {
  /** Connects, fences older producers of the same id and ends their open transaction. */
  open(): Promise<void>;
  begin(): Promise<void>;
  /** Enqueues all records in order; waits while the local queue is full. Delivery failures surface in `commit`. */
  write(batch: WriteBatch): Promise<void>;
  /** Adds consumed offsets, with the consumer's generation as the fence. */
  sendOffsets(offsets: readonly CommittedOffset[], consumer: GroupConsumer): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
  /** Idempotent; abandons an open transaction. */
  close(): Promise<void>;
}

/** Thrown by `commit`/`abort` of a producer: the outcome is unknown until a new producer has been opened. */
export { IndefiniteCommitError } from "./indefinite.ts";
/** Thrown by a consumer's methods, and by `sendOffsets`. */
export { SeatTakenError } from "./seat-taken.ts";
/** Thrown by a producer's methods: abort this transaction, rewind, go on with the same producer. */
export { AbortRequiredError } from "./abort-required.ts";

/** Reads given partitions from given offsets, outside any group. */
export interface LogReader {
  open(): Promise<void>;
  /** Replaces what is read. */
  assign(start: readonly (TopicPartition & { readonly offset: number })[]): void;
  fetch(maxRecords: number, timeoutMs: number): Promise<RecordBatch[]>;
  /** The offset the reader stands at: after the last record returned, and past markers and aborted records that follow it. */
  position(partition: TopicPartition): number;
  /** Watermarks as read_uncommitted sees them, whatever the reader's own isolation. */
  watermarks(partition: TopicPartition, timeoutMs: number): Promise<Watermarks>;
  close(): Promise<void>;
}

export interface TopicSpec {
  readonly name: string;
  /** The broker's own: a topic that was deleted and made again has another one. Not for creating. */
  readonly id?: string;
  readonly partitions: number;
  readonly cleanup: "delete" | "compact";
  /** ms; only for `delete`. */
  readonly retentionMs?: number;
  readonly maxMessageBytes?: number;
}

/** What the coordinator of a group knows. `Empty`: no members, or a group that never was. */
export interface GroupDescription {
  readonly state: "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Empty" | "Unknown";
  readonly members: readonly {
    readonly memberId: string;
    /** null: a dynamic member. */
    readonly instanceId: string | null;
    /** As it was when the instance id first joined; a restart does not change it. */
    readonly clientId: string;
    /** What the last round gave it, which it may not have heard of yet. */
    readonly partitions: readonly TopicPartition[];
  }[];
}

/** What the brokers of a cluster allow: the strictest of them. */
export interface BrokerLimits {
  /** group.min.session.timeout.ms */
  readonly minSessionTimeoutMs: number;
  /** transaction.max.timeout.ms */
  readonly maxTransactionTimeoutMs: number;
}

export interface LogAdmin {
  /** Creates the topics that do not exist; leaves the others as they are. */
  createTopics(specs: readonly TopicSpec[]): Promise<void>;
  /** What exists, with the settings the broker reports. */
  describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, TopicSpec>>;
  /** Non-transactional committed offsets of any group, read from outside it. */
  groupOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<(CommittedOffset | undefined)[]>;
  /** Commits offsets for a group with no active members (a hint for lag tools; the loader's acknowledgement). */
  acknowledge(groupId: string, offsets: readonly CommittedOffset[]): Promise<void>;
  /** Who is in a group, and which partitions it last gave to whom. */
  groupMembers(groupId: string): Promise<GroupDescription>;
  /**
   * Makes the members of a Stable group join a new generation: each keeps what it holds, and partitions that nobody
   * holds get owners. Returns when the round has begun. Nothing happens in any other state.
   */
  requestRound(groupId: string): Promise<void>;
  deleteTopics(names: readonly string[]): Promise<void>;
  /** Undefined: this user may not ask. */
  brokerLimits(): Promise<BrokerLimits | undefined>;
  close(): Promise<void>;
}

/** The factory that everything above receives. */
export interface Log {
  consumer(options: GroupConsumerOptions): GroupConsumer;
  producer(options: ProducerOptions): TransactionalProducer;
  reader(options: { readonly isolation: IsolationLevel; readonly maxQueuedBytes?: number }): LogReader;
  admin(): LogAdmin;
}
