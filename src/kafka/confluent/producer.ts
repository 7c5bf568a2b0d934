import { setTimeout as sleep } from "node:timers/promises";
import { FatalError, FencedError, RetryableError } from "../../domain/errors.ts";
import { IndefiniteCommitError } from "../indefinite.ts";
import type {
  CommittedOffset,
  GroupConsumer,
  ProducerOptions,
  RecordHeaders,
  TransactionalProducer,
  WriteBatch,
} from "../log.ts";
import type { MessageHeader } from "@confluentinc/kafka-javascript";
import { calledBack, newProducer } from "./binding.ts";
import type { ClientError, ClientProducer } from "./binding.ts";
import { commonConfig, connect, construct, disconnect } from "./connection.ts";
import type { Cluster } from "./connection.ts";
import { ConfluentConsumer } from "./consumer.ts";
import { withDeadline } from "./deadline.ts";
import { code, codeByName, hasCode, reactionTo, subjectWith } from "./errors.ts";
import type { Operation } from "./errors.ts";

/** Wait for room in the local queue, ms. Spinning costs 9 % of the CPU in building errors alone. */
const queueFullWaitMs = 2;
/** How long to wait for the reason of a failure the client only logs, ms. */
const reasonWaitMs = 200;
/** Added to the client's own timeouts: it does not keep all of them (librdkafka#5456). */
const watchdogMarginMs = 5_000;
/** initTransactions waits for the coordinator, which may have to abort what a dead predecessor left open. */
const initTimeoutMs = 30_000;

/**
 * The client takes a Buffer without memory (Buffer.alloc(0)) for null: an empty value would become a tombstone.
 * A view of no bytes into real memory arrives as empty.
 */
const empty = Buffer.alloc(8).subarray(0, 0);

/** One transactional id. Single owner; every error has passed through the table in errors.ts. */
export class ConfluentProducer implements TransactionalProducer {
  readonly #cluster: Cluster;
  readonly #options: ProducerOptions;
  readonly #client: ClientProducer;
  /** Set once the producer is of no use; every later call gets the same answer. */
  #dead: FencedError | IndefiniteCommitError | undefined;
  #closed: Promise<void> | undefined;
  /** What the client last said in its error event: the reason of a fatal error that produce reports as a bare code. */
  #lastEvent = "";
  /** Why the current transaction failed in the background, as the client logged it; produce only says -172. */
  #transactionFailure = "";
  #inTransaction = false;
  /** Topics of this transaction: the client does not say which of them it was refused. */
  readonly #topics = new Set<string>();

