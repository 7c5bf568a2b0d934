import { FatalError, RetryableError, StateCorruptError } from "../domain/errors.ts";
import type { CommittedOffset, GroupConsumer, Log, LogReader, TopicPartition } from "../kafka/log.ts";
import { readTo } from "../kafka/read-to.ts";
import type { Clock } from "./clock.ts";
import { type JudgedOrder, readJudgedOrder } from "./judged-order.ts";
import { decodeOffsetMetadata, type OffsetMetadata } from "./offset-metadata.ts";
import { Takeover, type TakeoverOptions } from "./takeover.ts";
import { NO_STREAM_TIME, type Task } from "./task.ts";
import { refuseRecreated } from "./topic-ids.ts";
import type { Topology } from "./topology.ts";

export interface RestoreOptions extends TakeoverOptions {
  readonly topology: Topology;
  readonly fingerprint: string;
  readonly signal: AbortSignal;
}

interface Source extends TopicPartition {
  readonly offset: number;
  readonly high: number;
  apply(key: string, value: Buffer | null): void;
  /**
   * The newest value of each key, in the order in which they were written: what compaction would leave. The cleaner
   * lags behind, and two thirds of a busy dedupe topic are segments that have been merged since: they are not decoded.
   */
  readonly live: Map<string, Buffer>;
}

/** After so long without a stable offset, or without progress, the group is asked whether the former owner is gone. */
const STABLE_OFFSETS_MS = 250;
const STALL_MS = 150;
const FETCH_MS = 50;

/**
 * Brings tasks to the state of their committed offsets.
 *
 * The bound is the high watermark as read_uncommitted sees it, captured after the assignment; reading is
 * read_committed until the position reaches it. The last stable offset would be the wrong bound: a commit whose
 * markers are still on their way would be left out. Then the digest must be the one in the committed offset (EO-4).
 *
 * Throws StateCorruptError on a digest mismatch, FatalError on another topology's state, RetryableError with a
 * diagnosis when the bound is not reached in time.
 */
export async function restoreTasks(
  tasks: readonly Task[],
  committed: ReadonlyMap<number, readonly CommittedOffset[]>,
  options: RestoreOptions,
): Promise<void> {
  const metadata = new Map<Task, OffsetMetadata | undefined>();
  for (const task of tasks) {
    const offsets = committed.get(task.partition)!;
    metadata.set(task, offsets[0] === undefined ? undefined : readMetadata(offsets[0], task, options));
    refuseRecreated(topicIdsIn(offsets), task.topicIds, task.partition);
    const missing = options.topology.inputs.filter((topic) => offsets.every((offset) => offset.topic !== topic));
    if (offsets.length > 0 && missing.length > 0) {
      await readJudged(task, options);
      throw new StateCorruptError(
        `the offsets of ${missing.map((topic) => `${topic}/${task.partition}`).join(", ")} are gone, those of the other inputs are there`,
      );
    }
  }
  const owners = [...metadata.values()].flatMap((known) => known?.owner ?? []);
  const takeover = new Takeover(owners, options);
  await load(tasks, options, () => takeover.look());
  if (options.signal.aborted) return;
  for (const task of tasks) {
    const known = metadata.get(task);
    if (known === undefined) await verifyNew(task, options);
    else verify(task, known);
  }
}

/** Reads the state of tasks without comparing it with anything; waits for open transactions and ends none. */
export async function loadTasks(
  tasks: readonly Task[],
  log: Log,
  topology: Topology,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  const never = new AbortController().signal;
  await load(tasks, { log, topology, clock, signal: signal ?? never, transactionTimeoutMs: 10_000 }, () =>
    Promise.resolve(),
  );
}

type LoadOptions = Pick<RestoreOptions, "log" | "topology" | "clock" | "signal" | "transactionTimeoutMs">;

async function load(tasks: readonly Task[], options: LoadOptions, onStall: () => Promise<void>): Promise<void> {
  const reader = options.log.reader({ isolation: "read_committed" });
  try {
    await reader.open();
    await readAll(reader, tasks, onStall, options);
  } finally {
    await reader.close();
  }
}

function readMetadata(offset: CommittedOffset, task: Task, options: RestoreOptions): OffsetMetadata {
  const metadata = decodeOffsetMetadata(offset.metadata);
  const where = `${offset.topic}/${task.partition}`;
  if (metadata === undefined) {
    throw new FatalError(`the committed offset of ${where} was not written by this engine`, {
      remedy: "use a consumer group of its own, or rebuild the state: third-umpire state rebuild",
    });
  }
  if (metadata.fingerprint === options.fingerprint) return metadata;
  throw new FatalError(
    `the state of ${where} belongs to another topology (fingerprint ${metadata.fingerprint}, this one is ${options.fingerprint})`,
    {
      remedy:
        "inputs, partitions, stores, retention or identity version changed: give the topology a new name and its processors a new group, which judges all input again, or rebuild: third-umpire state rebuild",
    },
  );
}

