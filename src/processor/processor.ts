import { FatalError, FencedError, RetryableError } from "../domain/errors.ts";
import type { IdentityHasher } from "../domain/review/identity.ts";
import { type VerdictCounts, VERDICTS, zeroCounts } from "../domain/review/verdict.ts";
import type { CommittedOffset, GroupConsumer, Log, Rebalance, RecordBatch, TopicPartition } from "../kafka/log.ts";
import type { Clock } from "./clock.ts";
import { applyPlan, type CommitPlan, Committer } from "./commit.ts";
import { Fill } from "./fill.ts";
import { topologyFingerprint } from "./fingerprint.ts";
import { LagGauge } from "./lag.ts";
import { OrphanWatch } from "./orphans.ts";
import { restoreTasks, stableOffsets } from "./restore.ts";
import { Reviewer } from "./reviewer.ts";
import { MESSAGE_BYTES_MAX } from "./start-checks.ts";
import { DurationWindow, type ProcessorStatus } from "./status.ts";
import { Task } from "./task.ts";
import type { Topology } from "./topology.ts";

export interface ProcessorOptions {
  readonly log: Log;
  readonly topology: Topology;
  readonly groupId: string;
  /** Stable name of this process: static membership and transactional id follow from it. */
  readonly instanceId: string;
  readonly clock: Clock;
  readonly hasher: IdentityHasher;
  readonly signal: AbortSignal;
  readonly onStatus: (status: Partial<ProcessorStatus>) => void;
  readonly commitIntervalMs: number;
  readonly commitMaxRecords: number;
  readonly commitMaxBytes: number;
  readonly sessionTimeoutMs: number;
  readonly transactionTimeoutMs: number;
  /** Input records that were deleted before they were judged: stop (false), or go on and say so (true). */
  readonly acceptLoss: boolean;
  readonly onCommitted?: (partition: number, position: number) => void;
}

const FETCH_RECORDS = 1_000;
const IDLE_FETCH_MS = 100;

/**
 * The owner loop of one process: the only caller of its consumer and producer.
 *
 * One fill takes records while the one before it is being committed; overlays keep them apart. Whatever ends in
 * "aborted" drops both and rewinds the consumer to the committed positions. Errors that ask for more (FencedError,
 * StateCorruptError, FatalError) leave `run`; the supervisor in run.ts reacts.
 */
export class Processor {
  readonly #options: ProcessorOptions;
  readonly #consumer: GroupConsumer;
  readonly #committer: Committer;
  readonly #reviewer: Reviewer;
  readonly #fingerprint: string;
  readonly #transactionalId: string;
  readonly #tasks = new Map<number, Task>();
  readonly #inputIndex: ReadonlyMap<string, number>;
  readonly #durations = new DurationWindow();
  readonly #closing = new AbortController();
  readonly #lag: LagGauge;
  readonly #orphans: OrphanWatch;
  #fill = new Fill(undefined);
  #committing: Promise<void> | undefined;
  #rewind = false;
  #failure: Error | undefined;
  #restored: Task[] = [];
  #records = 0;
  #commits = 0;
  #statusAt = -Infinity;
  #lastCommitAt: number | null = null;