  constructor(cluster: Cluster, options: ProducerOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#client = construct(newProducer, {
      ...commonConfig(cluster),
      "transactional.id": options.transactionalId,
      "transaction.timeout.ms": options.transactionTimeoutMs,
      "message.timeout.ms": options.transactionTimeoutMs,
      "message.max.bytes": options.maxMessageBytes ?? 1_048_576,
      "linger.ms": 5,
      "batch.size": 131_072,
      "compression.codec": "lz4",
      "queue.buffering.max.messages": 200_000,
      "queue.buffering.max.kbytes": 262_144,
      // The coordinator answers CONCURRENT_TRANSACTIONS while it writes the last markers: ask again soon
      // (100 ms by default, which every transaction would pay).
      "retry.backoff.ms": 2,
    });
    this.#client.on("event.error", (error) => {
      this.#lastEvent = error.message;
    });
    this.#client.on("event.log", (line: { fac?: string; message?: string }) => {
      if (line.fac === "TXNERR") this.#transactionFailure = line.message ?? "";
    });
  }

  async open(): Promise<void> {
    await connect(this.#client, this.#cluster, this.#subject);
    // Without polling the local queue never drains, even when nobody wants delivery reports. Before connect() it
    // dereferences null.
    this.#client.setPollInBackground(true);
    await this.#call("open", initTimeoutMs, (done) => {
      this.#client.initTransactions(initTimeoutMs, done);
    });
  }

  async begin(): Promise<void> {
    await this.#call("begin", watchdogMarginMs, (done) => {
      this.#client.beginTransaction(done);
    });
    this.#transactionFailure = "";
    this.#topics.clear();
    this.#inTransaction = true;
  }

  async write(batch: WriteBatch): Promise<void> {
    this.#assertUsable("write");
    if (!this.#inTransaction) throw new FatalError(`write ${this.#subject}: no transaction has begun`);
    const { topics, partitions, keys, values, headers, length } = batch;
    const client = this.#client;
    for (const topic of new Set(topics)) this.#topics.add(topic);
    for (let index = 0; index < length; index++) {
      const key = keys[index]!;
      const value = values[index]!;
      try {
        // No opaque: without a delivery report it would leak (confluent-kafka-javascript#272).
        client.produce(
          topics[index]!,
          partitions[index]!,
          value?.length === 0 ? empty : value,
          key?.length === 0 ? empty : key,
          undefined,
          undefined,
          headers[index] && toClientHeaders(headers[index]!),
        );
      } catch (cause) {
        if (hasCode(cause, code.state)) throw await this.#failedInBackground(cause);
        if (!hasCode(cause, code.queueFull)) throw this.#translate("write", cause);
        // Back-pressure: the background thread sends; nothing tells us when it has, so look again soon.
        await sleep(queueFullWaitMs);
        this.#assertUsable("write");
        index--;
      }
    }
  }

  async sendOffsets(offsets: readonly CommittedOffset[], consumer: GroupConsumer): Promise<void> {
    if (offsets.length === 0) return;
    if (!(consumer instanceof ConfluentConsumer)) {
      throw new FatalError("sendOffsets: the consumer belongs to another Log");
    }
    const member = consumer.connectedClient;
    if (member === undefined) {
      // The client dereferences null here and takes the process with it.
      throw new FencedError(`offsets ${this.#subject}: the consumer is closed, its generation is gone`);
    }
    for (const { topic } of offsets) this.#topics.add(topic);
    const timeoutMs = this.#options.transactionTimeoutMs;
    await this.#call("offsets", timeoutMs, (done) => {
      this.#client.sendOffsetsToTransaction([...offsets], member, timeoutMs, done);
    });
  }

  async commit(): Promise<void> {
    const timeoutMs = this.#options.transactionTimeoutMs;
    await this.#call("commit", timeoutMs, (done) => {
      this.#client.commitTransaction(timeoutMs, done);
    });
    this.#inTransaction = false;
  }

  async abort(): Promise<void> {
    const timeoutMs = this.#options.transactionTimeoutMs;
    await this.#call("abort", timeoutMs, (done) => {
      this.#client.abortTransaction(timeoutMs, done);
    });
    this.#inTransaction = false;
  }

  close(): Promise<void> {
    this.#closed ??= disconnect(this.#client, this.#subject);
    return this.#closed;
  }

  get #subject(): string {
    return `transactional id ${this.#options.transactionalId}`;
  }

  /** One call with the client's timeout and, over it, our own watchdog. */
  async #call(
    operation: Operation,
    timeoutMs: number,
    start: (done: (error: ClientError | null | undefined) => void) => void,
  ): Promise<void> {
    this.#assertUsable(operation);
    try {
      await withDeadline(
        calledBack<undefined>((done) => {
          start((error) => {
            done(error, undefined);
          });
        }),
        timeoutMs + watchdogMarginMs,
        () => this.#late(operation, timeoutMs),
      );
    } catch (cause) {
      throw this.#translate(operation, cause);
    }
  }

  /** A call the client never came back from: whatever it was, this producer cannot be trusted with another. */
  #late(operation: Operation, timeoutMs: number): Error {
    const text = `${operation} ${this.#subject}: no answer within ${timeoutMs + watchdogMarginMs} ms`;
    return operation === "open" ? new RetryableError(text) : new IndefiniteCommitError(text);
  }

  #translate(operation: Operation, cause: unknown): Error {
    const subject = subjectWith(cause, this.#subject, this.#topics);
    let reaction = reactionTo(cause, { operation, brokers: this.#cluster.brokers, subject });
    if (reaction instanceof IndefiniteCommitError && /fenced/i.test(this.#lastEvent)) {
      reaction = new FencedError(`${operation} ${this.#subject}: ${this.#lastEvent}`, { cause });
    }
    if (reaction instanceof IndefiniteCommitError || (reaction instanceof FencedError && operation !== "offsets")) {
      this.#dead ??= reaction;
    }
    return reaction;
  }

  /**
   * A record written earlier in this transaction could not be delivered: it can only be aborted now. Usually the
   * reason comes with commit; here it must be known too, or a record that is too large would be retried for ever.
   */
  async #failedInBackground(cause: unknown): Promise<Error> {
    // The log line crosses from another thread and may come a moment after the refusal.
    const giveUpAt = performance.now() + reasonWaitMs;
    while (this.#transactionFailure === "" && performance.now() < giveUpAt) await sleep(queueFullWaitMs);
    const name = /\((\w+)\)$/.exec(this.#transactionFailure)?.[1] ?? "";
    return this.#translate("write", {
      code: codeByName[name] ?? code.state,
      message: this.#transactionFailure || (cause as Error).message,
      isTxnRequiresAbort: true,
    });
  }

  #assertUsable(operation: Operation): void {
    if (this.#closed) throw new RetryableError(`${operation} ${this.#subject}: the producer is closed`);
    if (this.#dead) throw this.#dead;
  }
}

/** The client wants an array of one-property objects, or undefined. */
function toClientHeaders(headers: RecordHeaders): MessageHeader[] {
  return headers.map(([name, value]) => ({ [name]: value }));
}
