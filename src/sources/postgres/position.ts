/** The source's own position: kept in Kafka, written in the same transaction as the events it covers (EO-11). */
import type { SourcePosition } from "../../domain/cricket/topics.ts";
import { FatalError, RetryableError } from "../../domain/errors.ts";
import type { Log } from "../../kafka/log.ts";
import type { Lsn } from "./lsn.ts";
import { formatLsn, parseLsn } from "./lsn.ts";

/**
 * `snapshot`: rows that were there before the slot are still being copied; after a crash the copy starts over.
 * `stream`: everything that was committed before `lsn` is in Kafka.
 */
export interface PostgresPosition {
  readonly phase: "snapshot" | "stream";
  readonly lsn: Lsn;
  readonly slot: string;
  /** Identity of the database cluster: a restored or another one must not be mistaken for a continuation. */
  readonly systemId: string;
  readonly timeline: number;
  readonly epoch: number;
  /** Events over all epochs. */
  readonly events: number;
}

export function toSourcePosition(sourceId: string, position: PostgresPosition): SourcePosition {
  return { sourceId, epoch: position.epoch, position: describePosition(position), events: position.events };
}

/** The part of a position that others may show, but not interpret. */
export function describePosition(position: PostgresPosition): Record<string, string | number> {
  const { phase, lsn, slot, systemId, timeline } = position;
  return { phase, lsn: formatLsn(lsn), slot, systemId, timeline };
}

/** @throws FatalError when the record is none of ours: going on from a guess would lose or repeat rows silently. */
export function parsePosition(sourceId: string, value: Buffer): PostgresPosition {
  try {
    const { epoch, events, position } = JSON.parse(value.toString("utf8")) as SourcePosition;
    const { phase, lsn, slot, systemId, timeline } = position;
    const isPosition =
      (phase === "snapshot" || phase === "stream") &&
      typeof lsn === "string" &&
      typeof slot === "string" &&
      typeof systemId === "string" &&
      typeof timeline === "number" &&
      Number.isSafeInteger(epoch) &&
      Number.isSafeInteger(events);
    if (!isPosition) throw new TypeError("fields are missing");
    return { phase, lsn: parseLsn(lsn), slot, systemId, timeline, epoch, events };
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
 * Reads the last position of a source. Call it after the transactional producer has been opened: only then is no older incarnation
 * able to write another one, and no transaction of its is open.
 *
 * @throws RetryableError when the topic cannot be read to its end in time.
 */
export async function readPosition(
  log: Log,
  topic: string,
  sourceId: string,
  partition: number,
  now: () => number = Date.now,
): Promise<PostgresPosition | null> {
  const reader = log.reader({ isolation: "read_committed" });
  try {
    await reader.open();
    const at = { topic, partition };
    // The high watermark, not the last stable offset: the marker of our own last commit may still be on its way (EO-4's bound).
    const { low, high } = await reader.watermarks(at, 10_000);
    reader.assign([{ ...at, offset: low }]);
    let last: Buffer | null = null;
    const deadline = now() + STALL_MS;
    while (reader.position(at) < high) {
      if (now() > deadline)
        throw new RetryableError(
          `${topic}/${partition} stands at ${reader.position(at)} of ${high}: a transaction is open, or the partition has no leader`,
        );
      for (const batch of await reader.fetch(1000, 1000)) {
        for (let index = 0; index < batch.length; index += 1) {
          if (batch.key(index)?.toString("utf8") === sourceId) last = batch.value(index);
        }
      }
    }
    return last === null ? null : parsePosition(sourceId, last);
  } finally {
    await reader.close();
  }
}
