import { IdentityHasher } from "../domain/review/identity.ts";
import { decodeSegment } from "../domain/review/segment.ts";
import type { VerdictCounts } from "../domain/review/verdict.ts";
import type { CommittedOffset, Log, RecordBatch } from "../kafka/log.ts";
import { decodeOffsetMetadata, type OffsetMetadata } from "../processor/offset-metadata.ts";
import { Task } from "../processor/task.ts";
import type { Topology } from "../processor/topology.ts";
import { readTopic } from "./read-topic.ts";

export interface StoreState {
  readonly name: string;
  readonly keys: number;
}

/** What Kafka holds of the state of one partition. */
export interface PartitionState {
  readonly partition: number;
  readonly segments: number;
  readonly entries: number;
  readonly superseded: number;
  readonly bytes: number;
  /** Event times, ms since the Unix epoch; null when nothing is known yet. */
  readonly oldest: number | null;
  readonly newest: number | null;
  readonly stores: readonly StoreState[];
  /** Digest of the state as it was just restored. */
  readonly digest: string;
  /** Committed offset of each input, in the order of the topology. */
  readonly committed: readonly (CommittedOffset | null)[];
  readonly metadata: Pick<OffsetMetadata, "owner" | "fingerprint" | "streamTime" | "digest"> | null;
  readonly counts: VerdictCounts | null;
  /** Whether digest and committed digest agree (EO-4); null while a processor commits, or before its first commit. */
  readonly sound: boolean | null;
}

/** Restores the state of the given partitions as a processor would, and describes it. Joins no group, changes nothing. */
export async function describeState(
  log: Log,
  topology: Topology,
  groupId: string,
  partitions: readonly number[],
): Promise<PartitionState[]> {
  const hasher = await IdentityHasher.create();
  const states: PartitionState[] = [];
  for (const partition of partitions) {
    const before = await committedOffsets(log, topology, groupId, partition);
    const restored = await restore(log, new Task(topology, partition, hasher));
    const after = await committedOffsets(log, topology, groupId, partition);
    states.push(describe(restored, before, after));
  }
  return states;
}

interface Segment {
  readonly bytes: number;
  readonly entries: number;
  readonly superseded: number;
  readonly oldest: number;
  readonly newest: number;
}

interface Restored {
  readonly task: Task;
  readonly segments: ReadonlyMap<string, Segment>;
}

async function restore(log: Log, task: Task): Promise<Restored> {
  const { topology, partition } = task;
  const segments = new Map<string, Segment>();
  await readTopic(
    log,
    topology.topics.dedupe,
    (batch) => {
      each(batch, (key, value) => {
        task.known.restore(key, value);
        if (value === null) segments.delete(key);
        else segments.set(key, describeSegment(value));
      });
    },
    { partitions: [partition] },
  );
  for (const store of task.stores) {
    const visit = (batch: RecordBatch): void => each(batch, (key, value) => store.restore(key, value));
    await readTopic(log, topology.topics.state(store.spec.name), visit, { partitions: [partition] });
  }
  return { task, segments };
}

function each(batch: RecordBatch, visit: (key: string, value: Buffer | null) => void): void {
  for (let index = 0; index < batch.length; index++)
    visit(batch.key(index)?.toString("utf8") ?? "", batch.value(index));
}

function describeSegment(value: Buffer): Segment {
  let oldest = Infinity;
  let newest = -Infinity;
  const summary = decodeSegment(value, (_identity, _position, time) => {
    oldest = Math.min(oldest, time);
    newest = Math.max(newest, time);
  });
  return { bytes: value.length, entries: summary.entries, superseded: summary.superseded.length, oldest, newest };
}

async function committedOffsets(
  log: Log,
  topology: Topology,
  groupId: string,
  partition: number,
): Promise<(CommittedOffset | null)[]> {
  const admin = log.admin();
  try {
    const wanted = topology.inputs.map((topic) => ({ topic, partition }));
    return (await admin.groupOffsets(groupId, wanted)).map((offset) => offset ?? null);
  } finally {
    await admin.close();
  }
}

function describe(
  restored: Restored,
  before: readonly (CommittedOffset | null)[],
  after: readonly (CommittedOffset | null)[],
): PartitionState {
  const { task } = restored;
  const segments = [...restored.segments.values()];
  const sum = (value: (segment: Segment) => number): number =>
    segments.reduce((total, segment) => total + value(segment), 0);
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  const latest = after.filter((offset) => offset !== null).map((offset) => decodeOffsetMetadata(offset.metadata));
  const metadata = latest.find((candidate) => candidate !== undefined) ?? null;
  const quiet = after.every((offset, index) => offset?.offset === before[index]?.offset);
  return {
    partition: task.partition,
    segments: segments.length,
    entries: sum((segment) => segment.entries),
    superseded: sum((segment) => segment.superseded),
    bytes: sum((segment) => segment.bytes),
    oldest: finite(Math.min(...segments.map((segment) => segment.oldest))),
    newest: finite(Math.max(...segments.map((segment) => segment.newest))),
    stores: task.stores.map((store) => ({ name: store.spec.name, keys: store.size })),
    digest: task.digest,
    committed: after,
    metadata,
    counts: metadata?.counts ?? null,
    sound: metadata === null || !quiet ? null : metadata.digest === task.digest,
  };
}
