import { RetryableError } from "../domain/errors.ts";
import type { LogReader, RecordBatch, TopicPartition } from "./log.ts";

/** A part of a partition: from `offset` until the reader stands at `high` or behind it. Markers may follow the last record. */
export interface ReadRange extends TopicPartition {
  readonly offset: number;
  readonly high: number;
}

export interface ReadToOptions {
  /** ms, of whatever clock. */
  readonly now: () => number;
  /** The reading ends when nothing has moved for so long, ms. */
  readonly stallMs: number;
  /** Ends the reading, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Called while nothing moves, with how long it has not, ms. */
  readonly onStanding?: (ms: number) => Promise<void>;
  /** The error to throw in place of a RetryableError, given where the reading stands. */
  readonly stalled?: (where: string) => Error;
  readonly maxRecords?: number;
  readonly fetchMs?: number;
}

/**
 * Reads ranges to their bounds: every reading to a watermark goes through here, so that none waits for ever for a transaction
 * that does not end or a broker that does not answer. Hands out the batches as they come; they may reach beyond a bound.
 *
 * Throws RetryableError, saying where it stands, when nothing has moved for `stallMs`.
 */
export async function readTo<R extends ReadRange>(
  reader: LogReader,
  ranges: readonly R[],
  visit: (batch: RecordBatch, range: R) => void,
  options: ReadToOptions,
): Promise<void> {
  const { now, stallMs, signal, onStanding, maxRecords = 2_000, fetchMs = 250 } = options;
  const open = ranges.filter(({ offset, high }) => offset < high);
  if (open.length === 0) return;
  const byName = new Map(open.map((range) => [nameOf(range), range]));
  reader.assign(open.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
  let progressAt = now();
  let stood = -1;
  while (signal?.aborted !== true) {
    for (const batch of await reader.fetch(maxRecords, fetchMs)) visit(batch, byName.get(nameOf(batch))!);
    const behind = open.filter((range) => reader.position(range) < range.high);
    if (behind.length === 0) return;
    const stands = open.reduce((sum, range) => sum + reader.position(range), 0);
    if (stands !== stood) {
      stood = stands;
      progressAt = now();
    } else if (now() - progressAt > stallMs) {
      const where = behind
        .map((range) => `${nameOf(range)} stands at ${reader.position(range)} of ${range.high}`)
        .join(", ");
      throw options.stalled?.(where) ?? standsStill(where);
    } else await onStanding?.(now() - progressAt);
  }
}

function standsStill(where: string): RetryableError {
  return new RetryableError(
    `reading makes no progress: ${where}; a transaction is still open there, or a broker does not answer`,
  );
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
