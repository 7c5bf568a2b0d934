import type { GapEvent } from "../domain/source-position.ts";
import { FatalError } from "../domain/errors.ts";
import { type LoaderTopics, type PartitionName, partitionName } from "../loader/plan.ts";
import type { PartitionState } from "../loader/start-offsets.ts";
import type { Manifest } from "./manifest.ts";

export interface Seam {
  /** Where the loader goes on in each partition. */
  readonly offsets: ReadonlyMap<PartitionName, number>;
  /** What neither the export nor Kafka has, as gap events (EO-13). */
  readonly gaps: readonly GapEvent[];
  /** Matches that were open when the export was made, and of which Kafka has deleted records since. */
  readonly incomplete: readonly string[];
}

/**
 * Where the topics take over from an export. Pure.
 *
 * - Deliveries and matches go on at the LOW watermark, not at the export's offset: open matches are in the topics only. A
 *   record the export holds too replaces itself by its natural key; and where Kafka still has any record of a key it has
 *   the last one, so that what stands in the end is what a warehouse that was never lost would hold.
 * - Verdicts, quarantine and gaps are appended and not replaced: they go on at the export's offset (EO-9).
 * - Records below the low watermark that the export does not hold are gone: a gap event says which.
 *
 * Throws a FatalError where a topic is shorter than the export says: it is another topic.
 */
export function decideSeam(
  { offsets: exported, open }: Manifest,
  partitions: readonly PartitionState[],
  topics: LoaderTopics,
  now: number,
): Seam {
  const offsets = new Map<PartitionName, number>();
  const gaps: GapEvent[] = [];
  const incomplete = new Set<string>();
  for (const { topic, partition, watermarks } of partitions) {
    const { low, high } = watermarks;
    const name = partitionName(topic, partition);
    const upTo = exported[name] ?? 0;
    if (upTo > high) throw anotherTopic(name, upTo, high);
    const isByKey = topic === topics.deliveries || topic === topics.matches;
    offsets.set(name, isByKey ? low : Math.max(low, upTo));
    const lost = open.filter(({ deliveries, record }) => {
      const first = topic === topics.deliveries ? deliveries : topic === topics.matches ? record : null;
      return first !== null && first.partition === partition && first.offset < low;
    });
    for (const { matchId } of lost) incomplete.add(matchId);
    const from = Math.min(
      upTo,
      ...lost.map(({ deliveries, record }) => (topic === topics.deliveries ? deliveries : record)?.offset ?? upTo),
    );
    if (low > from) gaps.push(gapEvent(name, from, low, upTo, now));
  }
  return { offsets, gaps, incomplete: [...incomplete].toSorted() };
}

function gapEvent(name: PartitionName, from: number, low: number, upTo: number, now: number): GapEvent {
  const missing =
    low > upTo
      ? `neither the export, which ends at offset ${upTo}, nor Kafka, which begins at ${low}, has all of them`
      : `Kafka begins at ${low}, and the export left out matches that were open`;
  return {
    sourceId: `warehouse:${name}`,
    epoch: 0,
    from: { offset: from },
    to: { offset: low },
    reason: `records of offsets ${from} to ${low - 1} of ${name} are lost: ${missing}`,
    action: "the warehouse was rebuilt without them",
    at: new Date(now).toISOString(),
  };
}

function anotherTopic(name: PartitionName, upTo: number, high: number): FatalError {
  return new FatalError(
    `${name} ends at offset ${high}, the export was made at ${upTo}: it is not the topic that was exported`,
    {
      remedy: "name the brokers that the export was made from, or rebuild with --without-topics",
    },
  );
}
