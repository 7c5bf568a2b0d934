import { setTimeout as sleep } from "node:timers/promises";
import { FatalError, RetryableError } from "../../domain/errors.ts";
import type { IsolationLevel, LogReader, RecordBatch, TopicPartition, Watermarks } from "../log.ts";
import { type FetchedPartition, fetchRecords } from "./fetch.ts";
import { Leaders } from "./leaders.ts";
import { refusal, TOPIC_RIGHT_LACKS } from "./refusal.ts";
import { offsetAfter, VisibleRecords } from "./visible-records.ts";

export interface WireReaderOptions {
  /** host:port, comma separated, PLAINTEXT. */
  readonly brokers: string;
  readonly clientId: string;
  readonly isolation: IsolationLevel;
  /** Bytes as they are stored, so many times less than they are in memory (default 8 MB). */
  readonly maxQueuedBytes?: number;
}

/** Where watermarks come from, and what is closed with the reader. */
export interface WatermarkSource {
  watermarks(partition: TopicPartition, timeoutMs: number): Promise<Watermarks>;
  release(): Promise<void>;
}

const QUEUED_BYTES = 8 * 1024 * 1024;
/** How long a broker may hold an answer back until it has records; so long it holds up a new assignment too. */
const WAIT_MS = 100;
const PARTITION_BYTES = { min: 256 * 1024, max: 1024 * 1024 } as const;
/** Between two looks for a leader. */
const BACK_OFF_MS = { first: 20, max: 1000 } as const;

/** Errors of a partition that another look for its leader mends, sooner or later. */
const MOVED = new Set([
  3, // unknown topic or partition
  5, // no leader
  6, // not the leader
  7, // request timed out
  9, // replica not available
  56, // storage error
  74, // fenced leader epoch
  75, // unknown leader epoch
  78, // offset not available
]);

/** A partition that is read. */
interface Assigned extends TopicPartition {
  /** Where the next request goes on. */
  next: number;
  position: number;
  /** host:port; null until it is known. */
  leader: string | null;
  queuedBytes: number;
  /** Answers in a row that were errors. */
  failures: number;
  /** After an error that asking again does not mend. */
  halted: boolean;
}

interface Answer {
  readonly assigned: Assigned;
  readonly records: VisibleRecords;
  readonly bytes: number;
}

/**
 * Reads given partitions outside any group, over connections of its own: record batches are decoded where they stand, which takes
 * a fifth of what an object for each record does (docs/decisions/0011). One request at a time is under way with each broker, while
 * what came before is being read.
 */
