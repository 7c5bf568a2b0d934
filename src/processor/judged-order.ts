import { RetryableError } from "../domain/errors.ts";
import { decodeVerdictBlock } from "../domain/review/verdict-block.ts";
import { VERDICTS, type VerdictCounts, zeroCounts } from "../domain/review/verdict.ts";
import { readTo } from "../kafka/read-to.ts";
import { topicIdIn } from "./topic-ids.ts";
import type { Log, LogReader, RecordBatch, TopicPartition } from "../kafka/log.ts";

/** Records of one input that were judged one after the other, before another input had its turn. */
export interface JudgedRun {
  readonly topic: string;
  /** Offset after the last record of the run. */
  readonly to: number;
}

const WATERMARK_MS = 30_000;
/** Longer than a transaction may stay open (EO-8): what stands for so long does not move by itself. */
export const READ_STALL_MS = 60_000;

/** What the verdict blocks of a partition tell. What is older than their retention is not in it. */
export interface JudgedOrder {
  /** The order in which the records were judged, over all inputs. */
  readonly runs: readonly JudgedRun[];
  /** All inputs together. */
  readonly counts: VerdictCounts;
  readonly streamTime: number | null;
  /** The broker's ids of the inputs when they were judged last, by topic. */
  readonly topicIds: ReadonlyMap<string, string>;
  /** Blocks have been deleted by retention: an input that is not among the runs may have been judged all the same. */
  readonly incomplete: boolean;
}

/** Reads all verdict blocks of a partition. */
export async function readJudgedOrder(
  reader: LogReader,
  verdicts: TopicPartition,
  now: () => number,
): Promise<JudgedOrder> {
  const { low, high } = await reader.watermarks(verdicts, WATERMARK_MS);
  const runs: JudgedRun[] = [];
  const counts = zeroCounts();
  const topicIds = new Map<string, string>();
  let streamTime: number | null = null;
  await readTo(
    reader,
    [{ ...verdicts, offset: low, high }],
    (batch) => {
      for (let index = 0; index < batch.length; index++) {
        const block = decodeVerdictBlock(batch.value(index)!);
        runs.push({ topic: block.topic, to: block.toOffset });
        for (const verdict of VERDICTS) counts[verdict] += block.counts[verdict];
        streamTime = block.streamTime ?? streamTime;
        const id = topicIdIn(batch.headers(index));
        if (id !== undefined) topicIds.set(block.topic, id);
      }
    },
    { now, stallMs: READ_STALL_MS },
  );
  return { runs, counts, streamTime, topicIds, incomplete: low > 0 };
}

/** One input partition, read from offset to offset: each of several inputs goes on only when it is its turn. */
export class InputReader {
  readonly #at: TopicPartition;
  readonly #reader: LogReader;
  readonly #now: () => number;
  #batches: RecordBatch[] = [];
  /** What comes before this offset has been taken. */
  #next: number;

  private constructor(reader: LogReader, start: TopicPartition & { readonly offset: number }, now: () => number) {
    this.#reader = reader;
    this.#now = now;
    this.#at = start;
    this.#next = start.offset;
  }

  static async open(
    log: Log,
    start: TopicPartition & { readonly offset: number },
    now: () => number,
  ): Promise<InputReader> {
    const reader = log.reader({ isolation: "read_committed" });
    await reader.open();
    reader.assign([start]);
    return new InputReader(reader, start, now);
  }

  /** Hands out the records before offset `to` that have not been taken yet. Throws RetryableError when they do not come. */
  async take(to: number, visit: (batch: RecordBatch) => void): Promise<void> {
    let progressAt = this.#now();
    while (this.#next < to) {
      const batch = this.#batches.shift();
      if (batch === undefined) {
        const stands = this.#reader.position(this.#at);
        if (stands >= to) {
          this.#next = to;
          return;
        }
        if (this.#now() - progressAt > READ_STALL_MS) {
          const { topic, partition } = this.#at;
          throw new RetryableError(
            `${topic}/${partition} stands at ${stands} and does not come to ${to}, where it was judged`,
          );
        }
        this.#batches.push(...(await this.#reader.fetch(1_000, 500)));
        if (this.#reader.position(this.#at) > stands) progressAt = this.#now();
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
