import { setTimeout as sleep } from "node:timers/promises";
import { FatalError, FencedError, RetryableError } from "../../domain/errors.ts";
import type {
  CommittedOffset,
  GroupConsumer,
  GroupConsumerOptions,
  Rebalance,
  RecordBatch,
  TopicPartition,
  Watermarks,
} from "../log.ts";
import { SeatTakenError } from "../seat-taken.ts";
import { calledBack, newConsumer } from "./binding.ts";
import type { ClientConsumer, ClientError } from "./binding.ts";
import { commonConfig, connect, construct, disconnect, untilConnected } from "./connection.ts";
import type { Cluster } from "./connection.ts";
import { withDeadline } from "./deadline.ts";
import { code, hasCode, reactionTo, subjectWith } from "./errors.ts";
import type { Operation } from "./errors.ts";
import { fetchConfig } from "./fetch-config.ts";
import { Fetcher, keyOf } from "./fetcher.ts";
import type { PlainClient, PlainClientLease } from "./plain-client.ts";

/** The longest wait of one native call, ms: what seek, answers and close may have to wait for. */
const idleMs = 50;
const seekTimeoutMs = 5_000;
/** A partition just assigned cannot be sought until its fetcher runs. */
const seekRetryMs = 10;

const assigned = -175;
const revoked = -174;

type Start = readonly (TopicPartition & { readonly offset: number })[];

/** One member of a group, on the classic protocol with cooperative-sticky assignment and static membership. */
export class ConfluentConsumer implements GroupConsumer {
  readonly #cluster: Cluster;
  readonly #options: GroupConsumerOptions;
  readonly #plain: PlainClientLease;
  readonly #client: ClientConsumer;
  readonly #fetcher: Fetcher;
  readonly #rebalances: Rebalance[] = [];
  /** Partitions read beside the assigned ones because answerRebalance named them. */
  readonly #companions = new Map<string, TopicPartition>();
  readonly #owned = new Map<string, TopicPartition>();
  readonly #positions = new Map<string, number>();
  #unreachable = false;
  #closed: Promise<void> | undefined;
  #closing = false;

