/**
 * What a source gives its contract, and what the checks need to look at it.
 *
 * How to write a harness: `newWorld` makes everything a source needs under names that nobody else has (a database or an empty
 * collection, topics, a source id), `run` is the source's own run function with small limits (batches of 50 rows at most, waits of
 * some 10 ms), and the rest are a few lines each. test/contract/source-memory.ts is the shortest one,
 * test/integration/sources/postgres-contract.test.ts one with real servers. Then:
 *
 * ```ts
 * sourceContract("mysource", { newWorld, repeats: "never", snapshotPoints: [], backlog: { rows: 400, bytesEach: 65_536, limit: 4_000_000 } });
 * ```
 */
import { partitionFor } from "../../src/domain/partition.ts";
import type { GapEvent } from "../../src/domain/cricket/topics.ts";
import type { Log, LogReader, RecordBatch, TopicPartition } from "../../src/kafka/log.ts";
import {
  type PositionCodec,
  readStoredPosition,
  type SourceHook,
  type SourcePoint,
  type SourceStatus,
  type StoredPosition,
} from "../../src/sources/kit/index.ts";

/** One row of the source: in order per key, `n` is another one for every row. */
export interface SourceRow {
  /** Match id. */
  readonly key: string;
  readonly n: number;
  /** The row must hold about so many bytes (absent: whatever it has). */
  readonly bytes?: number;
}

export interface RunOptions {
  /** For everything the source does in Kafka: it may be slow, or fail. */
  readonly log: Log;
  readonly at: SourceHook;
  readonly signal: AbortSignal;
  readonly onStatus: (status: SourceStatus) => void;
}

/** A source's server and its side of Kafka: names, topics and ids that no other world uses. */
export interface SourceWorld {
  readonly log: Log;
  readonly sourceId: string;
  readonly topics: { readonly raw: string; readonly positions: string; readonly gaps: string };
  readonly partitions: number;
  /** Writes rows at the source, one durable step (transaction, object) each, in this order. */
  append(rows: readonly SourceRow[]): Promise<void>;
  /** Writes something that the source must send out as an `….unreadable.v1` event. */
  appendUnreadable(key: string): Promise<void>;
  /**
   * Breaks continuity while the source is stopped: the slot is dropped, the oplog too short, the store made anew. Rows written
   * before may be gone with it.
   */
  loseHistory(): Promise<void>;
  /** The source itself, with small limits. Must retry by itself, and end when `signal` aborts. */
  run(options: RunOptions): Promise<void>;
  /** `n` of the row that an event carries; undefined when it carries none (unreadable). */
  rowOf(event: RawEvent): number | undefined;
  /**
   * How much the source has taken from its server in this world so far, in bytes or rows, measured at the server or at the
   * connection, never as the source reports it: what it holds beyond what Kafka has committed is bounded.
   */
  taken(): Promise<number>;
  close(): Promise<void>;
}

export interface SourceHarness {
  newWorld(): Promise<SourceWorld>;
  /** Whether rows that are already in Kafka may come again after a crash (always under the same event id). */
  readonly repeats: "never" | "same-id";
  /** Points of the source's own within its first start (each is passed once at least when 120 rows were there before). */
  readonly snapshotPoints: readonly SourcePoint[];
  /** A backlog of `rows` rows of `bytesEach`, of which at most `limit` (in units of `taken`) may be taken while Kafka stands still. */
  readonly backlog: { readonly rows: number; readonly bytesEach: number; readonly limit: number };
  /** How long anything that must happen may take, ms (default 30,000). */
  readonly patienceMs?: number;
}

export interface RawEvent {
  readonly partition: number;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: ReadonlyMap<string, string>;
}

/** Any source's position, as it stands in the topic. */
const AS_STORED: PositionCodec<Readonly<Record<string, string | number>>> = {
  describe: (position) => position,
  parse: (position) => position,
};

export async function storedPosition(
  world: SourceWorld,
): Promise<StoredPosition<Readonly<Record<string, string | number>>> | null> {
  const partition = partitionFor(Buffer.from(world.sourceId), 1);
  return readStoredPosition(world.log, world.topics.positions, world.sourceId, partition, AS_STORED);
}

