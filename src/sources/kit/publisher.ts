/** One Kafka transaction: events and the position after them, together (EO-11). */
import type { GapEvent } from "../../domain/source-position.ts";
import type { TransactionalProducer } from "../../kafka/log.ts";
import { WriteBatch } from "../../kafka/log.ts";
import type { PositionCodec, StoredPosition } from "./position.ts";
import { encodeStoredPosition } from "./position.ts";
import type { SourceTopics } from "./topics.ts";

/**
 * The gaps between durable steps, where a crash test ends the process:
 * `taken` rows are read, nothing is written · `produced` written, not committed · `committed` in Kafka, not acknowledged to
 * the source's server · `acknowledged`, which a source calls itself (after a commit, where it has nothing to acknowledge).
 * A source may add points of its own, e.g. within its snapshot.
 */
export type SourcePoint = "taken" | "produced" | "committed" | "acknowledged" | (string & Record<never, never>);
export type SourceHook = (point: SourcePoint) => Promise<void> | void;

export interface PublisherOptions<P> extends SourceTopics {
  readonly producer: TransactionalProducer;
  readonly sourceId: string;
  readonly codec: PositionCodec<P>;
  readonly at: SourceHook;
}

export class Publisher<P> {
  readonly #options: PublisherOptions<P>;

  constructor(options: PublisherOptions<P>) {
    this.#options = options;
  }

  /**
   * Commits `batch`, `position` and, at the start of an epoch, `gap`. The last two are appended to `batch`.
   * @throws RetryableError | FencedError | FatalError
   */
  async publish(batch: WriteBatch, position: StoredPosition<P>, gap?: GapEvent): Promise<void> {
    const { producer, sourceId, gapsTopic, gapsPartition, at } = this.#options;
    this.#appendPosition(batch, position);
    if (gap !== undefined)
      batch.append(gapsTopic, gapsPartition, Buffer.from(sourceId), Buffer.from(JSON.stringify(gap)));
    await at("taken");
    await producer.begin();
    await producer.write(batch);
    await at("produced");
    await producer.commit();
    await at("committed");
  }

  /** Writes the position once more, without anything new. @throws FencedError when another incarnation has taken over. */
  async rewrite(position: StoredPosition<P>): Promise<void> {
    const { producer } = this.#options;
    const batch = new WriteBatch();
    this.#appendPosition(batch, position);
    await producer.begin();
    await producer.write(batch);
    await producer.commit();
  }

  #appendPosition(batch: WriteBatch, position: StoredPosition<P>): void {
    const { sourceId, codec, positionsTopic, positionsPartition } = this.#options;
    batch.append(
      positionsTopic,
      positionsPartition,
      Buffer.from(sourceId),
      encodeStoredPosition(sourceId, position, codec),
    );
  }
}
