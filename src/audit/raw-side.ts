import { decodeVerdictBlock } from "../domain/review/verdict-block.ts";
import type { Log } from "../kafka/log.ts";
import { InputReader, type JudgedRun } from "../processor/judged-order.ts";
import { RecordCursor } from "../processor/record-cursor.ts";
import type { InputRecord } from "../processor/topology.ts";
import { type LogSide, nameOf, type Range } from "./read-log.ts";
import type { VerdictBlock } from "./facts.ts";

export interface RawSideOptions {
  readonly log: Log;
  readonly side: LogSide;
  /** Raw topics, in the order of the topology's inputs. */
  readonly inputs: readonly string[];
  readonly verdicts: string;
  readonly partitions: number;
  readonly signal: AbortSignal;
  readonly onBlock: (block: VerdictBlock) => void;
  readonly onRecord: (record: InputRecord) => void;
}

/** Raw records in the order of judgement, which the verdict blocks tell, and those that nobody has judged yet last. */
export class RawSide {
  readonly #o: RawSideOptions;
  readonly #cursor = new RecordCursor();
  /** By `topic/partition`: before this offset everything has been handed out. */
  readonly #rawAt = new Map<string, number>();
  readonly #verdictsAt: number[] = [];
  /** What was unjudged, and where the inputs ended, when `countUnjudged` looked last. */
  #unjudged: readonly Range[] = [];

  constructor(options: RawSideOptions) {
    this.#o = options;
  }

  /** Where reading of the verdicts stands, by partition. */
  get verdictsAt(): readonly number[] {
    return this.#verdictsAt;
  }

  /** Begins where the topics begin. */
  async open(): Promise<void> {
    const { side, inputs, verdicts, partitions } = this.#o;
    for (const topic of inputs) {
      const { low } = await side.ends(topic, partitions);
      low.forEach((offset, partition) => this.#rawAt.set(nameOf({ topic, partition }), offset));
    }
    this.#verdictsAt.push(...(await side.ends(verdicts, partitions)).low);
  }

  /** Hands out the verdict blocks that are there now, and the raw records that they judge. */
  async readJudged(): Promise<void> {
    const runs = await this.#readBlocks();
    for (const [partition, of] of runs) await this.#readRuns(partition, of);
  }

  /** How many records nobody has judged yet. They are read, and not handed out. */
  async countUnjudged(): Promise<number> {
    let records = 0;
    this.#unjudged = await this.#tail();
    await this.#o.side.read(this.#unjudged, (batch, { to }) => {
      for (let index = 0; index < batch.length; index++) if (batch.offset(index) < to) records++;
    });
    return records;
  }

  /**
   * Hands out what `countUnjudged` counted. Call it last. What came to the inputs of a running system since then is not looked at: it has had no
   * time to be judged.
   */
  async readUnjudged(): Promise<void> {
    const cursor = this.#cursor;
    await this.#o.side.read(this.#unjudged, (batch, { to }) => {
      cursor.batch = batch;
      for (cursor.index = 0; cursor.index < batch.length && cursor.offset < to; cursor.index++)
        this.#o.onRecord(cursor);
      cursor.batch = undefined;
    });
  }

  async #tail(): Promise<Range[]> {
    const { side, inputs, partitions } = this.#o;
    const ranges: Range[] = [];
    for (const topic of inputs) {
      const { high } = await side.ends(topic, partitions);
      high.forEach((to, partition) => {
        ranges.push({ topic, partition, from: this.#rawAt.get(nameOf({ topic, partition })) ?? 0, to });
      });
    }
    return ranges;
  }

  async #readBlocks(): Promise<Map<number, JudgedRun[]>> {
    const { side, verdicts, partitions, onBlock } = this.#o;
    const { high } = await side.ends(verdicts, partitions);
    const runs = new Map<number, JudgedRun[]>();
    const ranges = high.map((to, partition): Range => {
      return { topic: verdicts, partition, from: this.#verdictsAt[partition] ?? 0, to };
    });
    await side.read(ranges, (batch, { to }) => {
      const of = runs.get(batch.partition) ?? [];
      runs.set(batch.partition, of);
      for (let index = 0; index < batch.length && batch.offset(index) < to; index++) {
        const value = batch.value(index);
        if (value === null) continue;
        const block = decodeVerdictBlock(value);
        onBlock(block);
        of.push({ topic: block.topic, to: block.toOffset });
      }
    });
    high.forEach((to, partition) => (this.#verdictsAt[partition] = Math.max(this.#verdictsAt[partition] ?? 0, to)));
    return runs;
  }

  async #readRuns(partition: number, runs: readonly JudgedRun[]): Promise<void> {
    const { log, inputs, signal, onRecord } = this.#o;
    const readers = new Map<string, InputReader>();
    const cursor = this.#cursor;
    try {
      for (const { topic, to } of runs) {
        if (!inputs.includes(topic)) continue;
        const name = nameOf({ topic, partition });
        let reader = readers.get(topic);
        if (reader === undefined) {
          reader = await InputReader.open(log, { topic, partition, offset: this.#rawAt.get(name) ?? 0 }, Date.now);
          readers.set(topic, reader);
        }
        await reader.take(to, (batch) => {
          signal.throwIfAborted();
          cursor.batch = batch;
          for (cursor.index = 0; cursor.index < batch.length; cursor.index++) onRecord(cursor);
          cursor.batch = undefined;
        });
        this.#rawAt.set(name, Math.max(to, this.#rawAt.get(name) ?? 0));
      }
    } finally {
      await Promise.all([...readers.values()].map((reader) => reader.close()));
    }
  }
}
