import { setTimeout as sleep } from "node:timers/promises";
import { RetryableError } from "../domain/errors.ts";
import type { LogAdmin, LogReader, TopicPartition } from "../kafka/log.ts";
import { type LoadPlan, type PartitionName, partitionName, type Progress } from "./plan.ts";
import type { PreparedLoad } from "./prepared-load.ts";
import type { Warehouse } from "./warehouse.ts";

type Outcome = { readonly error?: unknown };

function throwError(outcome: Outcome): void {
  if ("error" in outcome) throw outcome.error;
}

/**
 * Transactions that are written or worked out, at most: one of each, and beside them the next is gathered. A third was no faster, and took 30 MB more.
 */
const LOADS_MAX = 2;
const CHECKPOINT_TRIES = 20;
const CHECKPOINT_RETRY_MS = 50;

/** What one opening of the warehouse keeps track of. */
export class Session {
  readonly warehouse: Warehouse;
  readonly reader: LogReader;
  readonly admin: LogAdmin;
  readonly partitions: readonly TopicPartition[];
  readonly #acknowledged = new Map<PartitionName, number>();
  readonly #next: Map<PartitionName, number>;
  readonly #judged: Map<PartitionName, number>;
  /** Those that have not ended, the oldest first; one that failed stays. */
  readonly #loads: Promise<Outcome>[] = [];
  #prepared: Promise<Outcome> = Promise.resolve({});
  #records = 0;
  /** Whether the tables have changed since the last snapshot. */
  dirty: boolean = false;
  publishedAt: number = Number.NEGATIVE_INFINITY;
  /** As last measured. */
  lag: number = 0;
  lagAt: number = Number.NEGATIVE_INFINITY;
  acknowledgedAt: number = Number.NEGATIVE_INFINITY;
  acknowledging: Promise<void> | null = null;

  readonly #acceptGaps: boolean;

  constructor(
    warehouse: Warehouse,
    reader: LogReader,
    admin: LogAdmin,
    partitions: readonly TopicPartition[],
    acceptGaps: boolean,
  ) {
    this.#acceptGaps = acceptGaps;
    this.warehouse = warehouse;
    this.reader = reader;
    this.admin = admin;
    this.partitions = partitions;
    this.#next = new Map(warehouse.progress.next);
    this.#judged = new Map(warehouse.progress.judged);
  }

  /** How far the warehouse will be when the transactions under way have been committed: where the next one goes on. */
  get ahead(): Progress {
    return { next: this.#next, judged: this.#judged, acceptGaps: this.#acceptGaps };
  }

  get busy(): boolean {
    return this.#loads.length > 0;
  }

  /** Records of the transactions that have not ended. */
  get underWay(): number {
    return this.#records;
  }

  /**
   * The transaction follows those under way, one after the other; `settled` says how they ended. Only while there is room. It is
   * prepared beside them, after the one before has been; what it must read that they write it waits for with `before`.
   */
  begin(
    plan: LoadPlan,
    prepare: (before: () => Promise<void>) => Promise<PreparedLoad>,
    load: (prepared: PreparedLoad) => Promise<void>,
  ): void {
    for (const [name, offset] of plan.next) this.#next.set(name, offset);
    for (const [name, offset] of plan.judged) this.#judged.set(name, offset);
    this.#records += plan.records;
    const before = this.#loads.at(-1) ?? Promise.resolve<Outcome>({});
    const prepared = this.#prepared.then(() => prepare(async () => throwError(await before)));
    const preparation = prepared.then(
      (): Outcome => ({}),
      (error: unknown) => ({ error }),
    );
    this.#prepared = preparation;
    const outcome = Promise.all([before, preparation]).then(async ([ofBefore, ofPreparation]): Promise<Outcome> => {
      // What follows a transaction that failed rests on it.
      if ("error" in ofBefore) return ofBefore;
      if ("error" in ofPreparation) return ofPreparation;
      try {
        await load(await prepared);
      } catch (error) {
        // Kept for who waits next: until then nobody listens, and Node would end the process.
        return { error };
      }
      this.#records -= plan.records;
      void this.#loads.shift();
      return {};
    });
    this.#loads.push(outcome);
  }

  /** Waits until another transaction may begin, and throws what ended one otherwise than by its commit. */
  async room(): Promise<void> {
    while (this.#loads.length >= LOADS_MAX) throwError(await this.#loads[0]!);
  }

  /** Waits for the transactions under way, and throws what ended one otherwise than by its commit. */
  async settled(): Promise<void> {
    const last = this.#loads.at(-1);
    if (last !== undefined) throwError(await last);
  }

  /** Positions beyond the stored offsets: markers and aborted records, and nothing to load. Only between fetch and load of nothing. */
  passedMarkers(): Map<PartitionName, number> {
    const passed = new Map<PartitionName, number>();
    for (const partition of this.partitions) {
      const name = partitionName(partition.topic, partition.partition);
      const position = this.reader.position(partition);
      if (position > (this.warehouse.progress.next.get(name) ?? 0)) passed.set(name, position);
    }
    return passed;
  }

  unacknowledged(): (TopicPartition & { offset: number; metadata: string })[] {
    const offsets: (TopicPartition & { offset: number; metadata: string })[] = [];
    for (const { topic, partition } of this.partitions) {
      const name = partitionName(topic, partition);
      const offset = this.warehouse.progress.next.get(name);
      if (offset !== undefined && offset !== this.#acknowledged.get(name))
        offsets.push({ topic, partition, offset, metadata: "" });
    }
    return offsets;
  }

  acknowledged(offsets: readonly (TopicPartition & { readonly offset: number })[]): void {
    for (const { topic, partition, offset } of offsets) this.#acknowledged.set(partitionName(topic, partition), offset);
  }
}

/**
 * Puts everything committed into the file itself. A reader in this process with a transaction open stops it, for
 * milliseconds as a rule; false when that lasts. Any other error is thrown at once: after a checkpoint that failed on
 * a full disk DuckDB answers nothing any more until it is opened again.
 */
export async function checkpoint(warehouse: Warehouse): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      await warehouse.checkpoint();
      return true;
    } catch (error) {
      if (!(error instanceof RetryableError) || !error.message.includes("Cannot CHECKPOINT")) throw error;
      if (attempt >= CHECKPOINT_TRIES) return false;
      await sleep(CHECKPOINT_RETRY_MS);
    }
  }
}
