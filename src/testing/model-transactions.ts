import { FencedError, RetryableError } from "../domain/errors.ts";
import { invariant } from "./model-invariant.ts";
import type { ModelGroup } from "./model-group.ts";
import type { ModelPartition, TransactionOutcome } from "./model-topic.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** How long a client goes on asking while the coordinator is busy ending a transaction, ms. */
const coordinatorPatienceMs = 60_000;

/** Where a transaction marker goes: a partition, or the committed offsets of a group. */
export type MarkerTarget = { readonly topic: string; readonly partition: number } | { readonly groupId: string };

/** Delay in ms from the decision (prepared) to the marker on one target. 0: at once. */
export type MarkerDelay = (target: MarkerTarget) => number;

type TransactionState = "ongoing" | "prepare-commit" | "prepare-abort" | "committed" | "aborted";

/**
 *   ongoing ──end(commit)──> prepare-commit ──last marker──> committed
 *      └─────end(abort)────> prepare-abort  ──last marker──> aborted
 */
export class ModelTransaction implements TransactionOutcome {
  readonly transactionalId: string;
  readonly epoch: number;
  readonly startedAt: number;
  state: TransactionState = "ongoing";
  readonly partitions: Set<ModelPartition> = new Set();
  readonly groups: Set<ModelGroup> = new Set();
  /** Markers that are not where they belong yet. */
  readonly pendingMarkers: Set<() => void> = new Set();
  cancelTimeout: () => void = () => undefined;

  constructor(transactionalId: string, epoch: number, startedAt: number) {
    this.transactionalId = transactionalId;
    this.epoch = epoch;
    this.startedAt = startedAt;
  }

  get commits(): boolean {
    return this.state === "prepare-commit" || this.state === "committed";
  }

  get isComplete(): boolean {
    return this.state === "committed" || this.state === "aborted";
  }
}

interface ProducerState {
  epoch: number;
  timeoutMs: number;
  current: ModelTransaction | undefined;
}

/**
 * The transaction coordinator, protocol version 1 (what librdkafka speaks): one epoch per `open`, none per
 * transaction. The broker knows of a transaction from the first record or offset in it.
 */
export class TransactionCoordinator {
  readonly #clock: VirtualClock;
  readonly #producers = new Map<string, ProducerState>();
  markerDelay: MarkerDelay = () => 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** InitProducerId: ends what the id left open, fences who held it, and gives the new epoch. */
  async init(transactionalId: string, timeoutMs: number): Promise<number> {
    let producer = this.#producers.get(transactionalId);
    if (producer === undefined) {
      producer = { epoch: -1, timeoutMs, current: undefined };
      this.#producers.set(transactionalId, producer);
    }
    while (producer.current !== undefined && !producer.current.isComplete) {
      if (producer.current.state === "ongoing") {
        producer.epoch += 1; // whoever still writes is fenced before the abort, not after it
        this.#prepare(producer.current, false);
      }
      await this.#completed(producer.current);
    }
    producer.epoch += 1;
    producer.timeoutMs = timeoutMs;
    return producer.epoch;
  }

