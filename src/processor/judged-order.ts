import { decodeVerdictBlock } from "../domain/review/verdict-block.ts";
import type { Log, LogReader, RecordBatch, TopicPartition } from "../kafka/log.ts";

/** Records of one input that were judged one after the other, before another input had its turn. */
export interface JudgedRun {
  readonly topic: string;
  /** Offset after the last record of the run. */
  readonly to: number;
}

const WATERMARK_MS = 30_000;

/**
 * The order in which the records of a partition were judged, over all inputs, as its verdict blocks tell it. What is
 * older than the retention of the verdicts is not in it.
 */
export async function readJudgedOrder(reader: LogReader, verdicts: TopicPartition): Promise<JudgedRun[]> {
  const { low, high } = await reader.watermarks(verdicts, WATERMARK_MS);
  reader.assign([{ ...verdicts, offset: low }]);
  const runs: JudgedRun[] = [];
  while (reader.position(verdicts) < high) {
    for (const batch of await reader.fetch(1_000, 500)) {
      for (let index = 0; index < batch.length; index++) {
        const { topic, toOffset } = decodeVerdictBlock(batch.value(index)!);
        runs.push({ topic, to: toOffset });
      }
    }
  }
  return runs;
}

/** One input partition, read from offset to offset: each of several inputs goes on only when it is its turn. */
export class InputReader {
  readonly #at: TopicPartition;
  readonly #reader: LogReader;
  #batches: RecordBatch[] = [];
  /** What comes before this offset has been taken. */
  #next: number;

  private constructor(reader: LogReader, start: TopicPartition & { readonly offset: number }) {
    this.#reader = reader;
    this.#at = start;
    this.#next = start.offset;
  }

  static async open(log: Log, start: TopicPartition & { readonly offset: number }): Promise<InputReader> {
    const reader = log.reader({ isolation: "read_committed" });
    await reader.open();
    reader.assign([start]);
    return new InputReader(reader, start);
  }

  /** Hands out the records before offset `to` that have not been taken yet. */
  async take(to: number, visit: (batch: RecordBatch) => void): Promise<void> {
    while (this.#next < to) {
      const batch = this.#batches.shift();
      if (batch === undefined) {
        if (this.#reader.position(this.#at) >= to) this.#next = to;
        else this.#batches.push(...(await this.#reader.fetch(1_000, 500)));
        continue;
      }
      const end = firstIndexFrom(batch, to);
      if (end > 0) visit(end === batch.length ? batch : slice(batch, 0, end));
      if (end < batch.length) {
        this.#batches.unshift(slice(batch, end, batch.length));
        this.#next = to;
      } else this.#next = batch.offset(batch.length - 1) + 1;
    }
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }
}

function firstIndexFrom(batch: RecordBatch, offset: number): number {
  let index = batch.length;
  while (index > 0 && batch.offset(index - 1) >= offset) index--;
  return index;
}

function slice(batch: RecordBatch, from: number, to: number): RecordBatch {
  return {
    topic: batch.topic,
    partition: batch.partition,
    length: to - from,
    offset: (index) => batch.offset(from + index),
    timestamp: (index) => batch.timestamp(from + index),
    key: (index) => batch.key(from + index),
    value: (index) => batch.value(from + index),
    headers: (index) => batch.headers(from + index),
  };
}
