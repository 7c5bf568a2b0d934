import { FatalError } from "../domain/errors.ts";
import { IdentityHasher } from "../domain/review/identity.ts";
import {
  type CommittedOffset,
  type GroupConsumer,
  type Log,
  type LogReader,
  type RecordBatch,
  type TopicPartition,
  WriteBatch,
} from "../kafka/log.ts";
import { readTo } from "../kafka/read-to.ts";
import { type Clock, systemClock } from "./clock.ts";
import { applyPlan, Committer } from "./commit.ts";
import { Fill } from "./fill.ts";
import { topologyFingerprint } from "./fingerprint.ts";
import { newIncarnation } from "./incarnation.ts";
import { decodeOffsetMetadata } from "./offset-metadata.ts";
import { transactionalIdOf } from "./takeover.ts";
import { Reviewer } from "./reviewer.ts";
import { JudgedEnds, type JudgedEnd, newestKnown } from "./judged-ends.ts";
import { InputReader, type JudgedOrder, type JudgedRun, READ_STALL_MS, readJudgedOrder } from "./judged-order.ts";
import { loadTasks } from "./restore.ts";
import { Task } from "./task.ts";
import { refuseRecreated, topicIdsOf } from "./topic-ids.ts";
import type { Topology } from "./topology.ts";
import { MAX_RECORD_BYTES } from "../kafka/limits.ts";

export interface RebuildOptions<V = unknown> {
  readonly log: Log;
  readonly topology: Topology<V>;
  readonly groupId: string;
  readonly onProgress: (message: string) => void;
  readonly clock?: Clock;
  /** See RunProcessorOptions. */
  readonly incarnation?: string;
  readonly sessionTimeoutMs?: number;
  /** Go on although the first input records have been deleted: what they said is forgotten. */
  readonly acceptLoss?: boolean;
  /**
   * Where offsets and verdicts are gone, go on behind the newest record that state and quarantine know: repetitions behind it
   * get a verdict again.
   */
  readonly judgeAgain?: boolean;
}

const JOIN_MS = 30_000;
const CHUNK_RECORDS = 10_000;

/**
 * Rebuilds known events and stores from the input topics, up to the committed offsets, and replaces the state topics'
 * content in one transaction. Nothing is emitted again: the review is deterministic and takes the records in the order
 * that the verdict blocks tell, so it comes to the state that the lost one was. For state that is corrupt or of another fingerprint.
 *
 * Offsets that are gone (expired, deleted with their group, or written over by another program) are put back from the verdict blocks, which were committed
 * with them. Where the beginning of an input is gone, a state that fits its offsets is kept, and one whose offsets are gone as
 * well: nothing says that it is wrong.
 *
 * Throws FatalError when a processor of the group still runs, when input records before the committed offset are
 * gone (unless `acceptLoss`), or when nothing says how far an input was judged (unless `judgeAgain`).
 */
export async function rebuildState<V>(options: RebuildOptions<V>): Promise<void> {
  const topology = options.topology as Topology;
  const consumer = options.log.consumer({
    groupId: options.groupId,
    instanceId: "rebuild",
    topics: topology.inputs.slice(0, 1),
    sessionTimeoutMs: options.sessionTimeoutMs ?? 6_000,
  });
  const reader = options.log.reader({ isolation: "read_committed" });
  const transactionalId = transactionalIdOf(options.groupId, "rebuild");
  const producer = options.log.producer({
    transactionalId,
    transactionTimeoutMs: 60_000,
    maxMessageBytes: MAX_RECORD_BYTES,
  });
  try {
    await Promise.all([consumer.open(), reader.open(), producer.open()]);
    const committed = await joinAlone(consumer, topology, options.clock ?? systemClock);
    const topicIds = await topicIdsOf(options.log, topology);
    const rebuilder = new Rebuilder(topology, options, transactionalId, await IdentityHasher.create(), topicIds);
    const writes = new WriteBatch();
    const offsets: CommittedOffset[] = [];
    for (let partition = 0; partition < topology.partitions; partition++) {
      const known = committed.filter((offset) => offset.partition === partition);
      offsets.push(...(await rebuilder.partition(partition, known, reader, writes)));
    }
    await producer.begin();
    await producer.write(writes);
    await producer.sendOffsets(offsets, consumer);
    await producer.commit();
  } finally {
    await Promise.all([producer.close(), reader.close(), consumer.close()]);
  }
}

