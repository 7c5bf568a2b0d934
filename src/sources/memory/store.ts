/** The server of this source: an append-only array that keeps its rows for as long as it likes. */
import { randomUUID } from "node:crypto";

export interface StoredRow {
  /** From 1, without gaps. */
  readonly seq: number;
  /** The record's key: rows of one key keep their order. */
  readonly key: string;
  readonly text: string;
  /** ms since the Unix epoch. */
  readonly at: number;
}

/** What the source reads from. */
export type RowStore = Pick<MemoryStore, "id" | "first" | "head" | "read" | "wait">;

export class MemoryStore {
  /** Which store this is: one that was made anew counts from 1 again. */
  #id = randomUUID();
  #rows: StoredRow[] = [];
  /** Number of the first row that is still kept. */
  #first = 1;
  #taken = 0;
  readonly #waiting = new Set<() => void>();

  get id(): string {
    return this.#id;
  }

  get first(): number {
    return this.#first;
  }

  /** Number of the last row ever written. */
  get head(): number {
    return this.#first + this.#rows.length - 1;
  }

  /** Rows handed out so far. */
  get taken(): number {
    return this.#taken;
  }

  append(key: string, text: string): void {
    this.#rows.push({ seq: this.head + 1, key, text, at: Date.now() });
    for (const wake of this.#waiting) wake();
  }

  /** At most `limit` rows behind `after`. */
  read(after: number, limit: number): StoredRow[] {
    const from = Math.max(0, after + 1 - this.#first);
    const rows = this.#rows.slice(from, from + limit);
    this.#taken += rows.length;
    return rows;
  }

  /** Resolves when there is a row behind `after`, after `ms`, or when `signal` aborts. */
  async wait(after: number, ms: number, signal: AbortSignal): Promise<void> {
    if (this.head > after || signal.aborted) return;
    let wake = (): void => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const timer = setTimeout(wake, ms);
    this.#waiting.add(wake);
    signal.addEventListener("abort", wake);
    await woken;
    signal.removeEventListener("abort", wake);
    this.#waiting.delete(wake);
    clearTimeout(timer);
  }

  /** Forgets rows before `seq`, as a log does that only keeps so much. */
  forgetBefore(seq: number): void {
    this.#rows = this.#rows.slice(Math.max(0, seq - this.#first));
    this.#first = Math.max(this.#first, seq);
  }

  /** Another, empty store under the same address. */
  recreate(): void {
    this.#id = randomUUID();
    this.#rows = [];
    this.#first = 1;
  }
}
