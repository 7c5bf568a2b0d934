import { FencedError, RetryableError } from "../domain/errors.ts";
import { type VerdictCounts, VERDICTS, zeroCounts } from "../domain/review/verdict.ts";
import { type GroupConsumer, type Rebalance, type RecordBatch, SeatTakenError } from "../kafka/log.ts";
import { Assignment } from "./assignment.ts";
import type { BackgroundLook } from "./background-look.ts";
import { applyPlan, type CommitPlan, Committer } from "./commit.ts";
import { Fill } from "./fill.ts";
import { topologyFingerprint } from "./fingerprint.ts";
import { IdleCommits } from "./idle-commits.ts";
import { inputWatch } from "./input-watch.ts";
import { LagGauge } from "./lag.ts";
import { OrphanWatch } from "./orphans.ts";
import type { ProcessorOptions } from "./processor-options.ts";
import { Reviewer } from "./reviewer.ts";
import { DurationWindow, type ProcessorStatus } from "./status.ts";
import { transactionalIdOf } from "./takeover.ts";
import type { Task } from "./task.ts";
import { InputIds } from "./topic-ids.ts";
import { MAX_RECORD_BYTES } from "../kafka/limits.ts";

const FETCH_RECORDS = 1_000;
const IDLE_FETCH_MS = 100;
/** Two heartbeats, and the time that their answers take. */
const HEARTBEATS_MS = 1_500;

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
  readonly #assignment: Assignment;
  readonly #inputIndex: ReadonlyMap<string, number>;
  readonly #durations = new DurationWindow();
  readonly #lag: LagGauge;
  readonly #orphans: OrphanWatch;
  readonly #inputIds: InputIds;
  readonly #inputs: BackgroundLook;
  readonly #idle: IdleCommits;
  #fill = new Fill(undefined);
  /** Fetched and not judged yet. */
  #waiting: RecordBatch[] = [];
  #committing: Promise<void> | undefined;
  #rewind = false;
  #failure: Error | undefined;
  #records = 0;
  #commits = 0;
  #statusAt = -Infinity;
  #lastCommitAt: number | null = null;

  constructor(options: ProcessorOptions) {
    const { topology, log } = options;
    this.#options = options;
    const fingerprint = topologyFingerprint(topology);
    const transactionalId = transactionalIdOf(options.groupId, options.instanceId);
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
      transactionalId,
      transactionTimeoutMs: options.transactionTimeoutMs,
      fingerprint,
      incarnation: options.incarnation,
      maxMessageBytes: MAX_RECORD_BYTES,
    });
    this.#reviewer = new Reviewer(topology, options.hasher, options.clock);
    const onError = (error: unknown): void => {
      this.#fail(error);
    };
    this.#inputIds = new InputIds(log, topology);
    this.#assignment = new Assignment({
      ...options,
      inputIds: this.#inputIds,
      fingerprint,
      transactionalId,
      consumer: this.#consumer,
      onFailure: onError,
      say: (state, message) => this.#status(state, message),
    });
    this.#idle = new IdleCommits(options.clock);
    this.#lag = new LagGauge(log, topology.inputs, options.clock, onError);
    this.#inputs = inputWatch(log, topology, this.#inputIds, options.clock, onError);
    const onHealed = (message: string): void => options.onStatus({ message });
    this.#orphans = new OrphanWatch({
      ...options,
      topic: topology.inputs[0]!,
      partitions: topology.partitions,
      onHealed,
      onError,
    });
  }

  async open(): Promise<void> {
    await Promise.all([this.#committer.open(), this.#consumer.open()]);
  }

  /** Runs until the signal aborts, then commits what has been taken and returns. `close` must follow in every case. */
  async run(): Promise<void> {
    while (!this.#options.signal.aborted) await this.step();
    await this.finish();
    // The last report may be a second old: what was committed since belongs to what is told at the end.
    this.#options.onStatus(this.#figures());
  }

  /** One turn of the loop: answer the group, commit what is due, take and review what has come. */
  async step(): Promise<void> {
    this.#throwFailure();
    await this.#answerRebalances();
    await this.#startRestored();
    if (this.#rewind) await this.#rewindAll();
    for (const task of this.#idle.due(this.#assignment.tasks.values(), (of) => this.#hasMoved(of)))
      this.#fill.frame(task);
    if (this.#due()) this.#startCommit();
    const room = await this.#room();
    if (room > 0) {
      if (this.#waiting.length === 0) {
        this.#waiting = await this.#inputIds.explain(this.#consumer.fetch(room, this.#fetchTimeout()));
        if (this.#waiting.length === 0) this.#lag.nothingFetched();
      }
      this.#take();
      await this.#writeAhead();
      // A slow topology: what the client has to say comes in between two turns.
      if (this.#waiting.length > 0) await this.#options.clock.sleep(0);
    }
    this.#report();
  }

  /** Commits what has been taken (graceful shutdown). An abort is as good: the next owner takes it again. */
  async finish(): Promise<void> {
    await this.#committing;
    this.#throwFailure();
    if (this.#rewind) return;
    for (const task of this.#assignment.tasks.values()) if (this.#hasMoved(task)) this.#fill.frame(task);
    if (this.#fill.empty) return;
    this.#startCommit();
    await this.#committing;
    this.#throwFailure();
  }

  /**
   * After a FencedError: whether another process joined with our instance id. Its producer fences ours at once; our member
   * hears of it with the next heartbeat.
   */
  async isReplaced(): Promise<boolean> {
    const { clock } = this.#options;
    const deadline = clock.now() + HEARTBEATS_MS;
    try {
      while (clock.now() < deadline) {
        await this.#consumer.fetch(1, IDLE_FETCH_MS);
        // A rebalance that waits makes a fetch return at once.
        await clock.sleep(IDLE_FETCH_MS / 2);
      }
    } catch (error) {
      return error instanceof SeatTakenError;
    }
    return false;
  }

  async close(): Promise<void> {
    await this.#committing;
    await Promise.all([
      this.#assignment.close(),
      this.#committer.close(),
      this.#consumer.close(),
      this.#lag.close(),
      this.#orphans.close(),
      this.#inputs.close(),
    ]);
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

  /** Judges what waits, as far as it comes in one commit interval: the transaction must not outlive its timeout. */
  #take(): void {
    const { clock, commitIntervalMs } = this.#options;
    const begun = clock.now();
    const isTimeUp = (): boolean => clock.now() - begun >= commitIntervalMs;
    let isDone = true;
    // After an abort while we waited, these records will come again.
    while (isDone && this.#waiting.length > 0 && !this.#rewind && this.#failure === undefined) {
      const batch = this.#waiting[0]!;
      const task = this.#assignment.tasks.get(batch.partition);
      const input = this.#inputIndex.get(batch.topic);
      if (task !== undefined && task.running && input !== undefined) {
        const before = this.#fill.records;
        isDone = this.#reviewer.review(this.#fill, this.#fill.frame(task), input, batch, isTimeUp);
        this.#records += this.#fill.records - before;
      }
      if (isDone) this.#waiting.shift();
    }
    if (this.#rewind || this.#failure !== undefined) this.#waiting = [];
    if (this.#fill.records > 0) this.#fill.startedAt ??= begun;
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
    // Without records there is nothing to wait for: a claim, or an idle task.
    return fill.startedAt === undefined || clock.now() - fill.startedAt >= commitIntervalMs;
  }

  /** The consumer stands, with nothing of the input waiting here, past markers that the task's positions do not know of. */
  #hasMoved(task: Task): boolean {
    return task.running && this.#positionsOf(task).some((position, index) => position > task.positions[index]!);
  }

  #positionsOf({ partition }: Task): number[] {
    const waits = (topic: string): boolean =>
      this.#waiting.some((batch) => batch.topic === topic && batch.partition === partition);
    return this.#options.topology.inputs.map((topic) =>
      waits(topic) ? -1 : this.#consumer.position({ topic, partition }),
    );
  }

  #startCommit(): void {
    const fill = this.#fill;
    for (const [task, frame] of fill.frames)
      this.#positionsOf(task).forEach((position, index) => frame.pass(index, position));
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
      for (const { frame } of plan.frames) {
        frame.task.committedAt = clock.now();
        this.#options.onCommitted?.(frame.task.partition, frame.task.positions[0]!);
      }
      if ([...this.#assignment.tasks.values()].every((task) => task.claimed)) this.#options.onSound();
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
    this.#idle.again();
    this.#waiting = [];
    if (this.#committer.begun) await this.#committer.abort();
    for (const task of this.#assignment.tasks.values()) {
      if (!task.running) continue;
      await this.#assignment.seekToPositions(task);
      // A task whose claim was aborted claims again.
      if (!task.claimed) this.#fill.frame(task);
    }
    this.#rewind = false;
  }

  // --- group membership and restore

  async #answerRebalances(): Promise<void> {
    for (
      let waiting = this.#consumer.pendingRebalance();
      waiting !== undefined;
      waiting = this.#consumer.pendingRebalance()
    ) {
      if (waiting.kind === "revoke") await this.#revoke(waiting);
      else await this.#assignment.assign(waiting);
    }
  }

  async #revoke(rebalance: Rebalance): Promise<void> {
    const gone = this.#assignment.held(rebalance.partitions);
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
    for (const task of gone) this.#assignment.tasks.delete(task.partition);
    this.#waiting = this.#waiting.filter(({ partition }) => this.#assignment.tasks.has(partition));
    if (gone.some((task) => this.#fill.frames.has(task))) this.#rewind = true;
    this.#consumer.answerRebalance([]);
    if (this.#rewind) await this.#rewindAll();
    if (gone.length > 0) this.#status("running", `gave up partitions ${gone.map((task) => task.partition).join(", ")}`);
  }

  async #startRestored(): Promise<void> {
    const started = await this.#assignment.startRestored();
    if (started.length === 0) return;
    for (const task of started) this.#fill.frame(task);
    this.#status("running", `partitions ${this.#assignment.partitions.join(", ")} restored`);
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
    this.#lag.refresh([...this.#assignment.tasks.values()]);
    this.#orphans.look();
    this.#inputs.look();
    this.#options.onStatus(this.#figures());
  }

  #status(state: ProcessorStatus["state"], message: string): void {
    this.#options.onStatus({ ...this.#figures(), state, message });
  }

  #figures(): Partial<ProcessorStatus> {
    const { retention, replayWindowMs } = this.#options.topology.review;
    const tasks = [...this.#assignment.tasks.values()];
    const counts: VerdictCounts = zeroCounts();
    for (const task of tasks) for (const verdict of VERDICTS) counts[verdict] += task.counts[verdict];
    return {
      partitions: this.#assignment.partitions,
      records: this.#records,
      counts,
      lag: this.#lag.records(tasks),
      commits: this.#commits,
      commitMs: this.#durations.percentiles(),
      lastCommitAt: this.#lastCommitAt,
      retentionMarginMs:
        retention === "unbounded" || replayWindowMs === undefined ? null : retention.ms - replayWindowMs,
      knownEvents: tasks.reduce((sum, task) => sum + task.known.table.size, 0),
      stateBytes: tasks.reduce((sum, task) => sum + task.known.bytes, 0),
    };
  }
}
