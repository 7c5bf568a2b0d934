import type { RecordBatch, TopicPartition } from "../log.ts";
import type { AbortedTransaction } from "./fetch.ts";
import { BatchSlice, type DecodedBatch, StoredBatch } from "./record-batch.ts";

/**
 * The records of one answer for one partition that its reader may see, in order. Passes over markers, and over the records of aborted
 * transactions by the list that the broker sent with them: a transaction's records are its producer's from its first offset on until
 * that producer's next marker (KIP-98). Batches are inflated one at a time.
 */
export class VisibleRecords {
  readonly partition: TopicPartition;
  readonly #bytes: Buffer;
  readonly #from: number;
  /** Not yet begun, by first offset. */
  readonly #aborted: AbortedTransaction[];
  /** Producers whose records at this place were aborted. */
  readonly #aborting = new Set<number>();
  #at = 0;
  #batch: DecodedBatch | undefined;
  /** Of that batch, also where compaction has taken its last record away. */
  #lastOffset = 0;
  #index = 0;
  #position: number;

  constructor(
    partition: TopicPartition,
    from: number,
    { records, aborted }: { readonly records: Buffer; readonly aborted: readonly AbortedTransaction[] },
  ) {
    this.partition = partition;
    this.#bytes = records;
    this.#from = from;
    this.#position = from;
    this.#aborted = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** The next offset after everything taken, and after what follows it unseen. */
  get position(): number {
    return this.#position;
  }

  /** Up to so many records; null when there are no more. */
  take(most: number): RecordBatch | null {
    const batch = this.#visible();
    if (batch === null) return null;
    const from = this.#index;
    this.#index = Math.min(from + most, batch.length);
    this.#position = batch.offset(this.#index - 1) + 1;
    const taken = new BatchSlice(batch, from, this.#index);
    // Moves the position over what follows.
    this.#visible();
    return taken;
  }

  /** The batch with the next record, or null at the end. */
  #visible(): DecodedBatch | null {
    for (;;) {
      if (this.#batch !== undefined) {
        if (this.#index < this.#batch.length) return this.#batch;
        this.#batch = undefined;
        this.#pass(this.#lastOffset);
      }
      const stored = StoredBatch.at(this.#bytes, this.#at);
      if (stored === null) return null;
      const batch = this.#isSeen(stored) ? stored.records(this.partition) : undefined;
      this.#at = stored.end;
      this.#index = 0;
      // The broker answers with whole batches: the first may begin before what was asked for.
      while (batch !== undefined && this.#index < batch.length && batch.offset(this.#index) < this.#from) this.#index++;
      this.#batch = batch;
      this.#lastOffset = stored.lastOffset;
      if (batch === undefined) this.#pass(stored.lastOffset);
    }
  }

  #pass(offset: number): void {
    this.#position = Math.max(this.#position, offset + 1);
  }

  #isSeen(stored: StoredBatch): boolean {
    const { lastOffset } = stored;
    while (this.#aborted[0] !== undefined && this.#aborted[0].firstOffset <= lastOffset) {
      this.#aborting.add(this.#aborted.shift()!.producerId);
    }
    if (stored.control) {
      this.#aborting.delete(stored.producerId);
      return false;
    }
    return !(stored.transactional && this.#aborting.has(stored.producerId));
  }
}

/** Offset after the last whole batch of an answer: where to ask next; null when it holds none. */
export function offsetAfter(records: Buffer): number | null {
  let next: number | null = null;
  for (let batch = StoredBatch.at(records, 0); batch !== null; batch = StoredBatch.at(records, batch.end)) {
    next = batch.lastOffset + 1;
  }
  return next;
}
