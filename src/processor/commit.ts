import { FatalError, RetryableError, StateCorruptError } from "../domain/errors.ts";
import type { SegmentPlan } from "../domain/review/known-events.ts";
import { totalCount } from "../domain/review/verdict.ts";
import type { CommittedOffset, GroupConsumer, Log, TransactionalProducer } from "../kafka/log.ts";
import { IndefiniteCommitError } from "../kafka/indefinite.ts";
import { digestText } from "./digest-text.ts";
import type { Fill } from "./fill.ts";
import { encodeOffsetMetadata } from "./offset-metadata.ts";
import type { StoreChange } from "./store.ts";
import { type Frame, NO_STREAM_TIME } from "./task.ts";
import { topicIdHeaders } from "./topic-ids.ts";
import type { Topology } from "./topology.ts";

/**
 * The commit protocol, in five numbered steps (the same numbers in docs/ARCHITECTURE.md and the tests):
 *
 * 1. Take records of partitions we own and have restored            (processor.ts)
 * 2. Review them and run the operators into overlays                (reviewer.ts)
 * 3. Write clean records, verdict blocks, quarantine, segments and state changes in a transaction; what the operators
 *    emit is written while the fill still grows, if no other transaction is under way
 * 4. Send the offsets into the same transaction, with the group's generation as the fence
 * 5. Commit. Then, and only then, the overlays become the state.
 *
 * This file owns steps 3 to 5 and the transactional producer.
 */
export type CommitOutcome = "committed" | "aborted";

interface FramePlan {
  readonly frame: Frame;
  readonly segments: SegmentPlan;
  readonly stores: readonly (readonly StoreChange[])[];
}

/** All that a fill will have done once it is committed. */
export interface CommitPlan {
  readonly fill: Fill;
  readonly frames: readonly FramePlan[];
  readonly offsets: readonly CommittedOffset[];
}

export interface CommitterOptions {
  readonly log: Log;
  readonly topology: Topology;
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  readonly fingerprint: string;
  /** Names this process in what it commits; no other process, past or to come, has the same. */
  readonly incarnation: string;
  readonly maxMessageBytes: number;
}

