/** What a pipeline makes of one row, document or object, and how it goes into a batch. */
import { partitionFor } from "../../domain/partition.ts";
import type { WriteBatch } from "../../kafka/log.ts";
import { cloudEventHeaders } from "./headers.ts";

export interface SourceEvent {
  /** CloudEvents type: how the value is read. */
  readonly type: string;
  readonly contentType: string;
  readonly value: Buffer;
}

/** A row that cannot go out as it is goes out as what it is: something for the quarantine, with the reason. */
export interface Unreadable {
  /** "" when it has none, or none that can be a key; null where the source says that there is none. */
  readonly key: string | null;
  /** The file, table, document or object. */
  readonly file: string | null;
  /** Line or row; 0 when there is none. */
  readonly line: number;
  /** The bytes, as far as they are known. */
  readonly raw: Buffer;
  readonly problem: string | null;
}

/** Where an event comes from. */
export interface EventContext {
  /** CloudEvents id: the source's own position. The same row, read again, has the same. */
  readonly id: string;
  /** ms since the Unix epoch: when it happened at the source. */
  readonly timeMs: number;
  /** Which row of which table or collection, `orders/17`: what an audit compares the source with. */
  readonly rowId: string;
}

export interface EventTarget {
  readonly rawTopic: string;
  readonly partitions: number;
  readonly sourceId: string;
}

/** Appends events to the raw topic of a source, to the partition of their key. */
export class EventWriter {
  readonly #topic: string;
  readonly #partitions: number;
  readonly #source: string;

  /** `server`: what kind the source reads, e.g. "postgres". */
  constructor(server: string, { rawTopic, partitions, sourceId }: EventTarget) {
    this.#topic = rawTopic;
    this.#partitions = partitions;
    this.#source = `${server}/${sourceId}`;
  }

  append(batch: WriteBatch, key: string, { type, contentType, value }: SourceEvent, context: EventContext): void {
    const bytes = Buffer.from(key);
    const headers = cloudEventHeaders({ ...context, source: this.#source, type, subject: key, contentType });
    batch.append(this.#topic, partitionFor(bytes, this.#partitions), bytes, value, headers);
  }
}