  constructor(cluster: Cluster, options: GroupConsumerOptions, plain: PlainClient) {
    this.#cluster = cluster;
    this.#options = options;
    this.#client = construct(
      (config) =>
        newConsumer(config, {
          // Every start is explicit; an offset that is gone must stop us, not move us silently.
          "auto.offset.reset": "error",
        }),
      {
        ...commonConfig(cluster),
        "group.id": options.groupId,
        "group.instance.id": options.instanceId,
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": options.sessionTimeoutMs,
        // A member learns of a rebalance by its next heartbeat, so this is added to every takeover; a third of the
        // session timeout, the usual choice, would be a second of the four that a takeover may take.
        "heartbeat.interval.ms": Math.max(100, Math.min(500, Math.floor(options.sessionTimeoutMs / 10))),
        // Not a liveness check of ours: a restore between two fetches may take minutes.
        "max.poll.interval.ms": Math.max(600_000, options.sessionTimeoutMs),
        "enable.auto.commit": false,
        "enable.auto.offset.store": false,
        // The only way to learn of the markers and aborted records behind the last record (see reader.ts).
        "enable.partition.eof": true,
        // Also makes the client ask for stable offsets (KIP-447).
        "isolation.level": "read_committed",
        ...fetchConfig(options.maxQueuedBytes),
        rebalance_cb: (error: ClientError, partitions: TopicPartition[]) => {
          this.#onRebalance(error.code, partitions);
        },
      },
    );
    this.#client.on("event.error", (error) => {
      // The code of this event is always -1; only its text tells. Errors that matter come with the calls.
      if (/all broker connections are down/i.test(error.message)) this.#unreachable = true;
      const text = `group ${options.groupId}: ${error.message}`;
      if (/static consumer fenced/i.test(error.message)) this.#fetcher.fail(new SeatTakenError(text));
      else if (/fenced/i.test(error.message)) this.#fetcher.fail(new FencedError(text));
    });
    this.#fetcher = new Fetcher(this.#client, {
      idleMs,
      prefetch: true,
      interrupted: () => this.#rebalances.length > 0 || this.#closing,
      translate: (cause) => this.#translate("fetch", cause),
      onEnd: (end) => {
        this.#advance(end, end.offset);
      },
      returnsAtEnd: false,
    });
    this.#plain = plain.hold();
  }

  /** The client itself, for the generation that goes with offsets in a transaction; undefined once it may crash the process. */
  get connectedClient(): ClientConsumer | undefined {
    return !this.#closing && this.#client.isConnected() ? this.#client : undefined;
  }

  async open(): Promise<void> {
    try {
      await connect(this.#client, this.#cluster, `group ${this.#options.groupId}`);
      // Closed meanwhile: it must not join any more.
      this.#assertOpen("open");
      this.#client.subscribe([...this.#options.topics]);
    } catch (cause) {
      throw this.#translate("open", cause);
    }
  }

  async fetch(maxRecords: number, timeoutMs: number): Promise<RecordBatch[]> {
    this.#assertOpen("fetch");
    try {
      const batches = await this.#fetcher.fetch(maxRecords, timeoutMs);
      for (const batch of batches) this.#advance(batch, batch.offset(batch.length - 1) + 1);
      if (batches.length > 0) {
        this.#unreachable = false;
      } else if (this.#unreachable && this.#rebalances.length === 0) {
        this.#unreachable = false;
        throw new RetryableError(
          `fetch group ${this.#options.groupId}: no connection to Kafka at ${this.#cluster.brokers}; is it running?`,
        );
      }
      return batches;
    } catch (cause) {
      throw this.#translate("fetch", cause);
    }
  }

  pendingRebalance(): Rebalance | undefined {
    return this.#rebalances[0];
  }

  answerRebalance(start: Start): void {
    const rebalance = this.#rebalances[0];
    if (rebalance === undefined) throw new FatalError("answerRebalance: no rebalance waits for an answer");
    if (rebalance.kind === "assign") {
      const offsets = new Map(start.map((entry) => [keyOf(entry), entry]));
      for (const partition of rebalance.partitions) {
        if (!offsets.has(keyOf(partition))) {
          throw new FatalError(`answerRebalance: no start offset for ${partition.topic}[${partition.partition}]`);
        }
      }
      this.#rebalances.shift();
      this.#assign(rebalance.partitions, start);
    } else {
      this.#rebalances.shift();
      this.#revoke(rebalance.partitions);
    }
  }

  async committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<(CommittedOffset | undefined)[]> {
    this.#assertOpen("committed");
    if (partitions.length === 0) return [];
    try {
      const found = await withDeadline(
        calledBack<readonly unknown[]>((done) => this.#client.committed([...partitions], timeoutMs, done)),
        timeoutMs + 1_000,
        () => new RetryableError(`committed group ${this.#options.groupId}: no answer within ${timeoutMs} ms`),
      );
      // The client puts an Error in the place of a partition that the broker refuses.
      const refused = found.find((each) => hasCode(each, code.topicRight));
      if (refused !== undefined) throw this.#translate("committed", refused);
      return partitions.map((partition, index) => toCommitted(partition, found[index]));
    } catch (cause) {
      if (hasCode(cause, code.timedOut)) {
        throw new RetryableError(
          `committed group ${this.#options.groupId}: no stable offset from Kafka at ${this.#cluster.brokers} within ${timeoutMs} ms; a transaction of the group may still be open`,
          { cause },
        );
      }
      throw this.#translate("committed", cause);
    }
  }

  async seek(partition: TopicPartition, offset: number): Promise<void> {
    this.#assertOpen("seek");
    const { topic, partition: number } = partition;
    try {
      await this.#fetcher.drained();
      this.#fetcher.change([partition], () => this.#positions.set(keyOf(partition), offset));
      const giveUpAt = performance.now() + seekTimeoutMs;
      for (;;) {
        try {
          await calledBack<void>((done) => {
            this.#client.seek({ topic, partition: number, offset }, seekTimeoutMs, (error) => done(error, undefined));
          });
          return;
        } catch (cause) {
          // -172: the fetcher of a partition assigned a moment ago does not run yet.
          if (!hasCode(cause, code.state) || performance.now() > giveUpAt) throw cause;
          await sleep(seekRetryMs);
        }
      }
    } catch (cause) {
      throw this.#translate("seek", cause);
    }
  }

  position(partition: TopicPartition): number {
    const position = this.#positions.get(keyOf(partition));
    if (position === undefined) {
      throw new RetryableError(`position of ${partition.topic}[${partition.partition}]: it is not assigned`);
    }
    return position;
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#assertOpen("pause");
    this.#fetcher.pause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#assertOpen("resume");
    this.#fetcher.resume(partitions);
  }

  watermarks(partition: TopicPartition, timeoutMs: number): Promise<Watermarks> {
    return this.#plain.watermarks(partition, timeoutMs);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing = true;
    this.#fetcher.interrupt();
    await untilConnected(this.#client, `group ${this.#options.groupId}`);
    if (this.#client.isConnected()) {
      try {
        await this.#fetcher.drained();
      } catch (cause) {
        // A call that does not come back must not keep us from leaving the group.
        process.emitWarning(cause instanceof Error ? cause : String(cause));
      }
      for (const { kind, partitions } of this.#rebalances.splice(0)) this.#decline(kind, partitions);
      // One more revocation comes during disconnect; #onRebalance answers it at once.
      await disconnect(this.#client, `group ${this.#options.groupId}`);
    }
    await this.#plain.release();
  }

  /** Runs on the event loop some time after librdkafka asked; until it is answered the group waits for us. */
  #onRebalance(event: number, partitions: readonly TopicPartition[]): void {
    const kind = event === assigned ? "assign" : event === revoked ? "revoke" : undefined;
    if (kind === undefined) {
      this.#fetcher.fail(new RetryableError(`group ${this.#options.groupId}: rebalance failed (${event})`));
      return;
    }
    if (this.#closing) {
      this.#decline(kind, partitions);
      return;
    }
    const lost = kind === "revoke" && this.#client.isConnected() && this.#client.assignmentLost();
    this.#rebalances.push({
      kind,
      partitions: partitions.map(({ topic, partition }) => ({ topic, partition })),
      lost,
    });
    this.#fetcher.interrupt();
  }

  #assign(partitions: readonly TopicPartition[], start: Start): void {
    const group = new Set(partitions.map(keyOf));
    for (const { topic, partition } of start) {
      const entry = { topic, partition };
      (group.has(keyOf(entry)) ? this.#owned : this.#companions).set(keyOf(entry), entry);
    }
    this.#fetcher.change(start, () => {
      for (const entry of start) this.#positions.set(keyOf(entry), entry.offset);
      this.#answerNatively("assign", start, start);
    });
  }

  #revoke(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#owned.delete(keyOf(partition));
    const going = [...partitions];
    const numbers = new Set([...this.#owned.values()].map(({ partition }) => partition));
    for (const [key, companion] of this.#companions) {
      if (numbers.has(companion.partition)) continue;
      this.#companions.delete(key);
      going.push(companion);
    }
    this.#fetcher.change(going, () => {
      this.#fetcher.forget(going);
      for (const partition of going) this.#positions.delete(keyOf(partition));
      this.#answerNatively("revoke", going, []);
    });
  }

  /** The answer of a member that is leaving: it takes nothing and gives everything back. */
  #decline(kind: Rebalance["kind"], partitions: readonly TopicPartition[]): void {
    try {
      if (kind === "assign" && this.#client.rebalanceProtocol() !== "COOPERATIVE") this.#client.unassign();
      else this.#answerNatively(kind, partitions, []);
    } catch (cause) {
      // The client left the group between asking and hearing us: it needs no answer any more. Were it to wait for
      // one all the same, the watchdog of disconnect() would tell.
      if (!hasCode(cause, code.state)) process.emitWarning(this.#translate("fetch", cause));
    }
  }

  /** Empty lists need an answer too. */
  #answerNatively(kind: Rebalance["kind"], partitions: readonly TopicPartition[], start: Start): void {
    const cooperative = this.#client.rebalanceProtocol() === "COOPERATIVE";
    if (kind === "assign") {
      if (cooperative) this.#client.incrementalAssign([...start]);
      else this.#client.assign([...start]);
    } else if (cooperative) {
      this.#client.incrementalUnassign(partitions);
    } else {
      // EAGER, or NONE while disconnecting.
      this.#client.unassign();
    }
  }

  #advance(partition: TopicPartition, offset: number): void {
    const key = keyOf(partition);
    const before = this.#positions.get(key);
    if (before !== undefined && offset > before) this.#positions.set(key, offset);
  }

  #assertOpen(operation: Operation | "pause" | "resume"): void {
    if (this.#closing) throw new RetryableError(`${operation} group ${this.#options.groupId}: the consumer is closed`);
  }

  #translate(operation: Operation, cause: unknown): Error {
    // A consumer dies of one thing only, of which the event tells, sooner or later than the call: its instance id is taken.
    if (hasCode(cause, code.fatal)) {
      return new SeatTakenError(`${operation} group ${this.#options.groupId}: the consumer is fenced`, { cause });
    }
    return reactionTo(cause, {
      operation,
      brokers: this.#cluster.brokers,
      subject: subjectWith(cause, `group ${this.#options.groupId}`, this.#topics()),
    });
  }

  #topics(): ReadonlySet<string> {
    const read = [...this.#owned.values(), ...this.#companions.values()].map(({ topic }) => topic);
    return new Set([...this.#options.topics, ...read]);
  }
}

function toCommitted(partition: TopicPartition, found: unknown): CommittedOffset | undefined {
  // The client puts an Error in the place of a partition it has no answer for.
  if (found instanceof Error) {
    throw new RetryableError(`committed offset of ${partition.topic}[${partition.partition}]: ${found.message}`, {
      cause: found,
    });
  }
  const { offset, metadata } = found as { offset?: number; metadata?: string };
  if (offset === undefined || offset < 0) return undefined;
  return { topic: partition.topic, partition: partition.partition, offset, metadata: metadata ?? "" };
}
