/** One check's stage: a world, the sources that run in it, and how to wait for them. */
import type { SourceHook, SourcePoint, SourceStatus } from "../../src/sources/kit/index.ts";
import { type RawEvent, type RunOptions, type SourceHarness, type SourceWorld, Tail } from "./source-harness.ts";

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
