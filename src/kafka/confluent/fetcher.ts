import { setImmediate } from "node:timers/promises";
import type { RecordBatch, TopicPartition } from "../log.ts";
import { splitIntoRuns } from "./batch.ts";
import type { ClientConsumer, ClientMessage } from "./binding.ts";
import { withDeadline } from "./deadline.ts";
import { RetryableError } from "../../domain/errors.ts";

/** Bounds of one native consume call, in records: above 1000 it blocks the event loop for tens of ms. */
const chunkMax = 1000;
const chunkMin = 64;
/** A chunk that took longer is made smaller: the client goes on collecting while records trickle in. */
const chunkTargetMs = 10;
/** close() and seek() wait for the call in flight: it must be short (the client cannot interrupt it). */
const drainDeadlineMs = 5_000;

/** The offset at which the log ended for us: past markers and aborted records. */
export interface EndOfPartition extends TopicPartition {
  readonly offset: number;
}

export interface FetcherOptions {
  /** Longest wait of one native call for its first record, ms. */
  readonly idleMs: number;
  /** Keep the next call in flight while the caller works on what it got. */
  readonly prefetch: boolean;
  /** True while something waits that the caller should see before more records. */
  readonly interrupted: () => boolean;
  /** True for errors of the client that do not concern what is fetched. */
  readonly ignores?: (cause: unknown) => boolean;
  /** Makes one of our errors of one of the client's. */
  readonly translate: (cause: unknown) => Error;
  /** A partition ended, and everything before its end has been returned. Not told of paused partitions. */
  readonly onEnd: (end: EndOfPartition) => void;
  /** Whether a fetch that waits for records returns when a partition ends. */
  readonly returnsAtEnd: boolean;
}

/**
 * The consume calls of one client. At most one is in flight; it outlives a fetch() that returns early.
 *
 * What may never happen: a record that was in flight while its partition was revoked, sought or assigned anew is
 * delivered afterwards. The client cannot tell such a record from a new one, so every native call that changes
 * positions waits until nothing is in flight, then drops what has been fetched of the partitions it concerns:
 *
 *   fetch ──► consume in flight ──────────► chunk arrives ──► operations run, in order ──► next consume
 *                   │ change(tp, op): drops what is ready,        ▲ drop again, then op
 *                   └──────────── queued ────────────────────────┘
 */
export class Fetcher {
  readonly #client: ClientConsumer;
  readonly #options: FetcherOptions;
  #ready: ClientMessage[] = [];
  /** First message of #ready not yet returned. */
  #next = 0;
  #ends: EndOfPartition[] = [];
  #inFlight = false;
  #chunk = 256;
  #failure: Error | undefined;
  #operations: (() => void)[] = [];
  /** Records of paused partitions that had left the client already; they come first after resume. */
  readonly #parked = new Map<string, ClientMessage[]>();
  readonly #paused = new Set<string>();
  #wake: (() => void) | undefined;

  constructor(client: ClientConsumer, options: FetcherOptions) {
    this.#client = client;
    this.#options = options;
    client.setDefaultConsumeTimeout(options.idleMs);
    client.setDefaultIsTimeoutOnlyForFirstMessage(true);
    client.on("partition.eof", (end) => {
      this.#ends.push({ topic: end.topic, partition: end.partition, offset: end.offset });
    });
  }

  /** Records in the client's order; throws a failure once everything before it has been returned. */
  async fetch(maxRecords: number, timeoutMs: number): Promise<RecordBatch[]> {
    if (this.#options.interrupted()) {
      // A turn of the event loop, so that a caller who asks again and again cannot starve what it waits for.
      await setImmediate();
      return [];
    }
    if (this.#next === this.#ready.length) {
      this.#throwFailure();
      await this.#arrival(timeoutMs);
      if (this.#options.interrupted()) return [];
    }
    const start = this.#next;
    const end = Math.min(start + maxRecords, this.#ready.length);
    if (start === end) {
      this.#throwFailure();
      this.#reportEnds();
      return [];
    }
    const batches = splitIntoRuns(this.#ready, start, end);
    this.#next = end;
    if (end === this.#ready.length) {
      this.#reportEnds();
      if (this.#options.prefetch) this.#consume();
    }
    return batches;
  }

  /** Makes a waiting fetch() look again. */
  interrupt(): void {
    this.#wake?.();
  }

  /** Keeps an error for the next fetch(). */
  fail(failure: Error): void {
    this.#failure ??= failure;
    this.#wake?.();
  }

  /**
   * Runs `operation`, which moves or removes the positions of `partitions` (undefined: of all), when no record of
   * theirs can be in flight; from now on none fetched before is delivered.
   */
  change(partitions: readonly TopicPartition[] | undefined, operation: () => void): void {
    this.#drop(partitions);
    if (!this.#inFlight) {
      operation();
      return;
    }
    this.#operations.push(() => {
      this.#drop(partitions);
      operation();
    });
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#paused.add(keyOf(partition));
    this.#park();
    this.#whenIdle(() => {
      this.#client.pause([...partitions]);
    });
  }