/** Every event of the raw topic. A check reads with `Scene.raw`, which goes on where it was. */
export async function readRaw(world: SourceWorld): Promise<RawEvent[]> {
  return readOnce(world.log, world.topics.raw, world.partitions);
}

export async function readGaps(world: SourceWorld): Promise<GapEvent[]> {
  const events = await readOnce(world.log, world.topics.gaps, 1);
  return events.map(({ value }) => JSON.parse(value.toString()) as GapEvent);
}

async function readOnce(log: Log, topic: string, partitions: number): Promise<RawEvent[]> {
  const tail = new Tail(log, topic, partitions);
  try {
    return await tail.read();
  } finally {
    await tail.close();
  }
}

/** Everything committed in a topic, read on from where the last `read` ended. */
class Tail {
  readonly #reader: LogReader;
  readonly #partitions: readonly TopicPartition[];
  readonly #events: RawEvent[] = [];
  #isOpen = false;

  constructor(log: Log, topic: string, partitions: number) {
    this.#reader = log.reader({ isolation: "read_committed" });
    this.#partitions = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  }

  /** All events up to the end as it is now, in order per partition. Waits for transactions that are open. */
  async read(): Promise<RawEvent[]> {
    if (!this.#isOpen) {
      await this.#reader.open();
      this.#reader.assign(this.#partitions.map((at) => ({ ...at, offset: 0 })));
      this.#isOpen = true;
    }
    for (const at of this.#partitions) {
      const { high } = await this.#reader.watermarks(at, 10_000);
      while (this.#reader.position(at) < high) {
        for (const batch of await this.#reader.fetch(5000, 1000)) this.#take(batch);
      }
    }
    return [...this.#events];
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  #take(batch: RecordBatch): void {
    for (let index = 0; index < batch.length; index += 1) {
      this.#events.push({
        partition: batch.partition,
        key: batch.key(index)?.toString() ?? "",
        value: batch.value(index) ?? Buffer.alloc(0),
        headers: new Map(batch.headers(index)?.map(([name, value]) => [name, value.toString()])),
      });
    }
  }
}

/** A source that runs. */
export interface RunningSource {
  readonly current: () => SourceStatus | undefined;
  /** Resolves at the first status, the current one included, for which `wanted` holds; rejects when the source ends before. */
  until(what: string, wanted: (status: SourceStatus) => boolean): Promise<SourceStatus>;
  /** Aborts and waits for the end; rejects when it does not come. */
  stop(): Promise<void>;
  /** Resolves with what the source threw, or undefined. */
  readonly ended: Promise<unknown>;
}

/** One check's world with everything that runs in it. */
export class Scene {
  readonly harness: SourceHarness;
  readonly world: SourceWorld;
  readonly patienceMs: number;
  readonly #running: RunningSource[] = [];
  readonly #atEnd: (() => void)[] = [];
  readonly #raw: Tail;
  #rows = 0;

  private constructor(harness: SourceHarness, world: SourceWorld) {
    this.harness = harness;
    this.world = world;
    this.patienceMs = harness.patienceMs ?? 30_000;
    this.#raw = new Tail(world.log, world.topics.raw, world.partitions);
  }