  /** The open transaction of this producer; started if there is none, after the previous one has all its markers. */
  async transaction(transactionalId: string, epoch: number): Promise<ModelTransaction> {
    const producer = this.#check(transactionalId, epoch);
    if (producer.current?.state === "ongoing") return producer.current;
    if (producer.current !== undefined) await this.#completed(producer.current);
    this.#check(transactionalId, epoch);
    const transaction = new ModelTransaction(transactionalId, epoch, this.#clock.now());
    producer.current = transaction;
    transaction.cancelTimeout = this.#clock.at(this.#clock.now() + producer.timeoutMs, () => {
      invariant(transaction.state === "ongoing", `${transactionalId}: a transaction that ended timed out`);
      producer.epoch += 1;
      this.#prepare(transaction, false);
    });
    return transaction;
  }

  /**
   * To be asked without an await before anything is added to a transaction: at every await another process may have
   * ended it, and what is added after its markers would be open for ever.
   */
  assertOngoing(transaction: ModelTransaction): void {
    this.#check(transaction.transactionalId, transaction.epoch);
    invariant(transaction.state === "ongoing", `${transaction.transactionalId}: a write crossed transactions`);
  }

  /** EndTxn. An empty transaction never reached the broker, and ends without a marker. */
  end(transactionalId: string, epoch: number, commit: boolean): void {
    const transaction = this.#check(transactionalId, epoch).current;
    if (transaction?.state === "ongoing") this.#prepare(transaction, commit);
  }

  /**
   * An EndTxn that was delayed on its way and arrives now. A stale epoch is refused; with the epoch still
   * current it ends whatever transaction is open, be it a later one: the hole of this protocol version
   * (KIP-890) that a re-initialised producer closes.
   */
  endLate(transactionalId: string, epoch: number, commit: boolean): void {
    if (this.#producers.get(transactionalId)?.epoch === epoch) this.end(transactionalId, epoch, commit);
  }

  /** Puts every delayed marker where it belongs, now. */
  deliverMarkers(): void {
    for (const producer of this.#producers.values()) {
      for (const deliver of [...(producer.current?.pendingMarkers ?? [])]) deliver();
    }
  }

  /** The open transaction of this id holds offsets and no record. */
  isClaim(transactionalId: string): boolean {
    const current = this.#producers.get(transactionalId)?.current;
    return current?.state === "ongoing" && current.partitions.size === 0;
  }

  /** Transactions that hold the last stable offset of a partition back: open, or waiting for a marker. */
  unresolved(): ModelTransaction[] {
    return [...this.#producers.values()].flatMap(({ current }) =>
      current === undefined || current.isComplete ? [] : [current],
    );
  }

  #check(transactionalId: string, epoch: number): ProducerState {
    const producer = this.#producers.get(transactionalId);
    invariant(producer !== undefined && epoch <= producer.epoch, `${transactionalId}: epoch ${epoch} was never given`);
    if (epoch < producer.epoch) {
      throw new FencedError(
        `producer of ${transactionalId} is fenced: its epoch is ${epoch}, the latest is ${producer.epoch} ` +
          "(a newer producer was opened, or its transaction timed out)",
      );
    }
    return producer;
  }

  async #completed(transaction: ModelTransaction): Promise<void> {
    const inTime = await this.#clock.wait(() => transaction.isComplete, this.#clock.now() + coordinatorPatienceMs);
    if (!inTime)
      throw new RetryableError("the transaction coordinator still writes the markers of the last transaction");
  }

  #prepare(transaction: ModelTransaction, commit: boolean): void {
    invariant(transaction.state === "ongoing", `${transaction.transactionalId}: ${transaction.state} cannot end again`);
    transaction.cancelTimeout();
    transaction.state = commit ? "prepare-commit" : "prepare-abort";
    const markers: [MarkerTarget, () => void][] = [];
    for (const partition of transaction.partitions) {
      markers.push([partition, () => partition.appendMarker(transaction, this.#clock.now())]);
    }
    for (const group of transaction.groups) markers.push([group, () => group.resolve(transaction)]);
    const prompt: (() => void)[] = [];
    for (const [target, write] of markers) {
      const delayMs = this.markerDelay(target);
      let cancel = (): void => undefined;
      const deliver = (): void => {
        if (!transaction.pendingMarkers.delete(deliver)) return;
        cancel();
        write();
        this.#completeWhenMarked(transaction);
      };
      transaction.pendingMarkers.add(deliver);
      if (delayMs > 0) cancel = this.#clock.at(this.#clock.now() + delayMs, deliver);
      else prompt.push(deliver);
    }
    for (const deliver of prompt) deliver();
    this.#completeWhenMarked(transaction);
  }

  #completeWhenMarked(transaction: ModelTransaction): void {
    if (transaction.pendingMarkers.size > 0 || transaction.isComplete) return;
    transaction.state = transaction.commits ? "committed" : "aborted";
    this.#clock.changed();
  }
}
