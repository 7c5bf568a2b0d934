import { FatalError, RetryableError } from "../domain/errors.ts";
import type { IsolationLevel, LogReader, RecordBatch, TopicPartition, Watermarks } from "../kafka/log.ts";
import { Cursors } from "./model-cursors.ts";
import { invariant } from "./model-invariant.ts";
import type { ModelProcess } from "./model-process.ts";

/** Reads partitions outside any group. */
export class ModelReader implements LogReader {
  readonly #process: ModelProcess;
  readonly #cursors: Cursors;
  #state: "new" | "open" | "closed" = "new";

  constructor(process: ModelProcess, isolation: IsolationLevel) {
    this.#process = process;
    this.#cursors = new Cursors(process.broker, isolation);
  }

  open(): Promise<void> {
    return this.#process.call("reader.open", () => {
      if (this.#state !== "new") throw new FatalError("the reader was opened before");
      this.#state = "open";
    });
  }

  assign(start: readonly (TopicPartition & { readonly offset: number })[]): void {
    this.#assertOpen();
    this.#cursors.clear();
    for (const position of start) this.#cursors.set(position);
    this.#process.broker.clock.changed();
  }

  fetch(maxRecords: number, timeoutMs: number): Promise<RecordBatch[]> {
    invariant(maxRecords > 0, `a fetch of ${maxRecords} records`);
    return this.#process.call("reader.fetch", async () => {
      this.#assertOpen();
      const { clock, faults } = this.#process.broker;
      const hasNews = (): boolean => this.#process.isKilled || this.#cursors.hasNews();
      await clock.wait(hasNews, clock.now() + Math.max(1, timeoutMs));
      this.#assertOpen();
      return this.#cursors.fetch(faults.fetchLimit(maxRecords));
    });
  }

  position(partition: TopicPartition): number {
    this.#assertOpen();
    const cursor = this.#cursors.get(partition);
    if (cursor === undefined) throw new RetryableError(`${partition.topic}[${partition.partition}] is not assigned`);
    return cursor.offset;
  }

  watermarks(partition: TopicPartition, _timeoutMs: number): Promise<Watermarks> {
    return this.#process.call("reader.watermarks", () => this.#process.broker.watermarks(partition));
  }

  close(): Promise<void> {
    return this.#process.call("reader.close", () => {
      this.#state = "closed";
    });
  }

  #assertOpen(): void {
    this.#process.assertAlive();
    if (this.#state !== "open")
      throw new RetryableError(`the reader is ${this.#state === "new" ? "not open" : "closed"}`);
  }
}
