import type { GapEvent } from "../domain/source-position.ts";
import { FatalError } from "../domain/errors.ts";
import type { TopicPartition, Watermarks } from "../kafka/log.ts";
import { type PartitionName, partitionName } from "./plan.ts";

export interface PartitionState extends TopicPartition {
  readonly watermarks: Watermarks;
}

export interface StartDecision {
  /** Where to read each partition from. */
  readonly from: readonly (TopicPartition & { readonly offset: number })[];
  /** Offsets to store before anything is read: partitions never loaded before, and accepted gaps. */
  readonly stored: ReadonlyMap<PartitionName, number>;
  /** Records that are known to be missing, as gap events (EO-13). */
  readonly gaps: readonly GapEvent[];
}

/**
 * Where to go on, given what the warehouse has stored and what Kafka still keeps. Pure.
 *
 * - stored between low and high watermark: there.
 * - never loaded: at the low watermark. Where that is above 0 the beginning is no longer in Kafka; a new
 *   warehouse cannot have it, but it does not pass over it in silence either: a gap event is stored.
 * - below the low watermark: records were deleted before they were loaded. FatalError, unless gaps are
 *   accepted: then the same gap event.
 * - above the high watermark: the topic is not the one that was loaded. FatalError.
 */
export function decideStart(
  partitions: readonly PartitionState[],
  next: ReadonlyMap<PartitionName, number>,
  options: { readonly acceptGaps: boolean; readonly now: number; readonly retry: string },
): StartDecision {
  const from: (TopicPartition & { offset: number })[] = [];
  const stored = new Map<PartitionName, number>();
  const gaps: GapEvent[] = [];
  for (const { topic, partition, watermarks } of partitions) {
    const { low, high } = watermarks;
    const name = partitionName(topic, partition);
    const known = next.get(name);
    if (known !== undefined && known > high) throw recreated(name, known, high);
    if (known !== undefined && known >= low) {
      from.push({ topic, partition, offset: known });
      continue;
    }
    if (known !== undefined && !options.acceptGaps) throw deletedBeforeLoaded(name, known, low, options.retry);
    from.push({ topic, partition, offset: low });
    stored.set(name, low);
    if (low > (known ?? 0)) gaps.push(gapEvent(name, known ?? 0, low, known === undefined, options.now));
  }
  return { from, stored, gaps };
}

/** Refuses topics that were deleted and made again, however long they are by now: their offsets are of other records. */
export function refuseRecreated(loaded: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): void {
  for (const [topic, id] of now) {
    if ((loaded.get(topic) ?? id) === id) continue;
    throw notTheOneLoaded(`topic ${topic} has been made again since the warehouse loaded it`);
  }
}

function gapEvent(name: PartitionName, from: number, to: number, isNew: boolean, now: number): GapEvent {
  return {
    sourceId: `warehouse:${name}`,
    epoch: 0,
    from: { offset: from },
    to: { offset: to },
    reason: `Kafka had deleted offsets ${from} to ${to - 1} of ${name} before they were loaded`,
    action: isNew ? "a new warehouse begins after them" : "accepted by --accept-gaps",
    at: new Date(now).toISOString(),
  };
}

function deletedBeforeLoaded(name: PartitionName, known: number, low: number, retry: string): FatalError {
  return new FatalError(`offsets ${known} to ${low - 1} of ${name} were deleted from Kafka before they were loaded`, {
    remedy: `restore a warehouse that has them, or go on without them, noted in the table gaps: ${retry}`,
  });
}

function recreated(name: PartitionName, known: number, high: number): FatalError {
  return notTheOneLoaded(`${name} ends at offset ${high}, but the warehouse has loaded it up to ${known}`);
}

function notTheOneLoaded(what: string): FatalError {
  return new FatalError(`${what}: it is not the topic that was loaded`, {
    remedy:
      "the topic was deleted and made again: set TU_WAREHOUSE_DIR to a new directory, or `third-umpire reset` both",
  });
}
