/** Runs something soon, and seldom: at once after a pause, else when `everyMs` have passed since the last time. */
export class Throttle {
  readonly #run: () => void;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(everyMs: number, run: () => void) {
    this.#everyMs = everyMs;
    this.#run = run;
  }

  ask(): void {
    if (this.#timer !== undefined) return;
    // Never at once in the caller's own turn: that is the loader, between two transactions.
    const wait = Math.max(0, this.#lastAt + this.#everyMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#lastAt = performance.now();
      this.#run();
    }, wait).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
