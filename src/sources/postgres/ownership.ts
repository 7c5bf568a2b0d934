/**
 * The right to write this source's events and position: a transactional producer and the position that belongs to it. It outlives
 * the connections to Postgres: a server that restarts is no reason to fence anybody.
 */
import type { GapEvent } from "../../domain/cricket/topics.ts";
import type { Log, TransactionalProducer, WriteBatch } from "../../kafka/log.ts";
import type { PostgresPosition } from "./position.ts";
import { readPosition } from "./position.ts";
import type { SourceHook } from "./publisher.ts";
import { Publisher } from "./publisher.ts";
import type { SourceTopics } from "./topics.ts";
import { MAX_MESSAGE_BYTES } from "./topics.ts";

export interface OwnershipOptions {
  readonly log: Log;
  readonly sourceId: string;
  readonly transactionTimeoutMs: number;
  readonly topics: SourceTopics;
  readonly at: SourceHook;
}

export class Ownership {
  readonly #options: OwnershipOptions;
  #producer: TransactionalProducer | undefined;
  #publisher: Publisher | undefined;
  #position: PostgresPosition | null = null;

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  /** The last position in Kafka; null when there is none. */
  get position(): PostgresPosition | null {
    return this.#position;
  }

  /**
   * Makes sure that we are the only incarnation that can write, and that `position` is the latest. @throws FencedError when another
   * one took over since the last call.
   */
  async acquire(): Promise<void> {
    if (this.#publisher !== undefined && this.#position !== null) {
      await this.prove();
      return;
    }
    await this.release();
    const { log, sourceId, transactionTimeoutMs, topics } = this.#options;
    const producer = log.producer({
      transactionalId: `source-${sourceId}`,
      transactionTimeoutMs,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    });
    try {
      await producer.open();
      this.#position = await readPosition(log, topics.positionsTopic, sourceId, topics.positionsPartition);
    } catch (error) {
      await producer.close();
      throw error;
    }
    this.#producer = producer;
    this.#publisher = new Publisher({ producer, sourceId, ...topics, at: this.#options.at });
  }

  /** Writes the known position once more: succeeds only while nobody has fenced us. @throws FencedError */
  async prove(): Promise<void> {
    const { position } = this;
    if (position !== null) await this.#guard((publisher) => publisher.rewrite(position));
  }

  /** One Kafka transaction (see Publisher). After any failure the producer is given up: its transaction may be in any state. */
  async publish(batch: WriteBatch, position: PostgresPosition, gap?: GapEvent): Promise<void> {
    await this.#guard((publisher) => publisher.publish(batch, position, gap));
    this.#position = position;
  }

  /** Gives the producer up; the next `acquire` opens a new one. Idempotent. */
  async release(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    this.#publisher = undefined;
    this.#position = null;
    await producer?.close();
  }

  async #guard(call: (publisher: Publisher) => Promise<void>): Promise<void> {
    if (this.#publisher === undefined) throw new Error("the producer has been given up");
    try {
      await call(this.#publisher);
    } catch (error) {
      await this.release();
      throw error;
    }
  }
}
