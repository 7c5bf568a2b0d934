import { FatalError } from "../domain/errors.ts";
import { readTo } from "../kafka/read-to.ts";
import type { Log, LogReader, RecordBatch, TopicPartition } from "../kafka/log.ts";

const FETCH_RECORDS = 5000;
const WATERMARK_MS = 10_000;
/** Longer than a transaction may stay open (EO-8): then it is not a slow writer, something is wrong. */
const STALL_MS = 30_000;

export interface Range extends TopicPartition {
  /** First offset to read. */
  readonly from: number;
  /** Read until the reader stands here or beyond: markers may follow the last record. */
  readonly to: number;
}

export interface TopicEnds {
  readonly topic: string;
  /** By partition. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** One reader for the whole audit: what is kept and where it ends, and records of ranges in order. Committed records only. */
export class LogSide {
  readonly #log: Log;
  readonly #reader: LogReader;
  readonly #signal: AbortSignal;

  private constructor(log: Log, reader: LogReader, signal: AbortSignal) {
    this.#log = log;
    this.#reader = reader;
    this.#signal = signal;
  }

  static async open(log: Log, signal: AbortSignal): Promise<LogSide> {
    const reader = log.reader({ isolation: "read_committed" });
    await reader.open();
    return new LogSide(log, reader, signal);
  }

  /** Partition counts by topic. @throws FatalError when one does not exist. */
  async partitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const admin = this.#log.admin();
    try {
      const found = await admin.describeTopics(topics);
      const counts = new Map<string, number>();
      for (const topic of topics) {
        const spec = found.get(topic);
        if (spec === undefined) {
          throw new FatalError(`topic ${topic} does not exist`, {
            remedy: "nothing has been processed yet: `third-umpire run` does it all",
          });
        }
        counts.set(topic, spec.partitions);
      }
      return counts;
    } finally {
      await admin.close();
    }
  }

  async ends(topic: string, partitions: number): Promise<TopicEnds> {
    const all = await Promise.all(
      Array.from({ length: partitions }, (_, partition) => this.#reader.watermarks({ topic, partition }, WATERMARK_MS)),
    );
    return { topic, low: all.map(({ low }) => low), high: all.map(({ high }) => high) };
  }

  /** @throws FatalError when an open transaction holds the end of a range for 30 s. */
  async read(ranges: readonly Range[], visit: (batch: RecordBatch, bound: Range) => void): Promise<void> {
    const bounded = ranges.map((range) => ({ ...range, offset: range.from, high: range.to }));
    await readTo(
      this.#reader,
      bounded,
      (batch, bound) => {
        this.#signal.throwIfAborted();
        visit(batch, bound);
      },
      {
        now: () => performance.now(),
        stallMs: STALL_MS,
        signal: this.#signal,
        maxRecords: FETCH_RECORDS,
        stalled: transactionOpen,
      },
    );
    this.#signal.throwIfAborted();
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }
}

/** What stands before a watermark for longer than a transaction may be open. */
function transactionOpen(where: string): FatalError {
  return new FatalError(`${where}: a transaction is open and does not end`, {
    remedy: "start the process that began it again: it ends what it left open",
  });
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