  static async play(harness: SourceHarness, plot: (scene: Scene) => Promise<void>): Promise<void> {
    const scene = new Scene(harness, await harness.newWorld());
    const failures: unknown[] = [];
    const gather = (error: unknown): void => void failures.push(error);
    await plot(scene).catch(gather);
    // What was held up must be let go, or nothing could end.
    for (const letGo of scene.#atEnd) letGo();
    for (const source of scene.#running) await source.stop().catch(gather);
    await scene.#raw.close().catch(gather);
    await scene.world.close().catch(gather);
    // The first one is the reason of the others.
    if (failures.length > 0) throw failures[0];
  }

  /** Runs when the plot is over, however it ended, before the sources are stopped. */
  atEnd(letGo: () => void): void {
    this.#atEnd.push(letGo);
  }

  /** Number of rows written so far; the next one has this number. */
  get rows(): number {
    return this.#rows;
  }

  /** Writes rows of five matches in turn. */
  async append(count: number, bytes?: number): Promise<void> {
    const rows = Array.from({ length: count }, (_, index) => {
      const n = this.#rows + index;
      return { key: `m${n % 5}`, n, ...(bytes === undefined ? {} : { bytes }) };
    });
    this.#rows += count;
    await this.world.append(rows);
  }

  start(change: Partial<Pick<RunOptions, "at" | "log">> = {}): RunningSource {
    const source = startSource(this.world, change, this.patienceMs);
    this.#running.push(source);
    return source;
  }

  async startStreaming(change: Partial<Pick<RunOptions, "at" | "log">> = {}): Promise<RunningSource> {
    const source = this.start(change);
    await source.until("the stream runs", ({ state }) => state === "streaming");
    return source;
  }

  /** Asks again and again: Kafka cannot call us. Rejects with what was last seen. */
  async eventually(what: string, holds: () => Promise<string | undefined>): Promise<void> {
    const giveUpAt = performance.now() + this.patienceMs;
    for (;;) {
      const missing = await holds();
      if (missing === undefined) return;
      if (performance.now() > giveUpAt)
        throw new Error(`waited ${this.patienceMs} ms in vain until ${what}: ${missing}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Every event that is in Kafka now. The topic must exist. */
  raw(): Promise<RawEvent[]> {
    return this.#raw.read();
  }

  /** Waits until every row from number `from` on is in Kafka, and returns all events. */
  async settled(from = 0): Promise<RawEvent[]> {
    let events: RawEvent[] = [];
    await this.eventually("every row is in Kafka", async () => {
      events = await this.raw();
      const seen = new Set(events.map((event) => this.world.rowOf(event)));
      for (let n = from; n < this.#rows; n += 1) if (!seen.has(n)) return `row ${n} of ${this.#rows} is not`;
      return undefined;
    });
    return events;
  }
}

function startSource(
  world: SourceWorld,
  change: Partial<Pick<RunOptions, "at" | "log">>,
  patienceMs: number,
): RunningSource {
  const abort = new AbortController();
  const listeners = new Set<(status: SourceStatus) => void>();
  let current: SourceStatus | undefined;
  const run = world.run({
    log: change.log ?? world.log,
    at: change.at ?? (() => undefined),
    signal: abort.signal,
    onStatus: (status) => {
      current = status;
      for (const listener of listeners) listener(status);
    },
  });
  const ended = run.then(
    () => undefined,
    (error: unknown) => error,
  );
  const until = async (what: string, wanted: (status: SourceStatus) => boolean): Promise<SourceStatus> => {
    let listener: ((status: SourceStatus) => void) | undefined;
    const found = new Promise<SourceStatus>((resolve) => {
      listener = (status) => {
        if (wanted(status)) resolve(status);
      };
      listeners.add(listener);
      if (current !== undefined) listener(current);
    });
    const failed = ended.then((error) =>
      Promise.reject(new Error(`the source ended before ${what}`, { cause: error })),
    );
    try {
      return await withPatience(
        Promise.race([found, failed]),
        patienceMs,
        () => `${what}; it says: ${current?.message}`,
      );
    } finally {
      if (listener !== undefined) listeners.delete(listener);
    }
  };
  const stop = async (): Promise<void> => {
    abort.abort();
    await withPatience(ended, patienceMs, () => `the aborted source ended; it says: ${current?.message}`);
  };
  return { current: () => current, until, stop, ended };
}

export async function withPatience<T>(promise: Promise<T>, ms: number, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain until ${what()}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export class Crash extends Error {}

/** A hook that ends the source at `point`, as a crash does, after it has been passed `nth` times. */
export function crashAt(point: SourcePoint, nth: number, isArmed: () => boolean = () => true): SourceHook {
  let passed = 0;
  return (at) => {
    if (at !== point || !isArmed()) return;
    passed += 1;
    if (passed > nth) throw new Crash(`crash at ${point}`);
  };
}
