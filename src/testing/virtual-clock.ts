import { setImmediate as onNextTurn } from "node:timers";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

interface Waiter {
  readonly ready: () => boolean;
  readonly deadline: number;
  readonly resolve: (ready: boolean) => void;
}

/**
 * The model's time, in ms since the Unix epoch. It moves in two ways only: a test calls `advance`, or
 * every process of the test waits for something, in which case it jumps to the next instant at which one
 * of them wakes (discrete-event simulation). "Every process waits" is a whole turn of the event loop that
 * woke nobody: by then all promises that could go on have gone on. So no wait takes real time, and a
 * process that computes is never timed out by another one that idles. It serves as the `clock` of a processor.
 */
export class VirtualClock {
  #now: number;
  readonly #timers: Timer[] = [];
  #waiters: Waiter[] = [];
  #turnPending = false;
  #checkPending = false;

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** Calls `run` once the clock has come to `at`. Returns what cancels it. A timer alone moves no time. */
  at(at: number, run: () => void): () => void {
    const timer: Timer = { at: Math.max(at, this.#now), run };
    let index = this.#timers.length;
    while (index > 0 && this.#timers[index - 1]!.at > timer.at) index -= 1;
    this.#timers.splice(index, 0, timer);
    if (this.#waiters.length > 0) this.#scheduleTurn();
    return () => {
      const found = this.#timers.indexOf(timer);
      if (found >= 0) this.#timers.splice(found, 1);
    };
  }

  /** Moves time on by `ms`, running the timers that fall due on the way, in order. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`time does not move by ${ms} ms`);
    this.#moveTo(this.#now + ms);
    this.#wake();
  }

  /** Resolves `ms` of model time later, or at once when the signal aborts. */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const wake = (): void => this.changed();
    signal?.addEventListener("abort", wake, { once: true });
    await this.wait(() => signal?.aborted === true, this.#now + Math.max(0, ms));
    signal?.removeEventListener("abort", wake);
  }

  /** Waits until `ready` holds (true) or the clock has come to `deadline` (false; `Infinity`: never). */
  wait(ready: () => boolean, deadline: number): Promise<boolean> {
    if (ready()) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#waiters.push({ ready, deadline, resolve });
      this.#scheduleTurn();
    });
  }

  /** To be called after every change that a waiter may be waiting for. */
  changed(): void {
    if (this.#waiters.length === 0 || this.#checkPending) return;
    this.#checkPending = true;
    queueMicrotask(() => {
      this.#checkPending = false;
      this.#wake();
    });
  }

  #scheduleTurn(): void {
    if (this.#turnPending) return;
    this.#turnPending = true;
    onNextTurn(() => {
      this.#turnPending = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#waiters.length === 0) return;
    if (!this.#wake()) {
      let next = this.#timers[0]?.at ?? Infinity;
      for (const waiter of this.#waiters) next = Math.min(next, waiter.deadline);
      // Nothing will happen by itself any more: whoever waits, waits for the test.
      if (next === Infinity) return;
      this.#moveTo(next);
      this.#wake();
    }
    if (this.#waiters.length > 0) this.#scheduleTurn();
  }

  #moveTo(target: number): void {
    for (let timer = this.#timers[0]; timer !== undefined && timer.at <= target; timer = this.#timers[0]) {
      this.#timers.shift();
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
    }
    this.#now = Math.max(this.#now, target);
  }

  /** Wakes every waiter that is ready or late; says whether there was one. */
  #wake(): boolean {
    const waiting = this.#waiters;
    if (waiting.length === 0) return false;
    this.#waiters = [];
    for (const waiter of waiting) {
      if (waiter.ready()) waiter.resolve(true);
      else if (this.#now >= waiter.deadline) waiter.resolve(false);
      else this.#waiters.push(waiter);
    }
    return this.#waiters.length < waiting.length;
  }
}
