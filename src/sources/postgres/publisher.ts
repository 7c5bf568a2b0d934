/** One Kafka transaction: events and the position after them, together (EO-11). */
import type { GapEvent } from "../../domain/cricket/topics.ts";
import type { TransactionalProducer } from "../../kafka/log.ts";
import { WriteBatch } from "../../kafka/log.ts";
import type { PostgresPosition } from "./position.ts";
import { toSourcePosition } from "./position.ts";

/**
 * The gaps between durable steps, where a crash test ends the process:
 * `taken` rows are read, nothing is written · `produced` written, not committed · `committed` in Kafka, not acknowledged to
 * Postgres · `acknowledged` · and of the first start: `slot-created`, `snapshot-rows` (some rows are in Kafka, the snapshot goes on).
 */
export type SourcePoint = "taken" | "produced" | "committed" | "acknowledged" | "slot-created" | "snapshot-rows";
export type SourceHook = (point: SourcePoint) => Promise<void> | void;

export interface PublisherOptions {
  readonly producer: TransactionalProducer;
  readonly sourceId: string;
  readonly positionsTopic: string;
  readonly positionsPartition: number;
  readonly gapsTopic: string;
  readonly gapsPartition: number;
  readonly at: SourceHook;
}

export class Publisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Commits `batch`, `position` and, at the start of an epoch, `gap`. @throws RetryableError | FencedError | FatalError */
  async publish(batch: WriteBatch, position: PostgresPosition, gap?: GapEvent): Promise<void> {
    const { producer, sourceId, positionsTopic, positionsPartition, gapsTopic, gapsPartition, at } = this.#options;
    const key = Buffer.from(sourceId);
    batch.append(
      positionsTopic,
      positionsPartition,
      key,
      Buffer.from(JSON.stringify(toSourcePosition(sourceId, position))),
    );
    if (gap !== undefined) batch.append(gapsTopic, gapsPartition, key, Buffer.from(JSON.stringify(gap)));
    await at("taken");
    await producer.begin();
    await producer.write(batch);
    await at("produced");
    await producer.commit();
    await at("committed");
  }

  /** Writes the position once more, without anything new. @throws FencedError when another incarnation has taken over. */
  async rewrite(position: PostgresPosition): Promise<void> {
    const { producer, sourceId, positionsTopic, positionsPartition } = this.#options;
    const batch = new WriteBatch();
    batch.append(
      positionsTopic,
      positionsPartition,
      Buffer.from(sourceId),
      Buffer.from(JSON.stringify(toSourcePosition(sourceId, position))),
    );
    await producer.begin();
    await producer.write(batch);
    await producer.commit();
  }
}