  constructor(options: ProcessorOptions) {
    const { topology, log } = options;
    this.#options = options;
    this.#fingerprint = topologyFingerprint(topology);
    this.#transactionalId = transactionalIdOf(options.groupId, options.instanceId);
    this.#inputIndex = new Map(topology.inputs.map((topic, index) => [topic, index]));
    // Only the first input is subscribed; its assignment brings the same partition of the others (co-partitioning).
    this.#consumer = log.consumer({
      groupId: options.groupId,
      instanceId: options.instanceId,
      topics: topology.inputs.slice(0, 1),
      sessionTimeoutMs: options.sessionTimeoutMs,
    });
    this.#committer = new Committer({
      log,
      topology,
      transactionalId: this.#transactionalId,
      transactionTimeoutMs: options.transactionTimeoutMs,
      fingerprint: this.#fingerprint,
      maxMessageBytes: MESSAGE_BYTES_MAX,
    });
    this.#reviewer = new Reviewer(topology, options.hasher, options.clock);
    const onError = (error: unknown): void => {
      this.#fail(error);
    };
    this.#lag = new LagGauge(log, topology.inputs, options.clock, onError);
    const onHealed = (message: string): void => options.onStatus({ message });
    this.#orphans = new OrphanWatch({ ...options, topic: topology.inputs[0]!, partitions: topology.partitions, onHealed, onError });
  }

  /** Tasks by partition: what tests and `state` look at. */
  get tasks(): ReadonlyMap<number, Task> {
    return this.#tasks;
  }

  async open(): Promise<void> {
    await Promise.all([this.#committer.open(), this.#consumer.open()]);
  }

  /** Runs until the signal aborts, then commits what has been taken and returns. `close` must follow in every case. */
  async run(): Promise<void> {
    while (!this.#options.signal.aborted) await this.step();
    await this.finish();
  }

  /** One turn of the loop: answer the group, commit what is due, take and review what has come. */
  async step(): Promise<void> {
    this.#throwFailure();
    await this.#answerRebalances();
    await this.#startRestored();
    if (this.#rewind) await this.#rewindAll();
    if (this.#due()) this.#startCommit();
    const room = await this.#room();
    if (room > 0) {
      const batches = await this.#consumer.fetch(room, this.#fetchTimeout());
      if (batches.length === 0) this.#lag.nothingFetched();
      this.#take(batches);
      await this.#writeAhead();
    }
    this.#report();
  }

  /** Commits what has been taken (graceful shutdown). An abort is as good: the next owner takes it again. */
  async finish(): Promise<void> {
    await this.#committing;
    this.#throwFailure();
    if (this.#rewind || this.#fill.empty) return;
    this.#startCommit();
    await this.#committing;
    this.#throwFailure();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#committing;
    await Promise.all([this.#committer.close(), this.#consumer.close(), this.#lag.close(), this.#orphans.close()]);
  }

  // --- take and review (steps 1 and 2)

  async #room(): Promise<number> {
    const { commitMaxRecords, commitMaxBytes } = this.#options;
    if (this.#fill.records < commitMaxRecords && this.#fill.bytes < commitMaxBytes) {
      return Math.min(FETCH_RECORDS, commitMaxRecords - this.#fill.records);
    }
    await this.#committing;
    return 0;
  }

  #fetchTimeout(): number {
    const { startedAt } = this.#fill;
    if (startedAt === undefined) return IDLE_FETCH_MS;
    const rest = startedAt + this.#options.commitIntervalMs - this.#options.clock.now();
    return Math.max(1, Math.min(rest, IDLE_FETCH_MS));
  }

  #take(batches: readonly RecordBatch[]): void {
    // An abort while we waited has rewound nothing yet: these records will come again.
    if (this.#rewind || this.#failure !== undefined) return;
    for (const batch of batches) {
      const task = this.#tasks.get(batch.partition);
      const input = this.#inputIndex.get(batch.topic);
      if (task === undefined || !task.running || input === undefined) continue;
      const before = this.#fill.records;
      this.#reviewer.review(this.#fill, this.#fill.frame(task), input, batch);
      this.#records += this.#fill.records - before;
    }
    if (this.#fill.records > 0) this.#fill.startedAt ??= this.#options.clock.now();
  }

  /** While no commit is under way, what the operators emitted goes out at once. */
  async #writeAhead(): Promise<void> {
    if (this.#committing !== undefined || this.#rewind || this.#fill.writes.length === 0) return;
    try {
      await this.#committer.write(this.#fill);
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      this.#rewind = true;
    }
  }

  // --- commit (steps 3 to 5), in the background

  #due(): boolean {
    const fill = this.#fill;
    if (this.#committing !== undefined || fill.empty) return false;
    const { commitMaxRecords, commitMaxBytes, commitIntervalMs, clock } = this.#options;
    if (fill.records >= commitMaxRecords || fill.bytes >= commitMaxBytes) return true;
    if (fill.startedAt !== undefined) return clock.now() - fill.startedAt >= commitIntervalMs;
    return [...fill.frames.keys()].some((task) => !task.claimed);
  }

  #startCommit(): void {
    const fill = this.#fill;
    this.#reviewer.beforeCommit(fill);
    const plan = this.#committer.plan(fill);
    this.#fill = new Fill(fill);
    this.#committing = this.#commit(plan).catch((error: unknown) => {
      this.#committing = undefined;
      this.#fail(error);
      this.#rewind = true;
    });
  }

  async #commit(plan: CommitPlan): Promise<void> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    const outcome = await this.#committer.commit(plan, this.#consumer);
    if (outcome === "committed") {
      applyPlan(plan);
      for (const { frame } of plan.frames) this.#options.onCommitted?.(frame.task.partition, frame.task.positions[0]!);
      this.#fill.detach();
      plan.fill.recycle();
      this.#commits++;
      this.#lastCommitAt = clock.now();
      this.#durations.add(this.#lastCommitAt - startedAt);
    } else {
      this.#rewind = true;
    }
    this.#committing = undefined;
  }

  /** Nothing of the aborted transaction, nor of what was built on top of it, happened: take it all again. */
  async #rewindAll(): Promise<void> {
    this.#fill = new Fill(undefined);
    if (this.#committer.begun) await this.#committer.abort();
    for (const task of this.#tasks.values()) {
      if (!task.running) continue;
      await this.#seekToPositions(task);
      // A task whose claim was aborted claims again.
      if (!task.claimed) this.#fill.frame(task);
    }
    this.#rewind = false;
  }

  async #seekToPositions(task: Task): Promise<void> {
    for (const [index, topic] of this.#options.topology.inputs.entries()) {
      await this.#consumer.seek({ topic, partition: task.partition }, task.positions[index]!);
    }
  }

  // --- group membership and restore

  async #answerRebalances(): Promise<void> {
    for (let waiting = this.#consumer.pendingRebalance(); waiting !== undefined; waiting = this.#consumer.pendingRebalance()) {
      if (waiting.kind === "revoke") await this.#revoke(waiting);
      else await this.#assign(waiting);
    }
  }

  async #revoke(rebalance: Rebalance): Promise<void> {
    const gone = rebalance.partitions.flatMap(({ partition }) => this.#tasks.get(partition) ?? []);
    await this.#committing;
    const touched = gone.some((task) => this.#fill.frames.has(task));
    if (touched && !rebalance.lost && !this.#rewind && this.#failure === undefined) {
      this.#startCommit();
      await this.#committing;
    }
    if (this.#failure instanceof FencedError) {
      // The generation moved on while we committed: nothing happened, and the next owner takes the records again.
      this.#failure = undefined;
      await this.#committer.abort();
    }
    this.#throwFailure();
    for (const task of gone) this.#tasks.delete(task.partition);
    if (gone.some((task) => this.#fill.frames.has(task))) this.#rewind = true;
    this.#consumer.answerRebalance([]);
    if (this.#rewind) await this.#rewindAll();
    if (gone.length > 0) this.#status("running", `gave up partitions ${gone.map((task) => task.partition).join(", ")}`);
  }

  async #assign(rebalance: Rebalance): Promise<void> {
    const { topology } = this.#options;
    const partitions = rebalance.partitions.map(({ partition }) => partition);
    if (partitions.length === 0) {
      this.#consumer.answerRebalance([]);
      return;
    }
    this.#status("restoring", `taking over partitions ${partitions.join(", ")}`);
    const inputs = partitions.flatMap((partition) => topology.inputs.map((topic) => ({ topic, partition })));
    const committed = await stableOffsets(this.#consumer, inputs, { ...this.#options, transactionalId: this.#transactionalId });
    const tasks: Task[] = [];
    const start: (TopicPartition & { offset: number })[] = [];
    for (const partition of partitions) {
      const task = new Task(topology, partition, this.#options.hasher);
      for (const [index, topic] of topology.inputs.entries()) {
        const offset = await this.#startOffset({ topic, partition }, committed);
        task.positions[index] = offset;
        start.push({ topic, partition, offset });
      }
      tasks.push(task);
      this.#tasks.set(partition, task);
    }
    this.#consumer.answerRebalance(start);
    this.#consumer.pause(inputs);
    const byPartition = new Map(partitions.map((partition) => [partition, committed.find((offset) => offset?.partition === partition)]));
    this.#restore(tasks, byPartition);
  }

  async #startOffset(partition: TopicPartition, committed: readonly (CommittedOffset | undefined)[]): Promise<number> {
    const { low } = await this.#consumer.watermarks(partition, 10_000);
    const known = committed.find((offset) => offset?.topic === partition.topic && offset.partition === partition.partition);
    if (known === undefined || known.offset >= low) return known?.offset ?? low;
    const lost = `records ${known.offset} to ${low - 1} of ${partition.topic}/${partition.partition} were deleted before they were judged`;
    if (!this.#options.acceptLoss) {
      throw new FatalError(lost, { remedy: "raise the topic's retention; to go on without them start the processor with --accept-loss" });
    }
    this.#status("restoring", `${lost}; going on without them as asked`);
    return low;
  }

  #restore(tasks: readonly Task[], committed: ReadonlyMap<number, CommittedOffset | undefined>): void {
    const signal = AbortSignal.any([this.#closing.signal, this.#options.signal]);
    void restoreTasks(tasks, committed, { ...this.#options, fingerprint: this.#fingerprint, transactionalId: this.#transactionalId, signal })
      .then(() => {
        if (!signal.aborted) this.#restored.push(...tasks);
      })
      .catch((error: unknown) => {
        if (signal.aborted) return;
        // A partition that was revoked meanwhile has a new owner, whose commits we may have read half of.
        const revoked = tasks.some((task) => this.#tasks.get(task.partition) !== task);
        this.#fail(revoked ? new FencedError("the assignment changed during a restore", { cause: error }) : error);
      });
  }

  async #startRestored(): Promise<void> {
    const restored = this.#restored;
    if (restored.length === 0) return;
    this.#restored = [];
    for (const task of restored) {
      if (this.#tasks.get(task.partition) !== task) continue;
      await this.#seekToPositions(task);
      this.#consumer.resume(this.#options.topology.inputs.map((topic) => ({ topic, partition: task.partition })));
      task.running = true;
      this.#fill.frame(task);
    }
    this.#status("running", `partitions ${[...this.#tasks.keys()].toSorted((a, b) => a - b).join(", ")} restored`);
  }

  // --- reporting

  /** Keeps the first error of what runs beside the loop; the loop throws it at its next turn. */
  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #report(): void {
    const now = this.#options.clock.now();
    if (now - this.#statusAt < 1_000) return;
    this.#statusAt = now;
    this.#lag.refresh([...this.#tasks.values()]);
    this.#orphans.look();
    this.#options.onStatus(this.#figures());
  }

  #status(state: ProcessorStatus["state"], message: string): void {
    this.#options.onStatus({ ...this.#figures(), state, message });
  }

  #figures(): Partial<ProcessorStatus> {
    const { retention, replayWindowMs } = this.#options.topology.review;
    const tasks = [...this.#tasks.values()];
    const counts: VerdictCounts = zeroCounts();
    for (const task of tasks) for (const verdict of VERDICTS) counts[verdict] += task.counts[verdict];
    return {
      partitions: [...this.#tasks.keys()].toSorted((a, b) => a - b),
      records: this.#records,
      counts,
      lag: this.#lag.records(tasks),
      commits: this.#commits,
      commitMs: this.#durations.percentiles(),
      lastCommitAt: this.#lastCommitAt,
      retentionMarginMs: retention === "unbounded" || replayWindowMs === undefined ? null : retention.ms - replayWindowMs,
      knownEvents: tasks.reduce((sum, task) => sum + task.known.table.size, 0),
      stateBytes: tasks.reduce((sum, task) => sum + task.known.table.bytes, 0),
    };
  }
}

/** The transactional id of a processor: stable, so that a restart fences and ends what its predecessor left. */
export function transactionalIdOf(groupId: string, instanceId: string): string {
  return `${groupId}.${instanceId}`;
}
