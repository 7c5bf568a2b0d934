import type { CleanMatch, Match } from "../domain/cricket/types.ts";
import type { GapEvent } from "../domain/source-position.ts";
import { FatalError } from "../domain/errors.ts";
import type { VerdictBlock } from "../domain/review/verdict-block.ts";
import type { RecordBatch } from "../kafka/log.ts";
import { decodeGap, decodeMatch, decodeVerdicts, type RecordPlace } from "./decode.ts";
import { PlannedDeliveries } from "./planned-deliveries.ts";
import type { SharedTexts } from "./shared-texts.ts";
import { gapRow, quarantineRow, type Row, verdictCountRow, verdictRows } from "./rows.ts";

/** The topics the warehouse is made of. */
export interface LoaderTopics {
  readonly deliveries: string;
  readonly matches: string;
  readonly verdicts: string;
  readonly quarantine: string;
  readonly gaps: string;
}

/** `<topic>/<partition>`: the key of maps over partitions. */
export type PartitionName = string;

export function partitionName(topic: string, partition: number): PartitionName {
  return `${topic}/${partition}`;
}

/** How far the warehouse is, as its own tables say. */
export interface Progress {
  /** Next offset to load of each partition of the clean topics. */
  readonly next: ReadonlyMap<PartitionName, number>;
  /** `toOffset` of the last verdict block of each INPUT partition. */
  readonly judged: ReadonlyMap<PartitionName, number>;
  /** Holes in the chain of verdicts are noted instead of refused. */
  readonly acceptGaps?: boolean;
}

/** The latest record of a match. */
export interface PlannedMatch {
  readonly clean: CleanMatch;
  readonly place: RecordPlace;
  /** What all of them say, in their order: what the last one cannot tell is known from those before it. */
  readonly said: readonly Match[];
}

/** Everything one transaction writes. Keys are natural keys: of two contents in a batch the later one stays, with what it could not tell from the earlier one. */
export interface LoadPlan {
  readonly deliveries: PlannedDeliveries;
  readonly matches: Map<string, PlannedMatch>;
  readonly verdicts: Row[];
  readonly verdictCounts: Row[];
  readonly quarantine: Row[];
  readonly gaps: Row[];
  /** Progress after the transaction, only what it changes. */
  readonly next: Map<PartitionName, number>;
  readonly judged: Map<PartitionName, number>;
  /** Records taken, without those that were loaded before. */
  records: number;
  /** Bytes of their values, as they came. */
  bytes: number;
}

/** With deliveries that were planned before and have been loaded, their memory is used again. */
export function emptyPlan(deliveries: PlannedDeliveries = new PlannedDeliveries()): LoadPlan {
  deliveries.clear();
  return {
    deliveries,
    matches: new Map(),
    verdicts: [],
    verdictCounts: [],
    quarantine: [],
    gaps: [],
    next: new Map(),
    judged: new Map(),
    records: 0,
    bytes: 0,
  };
}

/**
 * What has to be written for these batches, given how far the warehouse is. Pure.
 *
 * A record below the stored next offset was loaded by an earlier transaction and is skipped (EO-9).
 * Throws a FatalError for a record that cannot be read, where verdict blocks overlap, and where one is missing
 * between two (EO-1). Records that were deleted before they were judged become a gap event (EO-13).
 */
export function planLoad(
  batches: readonly RecordBatch[],
  progress: Progress,
  topics: LoaderTopics,
  names?: SharedTexts,
): LoadPlan {
  const plan = emptyPlan(new PlannedDeliveries(names));
  for (const batch of batches) addToPlan(plan, batch, progress, topics);
  return plan;
}

/** As `planLoad`, batch by batch as they arrive, or a part of one at a time (`to` is the index after its last record). */
export function addToPlan(
  plan: LoadPlan,
  batch: RecordBatch,
  progress: Progress,
  topics: LoaderTopics,
  { from, to }: { readonly from: number; readonly to: number } = { from: 0, to: batch.length },
): void {
  const name = partitionName(batch.topic, batch.partition);
  const stored = progress.next.get(name);
  if (stored === undefined) throw new RangeError(`${name} was read, but it is not one of the loader's partitions`);
  let next = plan.next.get(name) ?? stored;
  for (let index = from; index < to; index++) {
    const offset = batch.offset(index);
    if (offset < next) continue;
    take(plan, batch, index, { topic: batch.topic, partition: batch.partition, offset }, progress, topics);
    plan.records++;
    next = offset + 1;
  }
  if (next > stored) plan.next.set(name, next);
}

