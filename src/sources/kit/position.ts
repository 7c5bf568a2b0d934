/** A source's position: kept in Kafka, written in the same transaction as the events it covers (EO-11). */
import type { GapEvent, SourcePosition } from "../../domain/source-position.ts";
import { FatalError } from "../../domain/errors.ts";
import type { Log } from "../../kafka/log.ts";
import { readTo } from "../../kafka/read-to.ts";

/** Turns a source's own position into fields that JSON keeps, and back. Others may show these fields, never interpret them. */
export interface PositionCodec<P> {
  describe(position: P): Readonly<Record<string, string | number>>;
  /** @throws TypeError (or RangeError) when fields are missing or are none of this source's. */
  parse(position: Readonly<Record<string, string | number>>): P;
}

export interface StoredPosition<P> {
  /** Rises by one whenever continuity with what came before cannot be proved (EO-13). */
  readonly epoch: number;
  /** Events emitted so far, over all epochs. */
  readonly events: number;
  readonly position: P;
}

/** The record's value in the positions topic. */
export function encodeStoredPosition<P>(sourceId: string, stored: StoredPosition<P>, codec: PositionCodec<P>): Buffer {
  const { epoch, events, position } = stored;
  const record: SourcePosition = { sourceId, epoch, position: codec.describe(position), events };
  return Buffer.from(JSON.stringify(record));
}

/** @throws FatalError when the record is none of ours: going on from a guess would lose or repeat rows silently. */
export function parseStoredPosition<P>(sourceId: string, value: Buffer, codec: PositionCodec<P>): StoredPosition<P> {
  try {
    const { epoch, events, position } = JSON.parse(value.toString("utf8")) as SourcePosition;
    if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(events) || typeof position !== "object")
      throw new TypeError("fields are missing");
    return { epoch, events, position: codec.parse(position) };
  } catch (error) {
    throw new FatalError(
      `the stored position of source ${sourceId} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
        remedy:
          "give the source another id, or write a tombstone for its key to the positions topic; either takes a new snapshot",
      },
    );
  }
}

/** No reader of a local topic takes this long: something holds the topic (an open transaction, a partition without a leader). */
const STALL_MS = 60_000;

/**
 * Reads the last position of a source; null when there is none. A source calls it after its transactional producer has been
 * opened (`Ownership.acquire` does): only then is no older incarnation able to write another one, and no transaction of its is open.
 *
 * @throws RetryableError when the topic cannot be read to its end in time; FatalError when the record is none of ours.
 */
export async function readStoredPosition<P>(
  log: Log,
  topic: string,
  sourceId: string,
  partition: number,
  codec: PositionCodec<P>,
  now: () => number = Date.now,
): Promise<StoredPosition<P> | null> {
  const reader = log.reader({ isolation: "read_committed" });
  try {
    await reader.open();
    const at = { topic, partition };
    // The high watermark, not the last stable offset: the marker of our own last commit may still be on its way (EO-4's bound).
    const { low, high } = await reader.watermarks(at, 10_000);
    const stored: { last: Buffer | null } = { last: null };
    await readTo(
      reader,
      [{ ...at, offset: low, high }],
      (batch) => {
        for (let index = 0; index < batch.length; index += 1) {
          if (batch.key(index)?.toString("utf8") === sourceId) stored.last = batch.value(index);
        }
      },
      { now, stallMs: STALL_MS },
    );
    const { last } = stored;
    return last === null ? null : parseStoredPosition(sourceId, last, codec);
  } finally {
    await reader.close();
  }
}

/** The gap event that opens an epoch: publish it in the transaction of the epoch's first position (EO-13). */
export function gapEvent<P>(gap: {
  readonly sourceId: string;
  readonly codec: PositionCodec<P>;
  /** The last position of the previous epoch. */
  readonly from: StoredPosition<P> | null;
  /** The first position of the new one. */
  readonly to: StoredPosition<P>;
  readonly reason: string;
  /** What is done about it, e.g. "snapshot of 12,345 rows". */
  readonly action: string;
  readonly nowMs: number;
}): GapEvent {
  const { sourceId, codec, from, to, reason, action, nowMs } = gap;
  return {
    sourceId,
    epoch: to.epoch,
    from: from === null ? null : codec.describe(from.position),
    to: codec.describe(to.position),
    reason,
    action,
    at: new Date(nowMs).toISOString(),
  };
}
