import { FatalError, FencedError } from "../domain/errors.ts";
import type { CommittedOffset, GroupConsumer, Rebalance, TopicPartition } from "../kafka/log.ts";
import type { ProcessorOptions } from "./processor-options.ts";
import { restoreTasks, type RestoreOptions, stableOffsets } from "./restore.ts";
import type { ProcessorStatus } from "./status.ts";
import { Task } from "./task.ts";
import type { InputIds } from "./topic-ids.ts";

export interface AssignmentOptions extends ProcessorOptions, Pick<RestoreOptions, "fingerprint" | "transactionalId"> {
  readonly consumer: GroupConsumer;
  readonly inputIds: InputIds;
  /** A restore failed; the owner loop throws it at its next turn. */
  readonly onFailure: (error: unknown) => void;
  readonly say: (state: ProcessorStatus["state"], message: string) => void;
}

const WATERMARKS_MS = 10_000;

/**
 * The partitions that the group has given us: their tasks, and the restore that comes before they run.
 *
 *   assigned ──► answered, paused ──► restoring (beside the loop) ──► restored ──► sought, resumed, running
 *
 * The group is answered before the restore, so that the other partitions of this process go on meanwhile.
 */
export class Assignment {
  readonly tasks: Map<number, Task> = new Map();
  readonly #options: AssignmentOptions;
  readonly #closing = new AbortController();
  readonly #restores = new Set<Promise<void>>();
  #restored: Task[] = [];

  constructor(options: AssignmentOptions) {
    this.#options = options;
  }

  get partitions(): number[] {
    return [...this.tasks.keys()].toSorted((a, b) => a - b);
  }

  /** Tasks of revoked partitions that we hold. */
  held(partitions: readonly TopicPartition[]): Task[] {
    return partitions.flatMap(({ partition }) => this.tasks.get(partition) ?? []);
  }

  /** Answers an assignment and begins to restore its tasks. */
  async assign(rebalance: Rebalance): Promise<void> {
    const { topology, consumer, say, hasher } = this.#options;
    const isSurplus = ({ partition }: TopicPartition): boolean => partition >= topology.partitions;
    const surplus = rebalance.partitions.filter(isSurplus);
    const partitions = rebalance.partitions.filter((given) => !isSurplus(given)).map(({ partition }) => partition);
    const start: (TopicPartition & { offset: number })[] = [];
    // They are held and not read: there is no state beside them.
    for (const given of surplus) {
      const { high } = await consumer.watermarks(given, WATERMARKS_MS);
      start.push({ ...given, offset: high });
    }
    if (partitions.length === 0) {
      consumer.answerRebalance(start);
      consumer.pause(surplus);
      return;
    }
    say("restoring", `taking over partitions ${partitions.join(", ")}`);
    const inputs = partitions.flatMap((partition) => topology.inputs.map((topic) => ({ topic, partition })));
    const committed = await stableOffsets(consumer, inputs, this.#options);
    const topicIds = await this.#options.inputIds.look();
    const tasks: Task[] = [];
    for (const partition of partitions) {
      const task = new Task(topology, partition, hasher);
      task.topicIds = topicIds;
      for (const [index, topic] of topology.inputs.entries()) {
        await this.#findStart(task, index, committed);
        start.push({ topic, partition, offset: readFrom(task, index) });
      }
      tasks.push(task);
      this.tasks.set(partition, task);
    }
    consumer.answerRebalance(start);
    consumer.pause([...inputs, ...surplus]);
    this.#restore(
      tasks,
      new Map(
        partitions.map((partition) => [
          partition,
          committed.filter((offset) => offset !== undefined).filter((offset) => offset.partition === partition),
        ]),
      ),
    );
  }

  /** Sets the restored tasks running and returns them. */
  async startRestored(): Promise<Task[]> {
    const restored = this.#restored.filter((task) => this.tasks.get(task.partition) === task);
    this.#restored = [];
    for (const task of restored) {
      await this.seekToPositions(task);
      this.#options.consumer.resume(
        this.#options.topology.inputs.map((topic) => ({ topic, partition: task.partition })),
      );
      task.running = true;
    }
    return restored;
  }

  /** Reads on from the committed positions of a task. */
  async seekToPositions(task: Task): Promise<void> {
    for (const [index, topic] of this.#options.topology.inputs.entries()) {
      await this.#options.consumer.seek({ topic, partition: task.partition }, readFrom(task, index));
    }
  }

  /** Ends the restores that are under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#restores);
  }

  async #findStart(task: Task, index: number, committed: readonly (CommittedOffset | undefined)[]): Promise<void> {
    const { partition } = task;
    const topic = this.#options.topology.inputs[index]!;
    const { low } = await this.#options.consumer.watermarks({ topic, partition }, WATERMARKS_MS);
    const known = committed.find((offset) => offset?.topic === topic && offset.partition === partition);
    task.positions[index] = known?.offset ?? low;
    if (known === undefined || known.offset >= low) return;
    const lost = `records ${known.offset} to ${low - 1} of ${topic}/${partition} were deleted before they were judged`;
    if (!this.#options.acceptLoss) {
      throw new FatalError(lost, {
        remedy: "raise the topic's retention; to go on without them start the processor with --accept-loss",
      });
    }
    this.#options.say("restoring", `${lost}; going on without them as asked`);
    task.lostTo[index] = low;
  }

  #restore(tasks: readonly Task[], committed: ReadonlyMap<number, readonly CommittedOffset[]>): void {
    const signal = AbortSignal.any([this.#closing.signal, this.#options.signal]);
    const restore = restoreTasks(tasks, committed, { ...this.#options, signal })
      .then(() => {
        if (!signal.aborted) this.#restored.push(...tasks);
      })
      .catch((error: unknown) => {
        if (signal.aborted) return;
        // A partition that was revoked meanwhile has a new owner, whose commits we may have read half of.
        const revoked = tasks.some((task) => this.tasks.get(task.partition) !== task);
        this.#options.onFailure(
          revoked ? new FencedError("the assignment changed during a restore", { cause: error }) : error,
        );
      })
      .finally(() => this.#restores.delete(restore));
    this.#restores.add(restore);
  }
}

/** Where an input goes on: its position, or behind the records that are lost. */
function readFrom(task: Task, index: number): number {
  return Math.max(task.positions[index]!, task.lostTo[index]!);
}
