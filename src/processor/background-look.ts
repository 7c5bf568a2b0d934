import { RetryableError } from "../domain/errors.ts";
import type { Clock } from "./clock.ts";

export interface BackgroundLookOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  /** When somebody looked last, ms; -Infinity: the first call looks. */
  readonly lookedAt: number;
  readonly look: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Looks at something now and then, beside the owner loop: one look at a time, and never two within `everyMs`. */
export class BackgroundLook {
  readonly #options: BackgroundLookOptions;
  #lookedAt: number;
  #looking: Promise<void> | undefined;
  #closed = false;

  constructor(options: BackgroundLookOptions) {
    this.#options = options;
    this.#lookedAt = options.lookedAt;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** To be called in every turn of the loop. */
  look(): void {
    const { clock, everyMs, look, onError } = this.#options;
    const now = clock.now();
    if (this.#closed || this.#looking !== undefined || now - this.#lookedAt < everyMs) return;
    this.#lookedAt = now;
    this.#looking = look()
      .catch((error: unknown) => {
        // A broker that does not answer must not stop the engine: the loop itself meets it and reacts.
        if (!(error instanceof RetryableError) && !this.#closed) onError(error);
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  /** Waits for the look that is under way; what it finds is not told any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking;
  }
}
