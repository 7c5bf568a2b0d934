import { FatalError } from "../domain/errors.ts";
import type { IsolationLevel, RecordBatch, RecordHeaders, TopicPartition } from "../kafka/log.ts";
import type { ModelBroker } from "./model-broker.ts";
import { invariant } from "./model-invariant.ts";
import { partitionKey } from "./model-topic.ts";
import type { LogEntry, ModelPartition } from "./model-topic.ts";

class ModelRecordBatch implements RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly #entries: readonly LogEntry[];

  constructor({ topic, partition }: TopicPartition, entries: readonly LogEntry[]) {
    this.topic = topic;
    this.partition = partition;
    this.#entries = entries;
  }

  get length(): number {
    return this.#entries.length;
  }

  offset(index: number): number {
    return this.#at(index).offset;
  }

  timestamp(index: number): number {
    return this.#at(index).timestamp;
  }

  key(index: number): Buffer | null {
    return this.#at(index).key;
  }

  value(index: number): Buffer | null {
    return this.#at(index).value;
  }

  headers(index: number): RecordHeaders | undefined {
    return this.#at(index).headers;
  }

  #at(index: number): LogEntry {
    const entry = this.#entries[index];
    if (entry === undefined) throw new RangeError(`record ${index} of a batch of ${this.#entries.length}`);
    return entry;
  }
}

/** Of a name: a topic that was deleted has no records, and one that was made again has others. */
interface Cursor extends TopicPartition {
  readonly key: string;
  offset: number;
  paused: boolean;
}

/** Fetch positions of one reader: several partitions, read in turn. */
export class Cursors {
  readonly #broker: ModelBroker;
  readonly #isolation: IsolationLevel;
  readonly #cursors = new Map<string, Cursor>();
  #turn = 0;

  constructor(broker: ModelBroker, isolation: IsolationLevel) {
    this.#broker = broker;
    this.#isolation = isolation;
  }

  set(start: TopicPartition & { readonly offset: number }): void {
    invariant(Number.isSafeInteger(start.offset) && start.offset >= 0, `a position of ${start.offset}`);
    const { topic, partition, key } = this.#broker.partition(start);
    this.#cursors.set(key, { topic, partition, key, offset: start.offset, paused: false });
  }

  delete({ topic, partition }: TopicPartition): void {
    this.#cursors.delete(partitionKey(topic, partition));
  }

  clear(): void {
    this.#cursors.clear();
  }

  get({ topic, partition }: TopicPartition): { offset: number; paused: boolean } | undefined {
    return this.#cursors.get(partitionKey(topic, partition));
  }

  partitions(): TopicPartition[] {
    return [...this.#cursors.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  /** At most `max` records, one batch a partition; starts at another partition each time, so that none starves. */
  fetch(max: number): RecordBatch[] {
    const batches: RecordBatch[] = [];
    const cursors = [...this.#cursors.values()];
    let left = max;
    this.#turn += 1;
    for (let step = 0; step < cursors.length && left > 0; step += 1) {
      const cursor = cursors[(this.#turn + step) % cursors.length]!;
      const log = this.#broker.findPartition(cursor.key);
      if (cursor.paused || log === undefined) continue;
      assertInRange(cursor, log);
      const { entries, next } = log.read(cursor.offset, this.#isolation, left);
      cursor.offset = next;
      left -= entries.length;
      if (entries.length > 0) batches.push(new ModelRecordBatch(log, entries));
    }
    return batches;
  }

  /** Whether `fetch` has something to return, or to throw. */
  hasNews(): boolean {
    for (const cursor of this.#cursors.values()) {
      const log = this.#broker.findPartition(cursor.key);
      if (cursor.paused || log === undefined) continue;
      if (!isInRange(cursor, log)) return true;
      if (log.read(cursor.offset, this.#isolation, 1).entries.length > 0) return true;
    }
    return false;
  }
}

function isInRange({ offset }: Cursor, { low, high }: ModelPartition): boolean {
  return low <= offset && offset <= high;
}

/** `auto.offset.reset=error`: a record that is gone stops the reader, it does not move it silently. */
function assertInRange(cursor: Cursor, log: ModelPartition): void {
  if (isInRange(cursor, log)) return;
  throw new FatalError(`${log.key}: offset ${cursor.offset} is outside the log, ${log.low} to ${log.high}`, {
    remedy: "the records after the committed offset were deleted by retention; reset the group on purpose",
  });
}
