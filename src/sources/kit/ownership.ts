/**
 * The right to write a source's events and position: a transactional producer and the position that belongs to it. It outlives
 * the connections to the source's server: a server that restarts is no reason to fence anybody.
 */
import type { GapEvent } from "../../domain/source-position.ts";
import type { Log, TransactionalProducer, WriteBatch } from "../../kafka/log.ts";
import type { PositionCodec, StoredPosition } from "./position.ts";
import { readStoredPosition } from "./position.ts";
import type { SourceHook } from "./publisher.ts";
import { Publisher } from "./publisher.ts";
import type { SourceTopics } from "./topics.ts";
import { MAX_RECORD_BYTES } from "../../kafka/limits.ts";

/**
 * An owner whose server knows no sessions (no slot that only one can hold) proves itself this often while there is nothing to
 * write, ms: a zombie notices, and `quietOwner` (standby.ts) can tell that an owner is gone.
 */
export const BEAT_MS = 3000;

export interface OwnershipOptions<P> {
  readonly log: Log;
  readonly sourceId: string;
  readonly transactionTimeoutMs: number;
  readonly topics: SourceTopics;
  readonly codec: PositionCodec<P>;
  readonly at: SourceHook;
  readonly now?: () => number;
  /** See BEAT_MS. */
  readonly beatMs?: number;
}

/** Single owner: never call two methods at once. */
export class Ownership<P> {
  readonly #options: OwnershipOptions<P>;
  readonly #now: () => number;
  #producer: TransactionalProducer | undefined;
  #publisher: Publisher<P> | undefined;
  #position: StoredPosition<P> | null = null;
  #lastWriteAt = -Infinity;

  constructor(options: OwnershipOptions<P>) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** The last position in Kafka; null when there is none. */
  get position(): StoredPosition<P> | null {
    return this.#position;
  }

  /** How long a source may wait for news before it calls `beat` again, ms. */
  get beatMs(): number {
    return this.#options.beatMs ?? BEAT_MS;
  }

  get topics(): SourceTopics {
    return this.#options.topics;
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
    const { log, sourceId, transactionTimeoutMs, topics, codec, at } = this.#options;
    const producer = log.producer({
      transactionalId: `source-${sourceId}`,
      transactionTimeoutMs,
      maxMessageBytes: MAX_RECORD_BYTES,
    });
    try {
      await producer.open();
      this.#position = await readStoredPosition(log, topics.positionsTopic, sourceId, topics.positionsPartition, codec);
    } catch (error) {
      await producer.close();
      throw error;
    }
    this.#producer = producer;
    this.#publisher = new Publisher({ producer, sourceId, codec, ...topics, at });
  }

  /** Writes the known position once more: succeeds only while nobody has fenced us. @throws FencedError */
  async prove(): Promise<void> {
    const { position } = this;
    if (position === null) return;
    await this.#guard((publisher) => publisher.rewrite(position));
    this.#lastWriteAt = this.#now();
  }

  /** `prove`, when nothing has been written for a beat. @throws FencedError */
  async beat(): Promise<void> {
    if (this.#now() - this.#lastWriteAt >= this.beatMs) await this.prove();
  }

  /**
   * One Kafka transaction (see Publisher). After any failure the producer is given up: its transaction may be in any state, and only
   * the next `acquire` can tell.
   */
  async publish(batch: WriteBatch, position: StoredPosition<P>, gap?: GapEvent): Promise<void> {
    await this.#guard((publisher) => publisher.publish(batch, position, gap));
    this.#position = position;
    this.#lastWriteAt = this.#now();
  }

  /** Gives the producer up; the next `acquire` opens a new one. Idempotent. */
  async release(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    this.#publisher = undefined;
    this.#position = null;
    await producer?.close();
  }

  async #guard(call: (publisher: Publisher<P>) => Promise<void>): Promise<void> {
    if (this.#publisher === undefined) throw new Error("the producer has been given up");
    try {
      await call(this.#publisher);
    } catch (error) {
      await this.release();
      throw error;
    }
  }
}