/** Joins the group; it must give us every partition, or somebody else is at work. */
async function joinAlone(consumer: GroupConsumer, topology: Topology, clock: Clock): Promise<CommittedOffset[]> {
  const owned = new Set<number>();
  const deadline = clock.now() + JOIN_MS;
  while (owned.size < topology.partitions) {
    if (clock.now() > deadline) {
      throw new FatalError(
        `the group gave us ${owned.size} of ${topology.partitions} partitions: a processor of it still runs`,
        {
          remedy: "stop all processors of the group first",
        },
      );
    }
    await consumer.fetch(1, 200);
    for (let waiting = consumer.pendingRebalance(); waiting !== undefined; waiting = consumer.pendingRebalance()) {
      for (const { partition } of waiting.partitions) {
        if (partition >= topology.partitions) continue;
        if (waiting.kind === "assign") owned.add(partition);
        else owned.delete(partition);
      }
      const start =
        waiting.kind === "assign" ? waiting.partitions.map((partition) => ({ ...partition, offset: 0 })) : [];
      consumer.answerRebalance(start);
      if (start.length > 0) consumer.pause(start);
    }
  }
  const inputs: TopicPartition[] = [...owned].flatMap((partition) =>
    topology.inputs.map((topic) => ({ topic, partition })),
  );
  return (await consumer.committed(inputs, JOIN_MS)).filter((offset) => offset !== undefined);
}

class Rebuilder {
  readonly #topology: Topology;
  readonly #options: RebuildOptions;
  readonly #hasher: IdentityHasher;
  readonly #reviewer: Reviewer;
  readonly #committer: Committer;
  readonly #clock: Clock;
  readonly #topicIds: ReadonlyMap<string, string>;
  readonly #now = (): number => this.#clock.now();

