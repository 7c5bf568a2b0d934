import { RetryableError } from "../domain/errors.ts";
import type { Log } from "../kafka/log.ts";
import type { Clock } from "./clock.ts";
import { refuseSurplus } from "./surplus.ts";
import type { Topology } from "./topology.ts";

const LOOK_EVERY_MS = 60_000;

/** Looks once a minute, beside the owner loop, whether partitions were added to an input and somebody writes to them. */
export class SurplusWatch {
  readonly #log: Log;
  readonly #topology: Topology;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #lookedAt: number;
  #looking: Promise<void> | undefined;
  #closed = false;

  constructor(log: Log, topology: Topology, clock: Clock, onError: (error: unknown) => void) {
    this.#log = log;
    this.#topology = topology;
    this.#clock = clock;
    this.#onError = onError;
    // The start has just looked.
    this.#lookedAt = clock.now();
  }

  look(): void {
    const now = this.#clock.now();
    if (this.#closed || this.#looking !== undefined || now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    this.#looking = refuseSurplus(this.#log, this.#topology, this.#clock)
      .catch((error: unknown) => {
        // A broker that does not answer must not stop the engine: the loop itself meets it and reacts.
        if (!(error instanceof RetryableError) && !this.#closed) this.#onError(error);
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking;
  }
}