function take(
  plan: LoadPlan,
  batch: RecordBatch,
  index: number,
  place: RecordPlace,
  progress: Progress,
  topics: LoaderTopics,
): void {
  const value = batch.value(index);
  plan.bytes += value?.length ?? 0;
  switch (batch.topic) {
    case topics.deliveries:
      plan.deliveries.put(value, place);
      return;
    case topics.matches: {
      const clean = decodeMatch(value, place);
      const said = plan.matches.get(clean.match.matchId)?.said ?? [];
      plan.matches.set(clean.match.matchId, { clean, place, said: [...said, clean.match] });
      return;
    }
    case topics.verdicts: {
      const block = decodeVerdicts(value, place);
      const input = partitionName(block.topic, block.partition);
      const judged = plan.judged.get(input) ?? progress.judged.get(input);
      if (judged !== undefined) {
        if (block.fromOffset < judged) throw judgedTwice(input, block.fromOffset, judged, place);
        const continues = block.continuesFrom ?? judged;
        if (continues > judged) {
          const hole = holeGap(input, judged, continues, place, batch.timestamp(index));
          if (progress.acceptGaps !== true) {
            throw new FatalError(hole.reason, {
              remedy:
                "verdict blocks are missing, or the processor's offsets were moved by hand; to go on without them, noted in the table gaps: `third-umpire loader --accept-gaps`",
            });
          }
          plan.gaps.push(gapRow(hole, place));
        }
      }
      if (block.lost) plan.gaps.push(gapRow(lossGap(input, block, batch.timestamp(index)), place));
      plan.judged.set(input, block.toOffset);
      plan.verdictCounts.push(verdictCountRow(block, place));
      for (const row of verdictRows(block, place)) plan.verdicts.push(row);
      return;
    }
    case topics.quarantine:
      plan.quarantine.push(quarantineRow(batch.key(index), value, batch.headers(index) ?? [], place));
      return;
    case topics.gaps:
      plan.gaps.push(gapRow(decodeGap(value, place), place));
      return;
    default:
      throw new RangeError(`${batch.topic} is not one of the loader's topics`);
  }
}

function holeGap(
  input: PartitionName,
  from: number,
  to: number,
  { topic, partition, offset }: RecordPlace,
  at: number,
): GapEvent {
  return {
    sourceId: `verdicts:${input}`,
    epoch: 0,
    from: { offset: from },
    to: { offset: to },
    reason: `the chain of verdicts has a hole: ${input} is judged up to offset ${from}, and the block at ${topic}/${partition} offset ${offset} continues from ${to}`,
    action: "accepted by --accept-gaps",
    at: new Date(at).toISOString(),
  };
}

function lossGap(input: PartitionName, { continuesFrom, fromOffset }: VerdictBlock, at: number): GapEvent {
  return {
    sourceId: `processor:${input}`,
    epoch: 0,
    from: continuesFrom === null ? null : { offset: continuesFrom },
    to: { offset: fromOffset },
    reason: `records from offset ${continuesFrom} on of ${input} were deleted before they were judged`,
    action: "the processor went on without them, as it was told to",
    at: new Date(at).toISOString(),
  };
}

function judgedTwice(input: PartitionName, from: number, judged: number, place: RecordPlace): FatalError {
  return new FatalError(
    `the chain of verdicts is broken: ${input} is judged up to offset ${judged}, and the block at ${place.topic}/${place.partition} offset ${place.offset} begins again at ${from}`,
    {
      remedy:
        "where the group was told to judge again, set TU_WAREHOUSE_DIR to a new directory, which loads what Kafka still has, and this one stays as it is; otherwise the processor's group was moved back without its dedupe state, or two groups write one topic: `third-umpire audit` shows what was judged twice, `third-umpire reset` starts over",
    },
  );
}
