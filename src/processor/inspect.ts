import { IdentityHasher } from "../domain/review/identity.ts";
import type { VerdictCounts } from "../domain/review/verdict.ts";
import type { CommittedOffset, Log, TopicPartition } from "../kafka/log.ts";
import { type Clock, systemClock } from "./clock.ts";
import { decodeOffsetMetadata, type OffsetMetadata } from "./offset-metadata.ts";
import { loadTasks } from "./restore.ts";
import { Task } from "./task.ts";
import type { Topology } from "./topology.ts";

export interface StoreState {
  readonly name: string;
  readonly keys: number;
}

/** The committed state of one partition, for people. Event times are ms since the Unix epoch. */
export interface PartitionState {
  readonly partition: number;
  readonly segments: number;
  /** Known events. */
  readonly entries: number;
  readonly superseded: number;
  /** Memory that a processor needs for the known events, about. */
  readonly bytes: number;
  /** Bytes of the live segments in the dedupe topic. */
  readonly storedBytes: number;
  /** Event times; null when nothing is known yet. */
  readonly oldest: number | null;
  readonly newest: number | null;
  readonly stores: readonly StoreState[];
  /** Digest of the state as it was just restored. */
  readonly digest: string;
  /** Committed offset of each input, in the order of the topology. */
  readonly committed: readonly (CommittedOffset | null)[];
  readonly metadata: OffsetMetadata | null;
  readonly counts: VerdictCounts | null;
  /** Whether digest and committed digest agree (EO-4); null while a processor commits, or before its first commit. */
  readonly sound: boolean | null;
}

const TRIES = 5;

/**
 * Reads the state of the given partitions as a restore would, and compares it with what the committed offset says
 * of it. Joins no group, changes nothing. A partition whose processor commits meanwhile is read again, a few times.
 */
export async function describeState(
  log: Log,
  topology: Topology,
  groupId: string,
  partitions: readonly number[],
  clock: Clock = systemClock,
): Promise<PartitionState[]> {
  const hasher = await IdentityHasher.create();
  const admin = log.admin();
  const offsetsOf = async (partition: number): Promise<(CommittedOffset | null)[]> => {
    const inputs: TopicPartition[] = topology.inputs.map((topic) => ({ topic, partition }));
    return (await admin.groupOffsets(groupId, inputs)).map((offset) => offset ?? null);
  };
  try {
    const states: PartitionState[] = [];
    for (const partition of partitions) {
      for (let tries = 1; ; tries++) {
        const before = await offsetsOf(partition);
        const task = new Task(topology, partition, hasher);
        await loadTasks([task], log, topology, clock);
        const after = await offsetsOf(partition);
        const quiet = after.every((offset, index) => offset?.offset === before[index]?.offset);
        if (!quiet && tries < TRIES) continue;
        states.push(describeTask(task, after, quiet));
        break;
      }
    }
    return states;
  } finally {
    await admin.close();
  }
}

function describeTask(task: Task, committed: readonly (CommittedOffset | null)[], quiet: boolean): PartitionState {
  const metadata =
    committed.flatMap((offset) => (offset === null ? [] : (decodeOffsetMetadata(offset.metadata) ?? [])))[0] ?? null;
  const { table } = task.known;
  let oldest: number | null = null;
  let newest: number | null = null;
  for (let entry = 0; entry < table.end; entry++) {
    // Owner 0 marks an entry that expired.
    if (table.owner(entry) === 0) continue;
    oldest = Math.min(oldest ?? Infinity, table.time(entry));
    newest = Math.max(newest ?? -Infinity, table.time(entry));
  }
  return {
    partition: task.partition,
    segments: task.known.segments,
    entries: table.size,
    superseded: task.known.superseded.size,
    bytes: task.known.bytes,
    storedBytes: task.known.storedBytes,
    oldest,
    newest,
    stores: task.stores.map((store) => ({ name: store.spec.name, keys: store.size })),
    digest: task.digest,
    committed,
    metadata,
    counts: metadata?.counts ?? null,
    sound: metadata === null || !quiet ? null : task.isDigest(metadata.digest),
  };
}
