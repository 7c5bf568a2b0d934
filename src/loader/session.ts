import { setTimeout as sleep } from "node:timers/promises";
import { RetryableError } from "../domain/errors.ts";
import type { LogAdmin, LogReader, TopicPartition } from "../kafka/log.ts";
import { type LoadPlan, type PartitionName, partitionName, type Progress } from "./plan.ts";
import type { Warehouse } from "./warehouse.ts";

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
  #loading: Promise<{ readonly error?: unknown }> | null = null;
  /** Whether the tables have changed since the last snapshot. */
  dirty: boolean = false;
  publishedAt: number = Number.NEGATIVE_INFINITY;
  /** As last measured. */
  lag: number = 0;
  lagAt: number = Number.NEGATIVE_INFINITY;
  acknowledgedAt: number = Number.NEGATIVE_INFINITY;
  acknowledging: Promise<void> | null = null;

  constructor(warehouse: Warehouse, reader: LogReader, admin: LogAdmin, partitions: readonly TopicPartition[]) {
    this.warehouse = warehouse;
    this.reader = reader;
    this.admin = admin;
    this.partitions = partitions;
    this.#next = new Map(warehouse.progress.next);
    this.#judged = new Map(warehouse.progress.judged);
  }

  /** How far the warehouse will be when the transaction under way has been committed: where the next one goes on. */
  get ahead(): Progress {
    return { next: this.#next, judged: this.#judged };
  }

  get busy(): boolean {
    return this.#loading !== null;
  }

  /** Starts a transaction; `settled` says how it ended. There may be none under way. */
  begin(plan: LoadPlan, load: () => Promise<void>): void {
    for (const [name, offset] of plan.next) this.#next.set(name, offset);
    for (const [name, offset] of plan.judged) this.#judged.set(name, offset);
    this.#loading = load().then(
      () => {
        this.#loading = null;
        return {};
      },
      // Kept for who waits next: until then nobody listens, and Node would end the process.
      (error: unknown) => ({ error }),
    );
  }

  /** Waits for the transaction under way, if there is one, and throws what ended it otherwise than by its commit. */
  async settled(): Promise<void> {
    const outcome = await this.#loading;
    if (outcome !== null && "error" in outcome) throw outcome.error;
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
