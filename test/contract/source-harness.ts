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
import type { GapEvent } from "../../src/domain/source-position.ts";
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
export class Tail {
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
