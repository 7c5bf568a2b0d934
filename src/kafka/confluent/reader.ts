import { RetryableError } from "../../domain/errors.ts";
import type { IsolationLevel, LogReader, RecordBatch, TopicPartition, Watermarks } from "../log.ts";
import { newConsumer } from "./binding.ts";
import type { ClientConsumer } from "./binding.ts";
import { commonConfig, connect, construct, disconnect } from "./connection.ts";
import type { Cluster } from "./connection.ts";
import { code, hasCode, reactionTo, subjectWith } from "./errors.ts";
import type { Operation } from "./errors.ts";
import { fetchConfig } from "./fetch-config.ts";
import { Fetcher, keyOf } from "./fetcher.ts";
import type { PlainClient, PlainClientLease } from "./plain-client.ts";

/** Short: a restore ends with an idle call, and waits for it. */
const idleMs = 10;

export interface ReaderOptions {
  readonly isolation: IsolationLevel;
  readonly maxQueuedBytes?: number;
}

/**
 * Reads given partitions outside any group.
 *
 * Position: the client's own position() stands after the last record it delivered and never moves over the
 * transaction markers and aborted records at a tail, so a restore that waits for it would wait for ever. The
 * end-of-partition event carries the offset that fetching has reached, past both; it comes each time the reader
 * reaches the end it may see (under read_committed: the last stable offset).
 */
export class ConfluentReader implements LogReader {
  readonly #cluster: Cluster;
  readonly #plain: PlainClientLease;
  readonly #client: ClientConsumer;
  readonly #fetcher: Fetcher;
  #positions = new Map<string, number>();
  #topics: ReadonlySet<string> = new Set();
  #unreachable = false;
  #closing = false;
  #closed: Promise<void> | undefined;

  constructor(cluster: Cluster, options: ReaderOptions, plain: PlainClient) {
    this.#cluster = cluster;
    this.#client = construct((config) => newConsumer(config, { "auto.offset.reset": "error" }), {
      ...commonConfig(cluster),
      // The library wants a group id and looks for its coordinator, though nothing is subscribed or committed.
      "group.id": `${cluster.clientId}-none`,
      "enable.auto.commit": false,
      "enable.auto.offset.store": false,
      "enable.partition.eof": true,
      "isolation.level": options.isolation,
      ...fetchConfig(options.maxQueuedBytes),
      // The end of a partition is reported by the first answer without records, which the broker holds back as
      // long as this: it is added to every restore.
      "fetch.wait.max.ms": 20,
    });
    this.#client.on("event.error", (error) => {
      if (/all broker connections are down/i.test(error.message)) this.#unreachable = true;
    });
    this.#fetcher = new Fetcher(this.#client, {
      idleMs,
      prefetch: true,
      interrupted: () => this.#closing,
      // This user needs no right on a group that is no group.
      ignores: (cause) => hasCode(cause, code.groupRight),
      translate: (cause) => this.#translate(cause),
      onEnd: (end) => {
        this.#advance(end, end.offset);
      },
      returnsAtEnd: true,
    });
    this.#plain = plain.hold();
  }

  async open(): Promise<void> {
    await connect(this.#client, this.#cluster, "reader");
  }

  assign(start: readonly (TopicPartition & { readonly offset: number })[]): void {
    this.#assertOpen("fetch");
    const assignment = start.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
    this.#positions = new Map(assignment.map((entry) => [keyOf(entry), entry.offset]));
    this.#topics = new Set(assignment.map(({ topic }) => topic));
    this.#fetcher.change(undefined, () => {
      this.#client.assign(assignment);
    });
  }

  async fetch(maxRecords: number, timeoutMs: number): Promise<RecordBatch[]> {
    this.#assertOpen("fetch");
    try {
      const batches = await this.#fetcher.fetch(maxRecords, timeoutMs);
      for (const batch of batches) this.#advance(batch, batch.offset(batch.length - 1) + 1);
      if (batches.length > 0) {
        this.#unreachable = false;
      } else if (this.#unreachable) {
        this.#unreachable = false;
        throw new RetryableError(`fetch: no connection to Kafka at ${this.#cluster.brokers}; is it running?`);
      }
      return batches;
    } catch (cause) {
      throw this.#translate(cause);
    }
  }

  position(partition: TopicPartition): number {
    const position = this.#positions.get(keyOf(partition));
    if (position === undefined) {
      throw new RetryableError(`position of ${partition.topic}[${partition.partition}]: it is not assigned`);
    }
    return position;
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
    if (this.#client.isConnected()) {
      try {
        await this.#fetcher.drained();
      } catch (cause) {
        process.emitWarning(cause instanceof Error ? cause : String(cause));
      }
      await disconnect(this.#client, "reader");
    }
    await this.#plain.release();
  }

  #translate(cause: unknown): Error {
    const subject = subjectWith(cause, "reader", this.#topics);
    return reactionTo(cause, { operation: "fetch", brokers: this.#cluster.brokers, subject });
  }

  #advance(partition: TopicPartition, offset: number): void {
    const key = keyOf(partition);
    const before = this.#positions.get(key);
    if (before !== undefined && offset > before) this.#positions.set(key, offset);
  }

  #assertOpen(operation: Operation): void {
    if (this.#closing) throw new RetryableError(`${operation}: the reader is closed`);
  }
}