  constructor(
    topology: Topology,
    options: Omit<RebuildOptions, "topology">,
    transactionalId: string,
    hasher: IdentityHasher,
    topicIds: ReadonlyMap<string, string>,
  ) {
    this.#topicIds = topicIds;
    this.#topology = topology;
    this.#options = { ...options, topology };
    this.#hasher = hasher;
    this.#clock = options.clock ?? systemClock;
    this.#reviewer = new Reviewer(topology, hasher, this.#clock);
    // Only its planning is used: what a processor would have written to the state topics.
    this.#committer = new Committer({
      log: options.log,
      topology,
      transactionalId,
      transactionTimeoutMs: 60_000,
      fingerprint: topologyFingerprint(topology),
      incarnation: options.incarnation ?? newIncarnation(),
      maxMessageBytes: MAX_RECORD_BYTES,
    });
  }

  /** Appends what the partition's state lacks to `writes`. Returns its offsets; none for a partition that nobody has judged. */
  async partition(
    partition: number,
    known: readonly CommittedOffset[],
    reader: LogReader,
    writes: WriteBatch,
  ): Promise<readonly CommittedOffset[]> {
    const { topology, log, onProgress, judgeAgain = false } = this.#options;
    const judged = await readJudgedOrder(reader, { topic: topology.topics.verdicts, partition }, this.#now);
    refuseRecreated(judged.topicIds, this.#topicIds, partition);
    // What another program committed says nothing of what was judged: it may stand behind records without a verdict.
    const own = known.filter(({ metadata }) => decodeOffsetMetadata(metadata) !== undefined);
    const isOverwritten = own.length < known.length;
    const ends = new JudgedEnds({
      topology,
      partition,
      known: own,
      judged,
      fingerprint: topologyFingerprint(topology),
    });
    const lows = await Promise.all(topology.inputs.map((topic) => reader.watermarks({ topic, partition }, JOIN_MS)));
    const isWhole = lows.every(({ low }) => low === 0);
    if (ends.missing.length === 0 && isWhole)
      return await this.#replace(partition, ends.offsets, judged, reader, writes);
    const task = this.#newTask(partition);
    await loadTasks([task], log, topology, this.#clock);
    if (ends.missing.length === 0) {
      if (!ends.fits(task)) return await this.#replace(partition, ends.offsets, judged, reader, writes);
      onProgress(`partition ${partition}: its state is sound and kept; the beginning of its inputs is gone`);
      return [];
    }
    if (ends.isNew(task) && !isOverwritten) {
      onProgress(`partition ${partition}: nobody has judged it yet`);
      return [];
    }
    if (judgeAgain) ends.addNewest(await newestKnown(task, reader, this.#now));
    const until = ends.complete(
      task,
      lows.map(({ low }) => low),
    );
    onProgress(
      `partition ${partition}: offsets were ${isOverwritten ? "another program's" : "gone"}, put back to ${until.map(({ topic, offset }) => `${topic} ${offset}`).join(", ")}`,
    );
    if (ends.isForeign || isWhole) return await this.#replace(partition, until, judged, reader, writes);
    return this.#keep(task, until, ends, writes);
  }

  /** The state stays; what its next commit would write to it is written. */
  #keep(task: Task, until: readonly JudgedEnd[], ends: JudgedEnds, writes: WriteBatch): readonly CommittedOffset[] {
    ends.describe(task);
    this.#setPositions(task, until);
    const fill = new Fill(undefined);
    fill.frame(task);
    const { offsets } = this.#committer.plan(fill);
    const state = new Set(this.#stateTopics());
    for (let index = 0; index < fill.writes.length; index++) {
      if (state.has(fill.writes.topics[index]!))
        writes.append(fill.writes.topics[index]!, task.partition, fill.writes.keys[index]!, fill.writes.values[index]!);
    }
    this.#options.onProgress(
      `partition ${task.partition}: ${task.known.table.size} known events kept; the beginning of its inputs is gone`,
    );
    return offsets;
  }

  /** Appends the partition's new state to `writes`, behind tombstones for all of the old. */
  async #replace(
    partition: number,
    until: readonly JudgedEnd[],
    judged: JudgedOrder,
    reader: LogReader,
    writes: WriteBatch,
  ): Promise<readonly CommittedOffset[]> {
    const task = this.#newTask(partition);
    const state = await this.#oldKeys(partition, reader);
    const starts = await Promise.all(until.map((end) => this.#start({ ...end, partition }, reader)));
    this.#setPositions(task, starts);
    let offsets: readonly CommittedOffset[] = [];
    const flush = (fill: Fill): void => {
      this.#reviewer.beforeCommit(fill);
      fill.frame(task);
      const plan = this.#committer.plan(fill);
      for (let index = 0; index < fill.writes.length; index++) {
        const keys = state.get(fill.writes.topics[index]!);
        keys?.set(fill.writes.keys[index]!.toString(), fill.writes.values[index]!);
      }
      applyPlan(plan);
      offsets = plan.offsets;
    };
    await this.#replay(task, until, starts, judged, flush);
    this.#setPositions(task, until);
    flush(new Fill(undefined));
    for (const [topic, keys] of state) {
      for (const [key, value] of keys) writes.append(topic, partition, Buffer.from(key), value);
    }
    this.#options.onProgress(
      `partition ${partition}: ${task.known.table.size} known events from ${until.map((end) => `${end.topic} up to ${end.offset}`).join(", ")}`,
    );
    return offsets;
  }

  #newTask(partition: number): Task {
    const task = new Task(this.#topology, partition, this.#hasher);
    task.topicIds = this.#topicIds;
    return task;
  }

  #setPositions(task: Task, ends: readonly JudgedEnd[]): void {
    for (const { topic, offset } of ends) task.positions[this.#topology.inputs.indexOf(topic)] = offset;
  }

  #stateTopics(): string[] {
    const { topics, storeNames } = this.#topology;
    return [topics.dedupe, ...storeNames.map((store) => topics.state(store))];
  }

  async #start(offset: TopicPartition, reader: LogReader): Promise<TopicPartition & { offset: number }> {
    const { low } = await reader.watermarks(offset, JOIN_MS);
    if (low > 0 && this.#options.acceptLoss !== true) {
      throw new FatalError(
        `records 0 to ${low - 1} of ${offset.topic}/${offset.partition} have been deleted: a rebuilt state would not know them`,
        {
          remedy: "a repetition of them would be accepted again; to go on all the same use --accept-loss",
        },
      );
    }
    return { topic: offset.topic, partition: offset.partition, offset: low };
  }

  /** All inputs up to the committed offsets, in the order in which the lost state was made of them. */
  async #replay(
    task: Task,
    until: readonly JudgedEnd[],
    starts: readonly (TopicPartition & { readonly offset: number })[],
    { runs }: JudgedOrder,
    flush: (fill: Fill) => void,
  ): Promise<void> {
    const topology = this.#topology;
    const inputs = new Map<string, InputReader>();
    let fill = new Fill(undefined);
    try {
      for (const start of starts) inputs.set(start.topic, await InputReader.open(this.#options.log, start, this.#now));
      const ends = new Map(until.map((offset) => [offset.topic, offset.offset]));
      // What verdict blocks no longer tell of, or do not tell of yet, comes input by input.
      const tail = until.map(({ topic, offset }): JudgedRun => ({ topic, to: offset }));
      for (const { topic, to } of [...runs, ...tail]) {
        const input = topology.inputs.indexOf(topic);
        await inputs.get(topic)?.take(Math.min(to, ends.get(topic)!), (batch) => {
          this.#reviewer.review(fill, fill.frame(task), input, batch);
          if (fill.records < CHUNK_RECORDS) return;
          flush(fill);
          fill = new Fill(undefined);
        });
      }
    } finally {
      await Promise.all([...inputs.values()].map((input) => input.close()));
    }
    if (fill.records > 0) flush(fill);
  }

  /** Keys of the state topics, each with a tombstone that the new state may replace. */
  async #oldKeys(partition: number, reader: LogReader): Promise<Map<string, Map<string, Buffer | null>>> {
    const topics = this.#stateTopics();
    const state = new Map(topics.map((topic) => [topic, new Map<string, Buffer | null>()]));
    const sources = await Promise.all(
      topics.map(async (topic) => {
        const { low, high } = await reader.watermarks({ topic, partition }, JOIN_MS);
        return { topic, partition, offset: low, high };
      }),
    );
    const take = (batch: RecordBatch): void => {
      for (let index = 0; index < batch.length; index++)
        state.get(batch.topic)!.set(batch.key(index)!.toString(), null);
    };
    await readTo(reader, sources, take, { now: this.#now, stallMs: READ_STALL_MS });
    return state;
  }
}