export class Committer {
  readonly #options: CommitterOptions;
  #producer: TransactionalProducer;
  #begun = false;
  #isOpen = false;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#producer = this.#newProducer();
  }

  /** Opens the producer: fences older incarnations and ends what they left open. */
  async open(): Promise<void> {
    await this.#producer.open();
    this.#isOpen = true;
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }

  /**
   * Step 3, ahead of the commit: hands the fill's writes to the client, which sends them in the background. Their
   * buffers are free at once instead of growing old in the heap. An error leaves the transaction to `abort`.
   */
  async write(fill: Fill): Promise<void> {
    if (!this.#begun) await this.#begin();
    await this.#producer.write(fill.takeWrites());
  }

  async #begin(): Promise<void> {
    if (!(await this.#canBegin())) {
      await this.#replaceProducer();
      await this.#producer.begin();
    }
    this.#begun = true;
  }

  /**
   * Begins, if this producer can. One that died between two transactions says so here, and says nothing else any more; one
   * that replaced another and could not be opened was never of use. Another takes its place.
   */
  async #canBegin(): Promise<boolean> {
    if (!this.#isOpen) return false;
    try {
      await this.#producer.begin();
      return true;
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      return false;
    }
  }

  /** A transaction has been begun and not ended. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Completes the fill's writes with blocks, segments and state changes, and works out the offsets. Pure but for the fill. */
  plan(fill: Fill): CommitPlan {
    const { topics } = this.#options.topology;
    const frames: FramePlan[] = [];
    const offsets: CommittedOffset[] = [];
    for (const frame of fill.frames.values()) {
      const { task } = frame;
      checkConservation(frame);
      const streamTime = frame.streamTime === NO_STREAM_TIME ? null : frame.streamTime;
      for (const block of frame.blocks) {
        fill.writes.append(
          topics.verdicts,
          task.partition,
          Buffer.from(`${block.topic}/${block.partition}`),
          asBuffer(block.encode(streamTime)),
          topicIdHeaders(task.topicIds.get(block.topic)),
        );
      }
      const segments = task.known.plan(frame.events, frame.streamTime);
      for (const { key, value } of segments.messages) {
        fill.writes.append(topics.dedupe, task.partition, Buffer.from(key), value === null ? null : asBuffer(value));
      }
      const stores = task.stores.map((store) => store.plan(frame.overlayOf(store.spec)));
      stores.forEach((changes, index) => {
        const topic = topics.state(task.stores[index]!.spec.name);
        for (const { key, bytes } of changes) fill.writes.append(topic, task.partition, Buffer.from(key), bytes);
      });
      frames.push({ frame, segments, stores });
      const digest = digestText(
        segments.digest,
        stores.map((changes, index) => task.stores[index]!.digestAfter(changes)),
      );
      const metadata = {
        owner: this.#options.transactionalId,
        fingerprint: this.#options.fingerprint,
        streamTime,
        counts: frame.counts,
        digest,
        commit: frame.commit,
        incarnation: this.#options.incarnation,
      };
      this.#options.topology.inputs.forEach((topic, index) => {
        const ofTopic = encodeOffsetMetadata({ ...metadata, topicId: task.topicIds.get(topic) });
        offsets.push({ topic, partition: task.partition, offset: frame.positions[index]!, metadata: ofTopic });
      });
    }
    return { fill, frames, offsets };
  }

  /**
   * Steps 3 to 5. "aborted" means that nothing of the plan happened; the caller rewinds.
   * Throws FencedError when another incarnation or generation owns our work, StateCorruptError when the committed
   * offsets after an indefinite commit are neither the old nor the new ones.
   */
  async commit(plan: CommitPlan, consumer: GroupConsumer): Promise<CommitOutcome> {
    try {
      await this.write(plan.fill);
      await this.#producer.sendOffsets(plan.offsets, consumer);
      await this.#producer.commit();
      this.#begun = false;
      return "committed";
    } catch (error) {
      if (error instanceof IndefiniteCommitError) return this.#settle(plan, consumer);
      if (!(error instanceof RetryableError)) throw error;
      await this.abort();
      return "aborted";
    }
  }

  /** Ends the open transaction; a producer that cannot say it has done so is replaced, which ends it too. */
  async abort(): Promise<void> {
    if (!this.#begun) return;
    try {
      await this.#producer.abort();
      this.#begun = false;
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      await this.#replaceProducer();
    }
  }

  /** No definite answer: a new producer of the same id ends the transaction one way or the other; the offsets tell which. */
  async #settle(plan: CommitPlan, consumer: GroupConsumer): Promise<CommitOutcome> {
    await this.#replaceProducer();
    const committed = await consumer.committed(plan.offsets, this.#options.transactionTimeoutMs);
    const happened = plan.offsets.map(
      (planned, index) =>
        committed[index]?.offset === planned.offset && committed[index]?.metadata === planned.metadata,
    );
    if (happened.every(Boolean)) return "committed";
    if (!happened.some(Boolean)) return "aborted";
    throw new StateCorruptError("a transaction was committed for some of its partitions only");
  }

  async #replaceProducer(): Promise<void> {
    await this.#producer.close();
    this.#producer = this.#newProducer();
    this.#begun = false;
    this.#isOpen = false;
    await this.open();
  }

  #newProducer(): TransactionalProducer {
    const { log, transactionalId, transactionTimeoutMs, maxMessageBytes } = this.#options;
    return log.producer({ transactionalId, transactionTimeoutMs, maxMessageBytes });
  }
}

/** The overlays become the state (after step 5, never before: EO-5). */
export function applyPlan(plan: CommitPlan): void {
  for (const { frame, segments, stores } of plan.frames) {
    const { task } = frame;
    task.known.apply(frame.events, segments);
    stores.forEach((changes, index) => task.stores[index]!.apply(changes));
    task.positions = frame.positions;
    task.streamTime = frame.streamTime;
    task.counts = frame.counts;
    task.commit = frame.commit;
    task.claimed = true;
  }
}

/** EO-1: in every partition the records judged are the sum of their verdicts. */
function checkConservation(frame: Frame): void {
  const judged = frame.blocks.reduce((sum, block) => sum + totalCount(block.counts), 0);
  if (judged === frame.records) return;
  throw new FatalError(`EO-1: partition ${frame.task.partition} took ${frame.records} records and judged ${judged}`, {
    remedy: "this is a defect of the engine: please report it with the verdicts of this partition",
  });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
