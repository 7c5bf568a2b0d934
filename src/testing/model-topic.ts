import type { IsolationLevel, RecordHeaders, TopicPartition, TopicSpec } from "../kafka/log.ts";
import { invariant } from "./model-invariant.ts";

/** What a partition needs to know of a transaction that wrote to it. */
export interface TransactionOutcome {
  /** Decided to commit; with its marker on the partition the records are visible. */
  readonly commits: boolean;
}

export interface NewRecord {
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders | undefined;
}

/** One offset of a partition: a record, or the marker that ends a transaction there. */
export interface LogEntry extends NewRecord {
  readonly offset: number;
  readonly transaction: TransactionOutcome | null;
  readonly marker: "commit" | "abort" | null;
}

export function partitionKey(topic: string, partition: number): string {
  return `${topic}:${partition}`;
}

/**
 * The log of one partition. `low <= lastStable <= high`, all of which only ever rise. A read_committed
 * reader sees the entries below `lastStable`: there every transaction has its marker, so each record is
 * known to be committed or aborted.
 */
export class ModelPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly spec: TopicSpec;
  #entries: LogEntry[] = [];
  #low = 0;
  #high = 0;
  #lastStable = 0;
  /** Transactions without a marker here, each with the offset of its first record. */
  readonly #open = new Map<TransactionOutcome, number>();

  constructor(spec: TopicSpec, partition: number) {
    this.topic = spec.name;
    this.partition = partition;
    this.key = partitionKey(spec.name, partition);
    this.spec = spec;
  }

  get low(): number {
    return this.#low;
  }

  /** The offset after the last entry. One broker: the high watermark is the end of the log. */
  get high(): number {
    return this.#high;
  }

  /** The last stable offset: the first record of the oldest open transaction, or `high`. */
  get lastStable(): number {
    return this.#lastStable;
  }

  append(record: NewRecord, transaction: TransactionOutcome | null): number {
    const offset = this.#high;
    if (transaction !== null && !this.#open.has(transaction)) this.#open.set(transaction, offset);
    this.#push({ ...record, offset, transaction, marker: null });
    return offset;
  }

  appendMarker(transaction: TransactionOutcome, timestamp: number): void {
    const marker = transaction.commits ? "commit" : "abort";
    this.#open.delete(transaction);
    this.#push({ offset: this.#high, timestamp, key: null, value: null, headers: undefined, transaction, marker });
  }

  /**
   * At most `max` visible entries from offset `from` on, and the offset to go on from: past the markers and
   * aborted records that follow the last entry.
   */
  read(from: number, isolation: IsolationLevel, max: number): { entries: LogEntry[]; next: number } {
    const bound = isolation === "read_committed" ? this.#lastStable : this.#high;
    const entries: LogEntry[] = [];
    for (let index = this.#indexOf(from); index < this.#entries.length; index += 1) {
      const entry = this.#entries[index]!;
      if (entry.offset >= bound) break;
      if (!isVisible(entry, isolation)) continue;
      if (entries.length >= max) return { entries, next: entry.offset };
      entries.push(entry);
    }
    return { entries, next: Math.max(from, bound) };
  }

  /** Every entry that is kept, markers and aborted records too. */
  entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /**
   * What the log cleaner does below the last stable offset: aborted records and markers go, of the others
   * the last of each key stays, and tombstones go when asked. Offsets stay what they were.
   */
  compact(removeTombstones: boolean): void {
    const last = new Map<string, number>();
    const isClean = (entry: LogEntry): boolean => entry.offset < this.#lastStable;
    for (const entry of this.#entries) {
      if (!isClean(entry) || !isVisible(entry, "read_committed")) continue;
      invariant(entry.key !== null, `${this.key} is compacted and holds a record without a key at ${entry.offset}`);
      last.set(entry.key.toString("latin1"), entry.offset);
    }
    this.#entries = this.#entries.filter((entry) => {
      if (!isClean(entry)) return true;
      if (!isVisible(entry, "read_committed") || entry.key === null) return false;
      if (last.get(entry.key.toString("latin1")) !== entry.offset) return false;
      return entry.value !== null || !removeTombstones;
    });
    this.#check();
  }

  /** What retention does: entries before the offset are gone. It never passes the last stable offset. */
  truncate(before: number): void {
    this.#low = Math.max(this.#low, Math.min(before, this.#lastStable));
    this.#entries = this.#entries.slice(this.#indexOf(this.#low));
    this.#check();
  }

  #push(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#high = entry.offset + 1;
    let stable = this.#high;
    for (const first of this.#open.values()) stable = Math.min(stable, first);
    invariant(stable >= this.#lastStable, `${this.key}: the last stable offset moved back to ${stable}`);
    this.#lastStable = stable;
    invariant(this.#low <= stable && stable <= this.#high, `${this.key}: low <= last stable <= high is broken`);
  }

  #check(): void {
    let previous = this.#low - 1;
    for (const { offset } of this.#entries) {
      invariant(offset > previous, `${this.key}: offset ${offset} follows ${previous}`);
      previous = offset;
    }
    invariant(previous < this.#high, `${this.key}: offset ${previous} is past the end ${this.#high}`);
  }

  /** Index of the first entry whose offset is not before `offset`. */
  #indexOf(offset: number): number {
    let from = 0;
    let to = this.#entries.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#entries[middle]!.offset < offset) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function isVisible(entry: LogEntry, isolation: IsolationLevel): boolean {
  if (entry.marker !== null) return false;
  return isolation === "read_uncommitted" || entry.transaction === null || entry.transaction.commits;
}
