import type { CommittedOffset, Log, TopicPartition } from "../kafka/log.ts";
import { IdentityHasher } from "../domain/review/identity.ts";
import { type Clock, systemClock } from "./clock.ts";
import { decodeOffsetMetadata, type OffsetMetadata } from "./offset-metadata.ts";
import { loadTasks } from "./restore.ts";
import { Task } from "./task.ts";
import type { Topology } from "./topology.ts";

/** The committed state of one partition, for people. Times are event times, ms. */
export interface PartitionState {
  readonly partition: number;
  /** Next offset of each input; empty before the first commit. */
  readonly committed: readonly CommittedOffset[];
  readonly metadata: OffsetMetadata | null;
  readonly knownEvents: number;
  readonly superseded: number;
  readonly segments: number;
  /** Memory that a processor needs for the known events. */
  readonly bytes: number;
  readonly oldest: number | null;
  readonly newest: number | null;
  readonly stores: readonly { readonly name: string; readonly keys: number }[];
  readonly digest: string;
  /** "match", or what is wrong; "moving" when a processor commits faster than we read. */
  readonly verdict: "match" | "mismatch" | "empty" | "moving";
}

export interface InspectOptions<V = unknown> {
  readonly log: Log;
  readonly topology: Topology<V>;
  readonly groupId: string;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

const TRIES = 5;

/** Reads the state of every partition as a restore would, and compares it with what the committed offset says of it. */
export async function describeState<V>(options: InspectOptions<V>): Promise<PartitionState[]> {
  const topology = options.topology as Topology;
  const hasher = await IdentityHasher.create();
  const admin = options.log.admin();
  try {
    const partitions = Array.from({ length: topology.partitions }, (_, partition) => partition);
    const offsetsOf = async (partition: number): Promise<CommittedOffset[]> => {
      const inputs: TopicPartition[] = topology.inputs.map((topic) => ({ topic, partition }));
      return (await admin.groupOffsets(options.groupId, inputs)).filter((offset) => offset !== undefined);
    };
    const states: PartitionState[] = [];
    for (const partition of partitions) {
      let state: PartitionState | undefined;
      for (let tries = 0; tries < TRIES && (state === undefined || state.verdict === "moving"); tries++) {
        const before = await offsetsOf(partition);
        const task = new Task(topology, partition, hasher);
        await loadTasks([task], options.log, topology, options.clock ?? systemClock, options.signal);
        const after = await offsetsOf(partition);
        const moved = JSON.stringify(before) !== JSON.stringify(after);
        state = describeTask(task, after, moved);
      }
      states.push(state!);
    }
    return states;
  } finally {
    await admin.close();
  }
}

function describeTask(task: Task, committed: readonly CommittedOffset[], moved: boolean): PartitionState {
  const metadata = committed[0] === undefined ? null : (decodeOffsetMetadata(committed[0].metadata) ?? null);
  const { table } = task.known;
  let [oldest, newest] = [Infinity, -Infinity];
  for (let entry = 0; entry < table.end; entry++) {
    if (table.owner(entry) === 0) continue;
    oldest = Math.min(oldest, table.time(entry));
    newest = Math.max(newest, table.time(entry));
  }
  const settled = metadata === null ? "empty" : metadata.digest === task.digest ? "match" : "mismatch";
  return {
    partition: task.partition,
    committed,
    metadata,
    knownEvents: table.size,
    superseded: task.known.superseded.size,
    segments: task.known.segments,
    bytes: table.bytes,
    oldest: table.size === 0 ? null : oldest,
    newest: table.size === 0 ? null : newest,
    stores: task.stores.map((store) => ({ name: store.spec.name, keys: store.size })),
    digest: task.digest,
    verdict: moved ? "moving" : settled,
  };
}