async function readAll(
  reader: LogReader,
  tasks: readonly Task[],
  onStall: () => Promise<void>,
  options: LoadOptions,
): Promise<void> {
  const sources = await Promise.all(
    tasks.flatMap((task) => sourcesOf(task, options.topology)).map((source) => bound(source, reader)),
  );
  const { clock, signal, transactionTimeoutMs } = options;
  await readTo(
    reader,
    sources,
    (batch, source) => {
      for (let index = 0; index < batch.length; index++) take(source, batch.key(index)!.toString(), batch.value(index));
    },
    {
      now: () => clock.now(),
      stallMs: transactionTimeoutMs + 20_000,
      signal,
      fetchMs: FETCH_MS,
      onStanding: async (ms) => {
        if (ms >= STALL_MS) await onStall();
      },
    },
  );
  if (signal.aborted) return;
  for (const source of sources) for (const [key, value] of source.live) source.apply(key, value);
}

function take(source: Source, key: string, value: Buffer | null): void {
  source.live.delete(key);
  // A tombstone is applied at once: there is nothing to drop, but its number is not given again.
  if (value === null) source.apply(key, null);
  else source.live.set(key, value);
}

function sourcesOf(task: Task, topology: Topology): Omit<Source, "offset" | "high">[] {
  const { partition } = task;
  return [
    {
      topic: topology.topics.dedupe,
      partition,
      live: new Map(),
      apply: (key, value): void => task.known.restore(key, value),
    },
    ...task.stores.map((store) => ({
      topic: topology.topics.state(store.spec.name),
      partition,
      live: new Map<string, Buffer>(),
      apply: (key: string, value: Buffer | null): void => store.restore(key, value),
    })),
  ];
}

async function bound(source: Omit<Source, "offset" | "high">, reader: LogReader): Promise<Source> {
  const { low, high } = await reader.watermarks(source, 10_000);
  return { ...source, offset: low, high };
}

/** Stable committed offsets; the pending transaction of an owner that is gone is ended rather than waited for. */
export async function stableOffsets(
  consumer: GroupConsumer,
  inputs: readonly TopicPartition[],
  options: TakeoverOptions & { readonly signal: AbortSignal },
): Promise<(CommittedOffset | undefined)[]> {
  const { clock, signal, transactionTimeoutMs } = options;
  const deadline = clock.now() + transactionTimeoutMs + 10_000;
  let takeover: Takeover | undefined;
  for (;;) {
    try {
      return await consumer.committed(inputs, STABLE_OFFSETS_MS);
    } catch (error) {
      if (!(error instanceof RetryableError) || signal.aborted || clock.now() > deadline) throw error;
    }
    takeover ??= new Takeover(await ownersOf(inputs, options), options);
    await takeover.look();
  }
}

/** Who committed last, as offsets tell whose successors may still be pending. */
async function ownersOf(inputs: readonly TopicPartition[], { log, groupId }: TakeoverOptions): Promise<string[]> {
  const admin = log.admin();
  try {
    const unstable = await admin.groupOffsets(groupId, inputs);
    return unstable.flatMap((offset) =>
      offset === undefined ? [] : (decodeOffsetMetadata(offset.metadata)?.owner ?? []),
    );
  } finally {
    await admin.close();
  }
}

/** A partition without any offset is new: it has no state, and no verdict. */
async function verifyNew(task: Task, options: RestoreOptions): Promise<void> {
  const { partition, known, stores } = task;
  const gone = "its offsets expired or were deleted";
  const judged = await readJudged(task, options);
  if (known.table.size > 0 || stores.some((store) => store.size > 0))
    throw new StateCorruptError(`partition ${partition} has state but no committed offset: ${gone}`);
  if (judged.runs.length > 0 || judged.incomplete)
    throw new StateCorruptError(`partition ${partition} has verdicts but no committed offset: ${gone}`);
}

/** Where offsets are missing: what the verdicts say. Throws FatalError when they are of another topic of the same name. */
async function readJudged({ partition, topicIds }: Task, options: RestoreOptions): Promise<JudgedOrder> {
  const { log, topology, clock } = options;
  const reader = log.reader({ isolation: "read_committed" });
  try {
    await reader.open();
    const verdicts = { topic: topology.topics.verdicts, partition };
    const judged = await readJudgedOrder(reader, verdicts, () => clock.now());
    refuseRecreated(judged.topicIds, topicIds, partition);
    return judged;
  } finally {
    await reader.close();
  }
}

/** A processor that ran on when an input was made again may have committed an offset of it, where the old one ended. */
function topicIdsIn(offsets: readonly CommittedOffset[]): Map<string, string> {
  const ids = new Map<string, string>();
  for (const { topic, metadata } of offsets) {
    const id = decodeOffsetMetadata(metadata)?.topicId;
    if (id !== undefined) ids.set(topic, id);
  }
  return ids;
}

function verify(task: Task, metadata: OffsetMetadata): void {
  if (!task.isDigest(metadata.digest)) {
    throw new StateCorruptError(
      `EO-4: the state of partition ${task.partition} has digest ${task.digest}, the committed offset says ${metadata.digest}`,
    );
  }
  task.streamTime = metadata.streamTime ?? NO_STREAM_TIME;
  task.counts = metadata.counts;
  task.commit = metadata.commit;
}
