import { setTimeout as sleep } from "node:timers/promises";
import type { Log, LogAdmin } from "../src/kafka/log.ts";
import { type Expectation, recordsBefore } from "./expectation.ts";
import type { Program } from "./program.ts";
import type { RunTopics } from "./run-topics.ts";

const STALL_MS = 60_000;

/** How far a consumer group is, seen from outside: by its committed offsets. */
export class Progress {
  readonly #admin: LogAdmin;
  readonly #topics: RunTopics;
  readonly #expectation: Expectation;

  constructor(log: Log, topics: RunTopics, expectation: Expectation) {
    this.#admin = log.admin();
    this.#topics = topics;
    this.#expectation = expectation;
  }

  /** Committed offset by partition; 0 where there is none. */
  async offsets(): Promise<number[]> {
    const { group, input } = this.#topics;
    const partitions = this.#expectation.partitions.map((_, partition) => ({ topic: input, partition }));
    return (await this.#admin.groupOffsets(group, partitions)).map((committed) => committed?.offset ?? 0);
  }

  /** Input records that are committed. */
  async records(): Promise<number> {
    const offsets = await this.offsets();
    return this.#expectation.partitions.reduce((sum, each, index) => sum + recordsBefore(each, offsets[index]!), 0);
  }

  /**
   * Looks every `everyMs` until so many input records are committed, and returns how many were seen then.
   * Throws when the program ends, or when nothing is committed for a minute.
   */
  async until(records: number, program: Program, everyMs: number): Promise<number> {
    let [seen, movedAt] = [-1, performance.now()];
    for (;;) {
      program.mustRun();
      const now = await this.records();
      if (now >= records) return now;
      if (now !== seen) [seen, movedAt] = [now, performance.now()];
      if (performance.now() - movedAt > STALL_MS) {
        throw new Error(`${program.name} stands at ${now} of ${this.#expectation.records} records for ${STALL_MS} ms`);
      }
      await sleep(everyMs);
    }
  }

  /** Looks every `everyMs` until any partition has been committed beyond the given offsets. */
  async untilBeyond(offsets: readonly number[], program: Program, everyMs: number): Promise<void> {
    const since = performance.now();
    while ((await this.offsets()).every((offset, partition) => offset <= offsets[partition]!)) {
      program.mustRun();
      if (performance.now() - since > STALL_MS) throw new Error(`${program.name} committed nothing for ${STALL_MS} ms`);
      await sleep(everyMs);
    }
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }
}
