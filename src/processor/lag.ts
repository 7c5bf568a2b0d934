import { RetryableError } from "../domain/errors.ts";
import type { Log, LogReader } from "../kafka/log.ts";
import type { Clock } from "./clock.ts";
import type { Task } from "./task.ts";

/**
 * Input records not judged yet, for people. High watermarks are asked for beside the owner loop, on a connection of
 * their own. They count transaction markers too, so a fetch that found nothing since then means: no lag.
 */
export class LagGauge {
  readonly #reader: LogReader;
  readonly #inputs: readonly string[];
  readonly #clock: Clock;
  readonly #highs = new Map<string, number>();
  #opened: Promise<void> | undefined;
  #asking = false;
  #closed = false;
  #askedAt = -Infinity;
  #idleAt = -Infinity;

  readonly #onError: (error: unknown) => void;

  constructor(log: Log, inputs: readonly string[], clock: Clock, onError: (error: unknown) => void) {
    this.#reader = log.reader({ isolation: "read_uncommitted" });
    this.#inputs = inputs;
    this.#clock = clock;
    this.#onError = onError;
  }

  nothingFetched(): void {
    this.#idleAt = this.#clock.now();
  }

  /** Asks for the watermarks in the background; a broker that does not answer leaves the old ones. */
  refresh(tasks: readonly Task[]): void {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    void this.#ask(tasks).finally(() => {
      this.#asking = false;
    });
  }

  records(tasks: readonly Task[]): number {
    if (this.#idleAt > this.#askedAt) return 0;
    let lag = 0;
    for (const task of tasks) {
      this.#inputs.forEach((topic, index) => {
        const high = this.#highs.get(`${topic}/${task.partition}`);
        if (high !== undefined) lag += Math.max(0, high - task.positions[index]!);
      });
    }
    return lag;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#opened !== undefined) await this.#reader.close();
  }

  async #ask(tasks: readonly Task[]): Promise<void> {
    try {
      this.#opened ??= this.#reader.open();
      await this.#opened;
      for (const task of tasks) {
        for (const topic of this.#inputs) {
          if (this.#closed) return;
          const { high } = await this.#reader.watermarks({ topic, partition: task.partition }, 2_000);
          this.#highs.set(`${topic}/${task.partition}`, high);
        }
      }
      this.#askedAt = this.#clock.now();
    } catch (error) {
      // A broker that does not answer the gauge must not stop the engine: the loop itself meets it and reacts.
      if (!(error instanceof RetryableError) && !this.#closed) this.#onError(error);
    }
  }
}