export class WireLogReader implements LogReader {
  readonly #options: WireReaderOptions;
  readonly #watermarks: WatermarkSource;
  readonly #leaders: Leaders;
  readonly #closing = new AbortController();
  readonly #busy = new Set<string>();
  #assigned = new Map<string, Assigned>();
  #answers: Answer[] = [];
  #queuedBytes = 0;
  #turn = 0;
  #looking = false;
  #failures = 0;
  /** Why nothing can be had at the moment, for whoever waits. */
  #trouble: string | undefined;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(options: WireReaderOptions, watermarks: WatermarkSource) {
    this.#options = options;
    this.#watermarks = watermarks;
    this.#leaders = new Leaders(options.brokers, options.clientId);
  }

  async open(): Promise<void> {
    try {
      await this.#leaders.lookUp([]);
    } catch (cause) {
      throw new RetryableError(this.#unreachable("open reader", cause), { cause });
    }
  }

  assign(start: readonly (TopicPartition & { readonly offset: number })[]): void {
    this.#assertOpen("assign");
    this.#assigned = new Map(
      start.map(({ topic, partition, offset }) => [
        keyOf({ topic, partition }),
        { topic, partition, next: offset, position: offset, leader: null, queuedBytes: 0, failures: 0, halted: false },
      ]),
    );
    // What is under way belongs to partitions that are no longer in the map, and is dropped when it comes.
    this.#answers = [];
    this.#queuedBytes = 0;
    this.#failure = undefined;
    this.#pump();
  }

  async fetch(maxRecords: number, timeoutMs: number): Promise<RecordBatch[]> {
    this.#assertOpen("fetch");
    if (this.#answers.length === 0) {
      this.#throwFailure();
      await this.#arrival(timeoutMs);
      this.#assertOpen("fetch");
    }
    const batches = this.#take(maxRecords);
    if (batches.length > 0) return batches;
    this.#throwFailure();
    if (this.#trouble !== undefined) {
      const trouble = this.#trouble;
      this.#trouble = undefined;
      throw new RetryableError(trouble);
    }
    return batches;
  }

  position(partition: TopicPartition): number {
    const assigned = this.#assigned.get(keyOf(partition));
    if (assigned === undefined) {
      throw new RetryableError(`position of ${partition.topic}[${partition.partition}]: it is not assigned`);
    }
    return assigned.position;
  }

  watermarks(partition: TopicPartition, timeoutMs: number): Promise<Watermarks> {
    return this.#watermarks.watermarks(partition, timeoutMs);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#leaders.close();
    this.#wake?.();
    await this.#watermarks.release();
  }

  #take(maxRecords: number): RecordBatch[] {
    const batches: RecordBatch[] = [];
    let left = maxRecords;
    while (left > 0) {
      const answer = this.#answers[0];
      if (answer === undefined) break;
      const { assigned, records } = answer;
      let batch: RecordBatch | null;
      try {
        batch = records.take(left);
      } catch (error) {
        // What was taken is delivered first; then the error, and from there on it is fetched again.
        this.#failure ??= this.#ours(error);
        this.#forgetAnswersOf(assigned);
        assigned.next = assigned.position;
        break;
      }
      assigned.position = records.position;
      if (batch === null) {
        this.#answers.shift();
        this.#release(answer);
      } else {
        batches.push(batch);
        left -= batch.length;
      }
    }
    this.#pump();
    return batches;
  }

  /** Until there is something to take or to tell, at most `timeoutMs`. */
  async #arrival(timeoutMs: number): Promise<void> {
    if (timeoutMs <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Starts whatever can be asked for. Called after everything that changes that. */
  #pump(): void {
    if (this.#closing.signal.aborted) return;
    const { maxQueuedBytes = QUEUED_BYTES } = this.#options;
    const byLeader = new Map<string, Assigned[]>();
    let leaderless = false;
    for (const assigned of this.#assigned.values()) {
      if (assigned.halted) continue;
      if (assigned.leader === null) leaderless = true;
      else if (!this.#busy.has(assigned.leader) && assigned.queuedBytes < this.#partitionBytes) {
        byLeader.set(assigned.leader, [...(byLeader.get(assigned.leader) ?? []), assigned]);
      }
    }
    if (leaderless) this.#lookUp();
    if (this.#queuedBytes >= maxQueuedBytes) return;
    for (const [leader, partitions] of byLeader) this.#ask(leader, rotated(partitions, this.#turn++));
  }

  #ask(leader: string, partitions: readonly Assigned[]): void {
    const { clientId, isolation, maxQueuedBytes = QUEUED_BYTES } = this.#options;
    this.#busy.add(leader);
    const from = partitions.map(({ topic, partition, next }) => ({ topic, partition, offset: next }));
    const request = {
      clientId,
      isolation,
      // Partitions with enough in the queue are not asked for: an answer about the rest must not keep them waiting.
      maxWaitMs: this.#answers.length === 0 ? WAIT_MS : 0,
      maxBytes: Math.max(PARTITION_BYTES.max, maxQueuedBytes >> 1),
      partitionMaxBytes: this.#partitionBytes,
      from,
    };
    let came = false;
    this.#leaders
      .connection(leader)
      .then((connection) => fetchRecords(connection, request))
      .then(
        (answers) => {
          const asked = new Map(
            partitions.map((assigned, n) => [keyOf(assigned), { assigned, from: from[n]!.offset }]),
          );
          for (const answer of answers) this.#received(asked.get(keyOf(answer)), answer);
          came = answers.some(({ records }) => records.length > 0);
        },
        () => {
          // Whoever leads now: the look for that says whether anybody is there at all.
          this.#leaders.forget(leader);
          for (const assigned of partitions) this.#moved(assigned);
        },
      )
      .catch((error: unknown) => {
        this.#failure ??= this.#ours(error);
      })
      .finally(() => {
        this.#busy.delete(leader);
        if (this.#answers.length > 0 || this.#failure !== undefined) this.#wake?.();
        // Nothing came, and there is something to take: asking again can wait until it is taken.
        if (came || this.#answers.length === 0) this.#pump();
      });
  }

  #received(
    asked: { readonly assigned: Assigned; readonly from: number } | undefined,
    { error, aborted, records }: FetchedPartition,
  ): void {
    if (asked === undefined) return;
    const { assigned, from } = asked;
    // Assigned anew or sent back since: these records are not the next ones.
    if (this.#assigned.get(keyOf(assigned)) !== assigned || assigned.next !== from) return;
    if (MOVED.has(error)) {
      this.#moved(assigned);
      return;
    }
    if (error !== 0) {
      this.#refused(assigned, error);
      return;
    }
    assigned.failures = 0;
    const next = offsetAfter(records);
    if (next === null) return;
    this.#answers.push({
      assigned,
      records: new VisibleRecords(assigned, from, { records, aborted }),
      bytes: records.length,
    });
    assigned.next = next;
    assigned.queuedBytes += records.length;
    this.#queuedBytes += records.length;
  }

  #refused(assigned: Assigned, error: number): void {
    assigned.halted = true;
    this.#failure ??= refusal(assigned, error);
  }

  #moved(assigned: Assigned): void {
    assigned.leader = null;
    assigned.failures++;
  }

  #lookUp(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#findLeaders()
      .catch((error: unknown) => {
        this.#failure ??= this.#ours(error);
      })
      .finally(() => {
        this.#looking = false;
        if (this.#trouble !== undefined || this.#failure !== undefined) this.#wake?.();
        this.#pump();
      });
  }

  async #findLeaders(): Promise<void> {
    const without = (): Assigned[] =>
      [...this.#assigned.values()].filter(({ leader, halted }) => leader === null && !halted);
    const failures = Math.max(this.#failures, ...without().map((assigned) => assigned.failures));
    if (failures > 0) {
      const waitMs = Math.min(BACK_OFF_MS.max, BACK_OFF_MS.first * 2 ** (failures - 1));
      await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
    if (this.#closing.signal.aborted) return;
    try {
      const topics = [...this.#assigned.values()].map(({ topic }) => topic);
      const { partitions, refused } = await this.#leaders.lookUp([...new Set(topics)]);
      for (const found of partitions) {
        const assigned = this.#assigned.get(keyOf(found));
        if (assigned !== undefined) assigned.leader = found.leader;
      }
      for (const assigned of without())
        if (refused.get(assigned.topic) === TOPIC_RIGHT_LACKS) this.#refused(assigned, TOPIC_RIGHT_LACKS);
      this.#failures = 0;
      this.#trouble = undefined;
    } catch (error) {
      this.#failures++;
      this.#trouble = this.#unreachable("fetch", error);
      return;
    }
    for (const assigned of without()) assigned.failures++;
    const names = without().map(({ topic, partition }) => `${topic}/${partition}`);
    if (names.length > 0) this.#trouble = `fetch: no broker leads ${names.join(", ")} at present`;
  }

  get #partitionBytes(): number {
    const { maxQueuedBytes = QUEUED_BYTES } = this.#options;
    return Math.min(PARTITION_BYTES.max, Math.max(PARTITION_BYTES.min, maxQueuedBytes >> 6));
  }

  #forgetAnswersOf(assigned: Assigned): void {
    for (const answer of this.#answers) if (answer.assigned === assigned) this.#release(answer);
    this.#answers = this.#answers.filter((answer) => answer.assigned !== assigned);
  }

  #release({ assigned, bytes }: Answer): void {
    assigned.queuedBytes -= bytes;
    this.#queuedBytes -= bytes;
  }

  #throwFailure(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    this.#failure = undefined;
    throw failure;
  }

  #ours(error: unknown): Error {
    if (error instanceof RetryableError || error instanceof FatalError) return error;
    return new RetryableError(`fetch: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }

  #unreachable(operation: string, cause: unknown): string {
    const why = cause instanceof Error ? cause.message : String(cause);
    return `${operation}: no connection to Kafka at ${this.#options.brokers}; is it running? (${why})`;
  }

  #assertOpen(operation: string): void {
    if (this.#closing.signal.aborted) throw new RetryableError(`${operation}: the reader is closed`);
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const from = by % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
}