  resume(partitions: readonly TopicPartition[]): void {
    const first: ClientMessage[] = [];
    for (const partition of partitions) {
      const key = keyOf(partition);
      this.#paused.delete(key);
      first.push(...(this.#parked.get(key) ?? []));
      this.#parked.delete(key);
    }
    if (first.length > 0) {
      this.#ready = [...first, ...this.#ready.slice(this.#next)];
      this.#next = 0;
    }
    this.#whenIdle(() => {
      this.#client.resume([...partitions]);
    });
  }

  /** Resolves when no native call is in flight and every queued operation has run. Starts none. */
  async drained(): Promise<void> {
    if (!this.#inFlight) return;
    const done = new Promise<void>((resolve) => {
      this.#operations.push(resolve);
    });
    await withDeadline(
      done,
      drainDeadlineMs,
      () => new RetryableError(`a fetch did not come back within ${drainDeadlineMs} ms`),
    );
  }

  #whenIdle(operation: () => void): void {
    if (this.#inFlight) this.#operations.push(operation);
    else operation();
  }

  /** Ends at the first record, failure, interruption or after `timeoutMs`. */
  async #arrival(timeoutMs: number): Promise<void> {
    let expired = timeoutMs <= 0;
    const timer = setTimeout(() => {
      expired = true;
      this.#wake?.();
    }, timeoutMs);
    try {
      do {
        this.#consume();
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } while (
        !expired &&
        this.#ready.length === this.#next &&
        this.#failure === undefined &&
        !(this.#options.returnsAtEnd && this.#ends.length > 0) &&
        !this.#options.interrupted()
      );
    } finally {
      this.#wake = undefined;
      clearTimeout(timer);
    }
  }

  #consume(): void {
    if (this.#inFlight) return;
    this.#inFlight = true;
    const startedAt = performance.now();
    const asked = this.#chunk;
    this.#client.consume(asked, (error, messages) => {
      this.#inFlight = false;
      if (error) {
        if (this.#options.ignores?.(error) !== true) this.#failure ??= this.#options.translate(error);
      } else if (messages.length > 0) {
        this.#adapt(asked, messages.length, performance.now() - startedAt);
        this.#ready = this.#next === this.#ready.length ? messages : [...this.#ready.slice(this.#next), ...messages];
        this.#next = 0;
        if (this.#paused.size > 0) this.#park();
      }
      const operations = this.#operations;
      this.#operations = [];
      for (const operation of operations) {
        try {
          operation();
        } catch (failure) {
          // The caller who asked for it has long gone on: the next fetch tells.
          this.#failure ??= this.#options.translate(failure);
        }
      }
      this.#wake?.();
    });
  }

  /**
   * The native call waits up to 1 ms for each further record, so at a few thousand records a second it would
   * collect for a fifth of a second. Full and quick: ask for more next time; slow: ask for less.
   */
  #adapt(asked: number, got: number, tookMs: number): void {
    if (got === asked && tookMs < chunkTargetMs) this.#chunk = Math.min(asked * 2, chunkMax);
    else if (tookMs > 2 * chunkTargetMs) this.#chunk = Math.max(asked >> 1, chunkMin);
  }

  #reportEnds(): void {
    if (this.#ends.length === 0) return;
    const ends = this.#ends;
    this.#ends = [];
    // Records of a paused partition may be set aside: it has not been read to its end for the caller.
    for (const end of ends) if (!this.#paused.has(keyOf(end))) this.#options.onEnd(end);
  }

  #drop(partitions: readonly TopicPartition[] | undefined): void {
    if (partitions === undefined) {
      this.#ready = [];
      this.#next = 0;
      this.#ends = [];
      this.#parked.clear();
      this.#paused.clear();
      return;
    }
    if (partitions.length === 0) return;
    const keys = new Set(partitions.map(keyOf));
    this.#ready = this.#ready.slice(this.#next).filter((message) => !keys.has(keyOf(message)));
    this.#next = 0;
    this.#ends = this.#ends.filter((end) => !keys.has(keyOf(end)));
    for (const key of keys) this.#parked.delete(key);
  }

  /** Moves what is ready of paused partitions aside. */
  #park(): void {
    const rest: ClientMessage[] = [];
    for (const message of this.#ready.slice(this.#next)) {
      const key = keyOf(message);
      if (!this.#paused.has(key)) {
        rest.push(message);
        continue;
      }
      const parked = this.#parked.get(key);
      if (parked) parked.push(message);
      else this.#parked.set(key, [message]);
    }
    this.#ready = rest;
    this.#next = 0;
  }

  /** Revoked partitions are no longer paused: the pause belongs to the assignment. */
  forget(partitions: readonly TopicPartition[]): void {
    const paused = partitions.filter((partition) => this.#paused.delete(keyOf(partition)));
    if (paused.length > 0) this.#client.resume(paused);
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    const failure = this.#failure;
    this.#failure = undefined;
    throw failure;
  }
}

export function keyOf(partition: TopicPartition): string {
  return `${partition.topic}\u0000${partition.partition}`;
}
