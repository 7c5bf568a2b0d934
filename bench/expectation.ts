import xxhash from "xxhash-wasm";
import { readTopic } from "../src/cli/read-topic.ts";
import type { Log, RecordBatch } from "../src/kafka/log.ts";
import { PARTITIONS } from "./run-topics.ts";

/** A one-minute window of one match. */
export interface WindowCount {
  readonly match: string;
  readonly window: number;
  readonly count: number;
  readonly runs: number;
}

export const WINDOW_MS = 60_000;

/** What a right run makes of one partition. */
export interface PartitionExpectation {
  /** Offsets of all records, rising (transaction markers take offsets too). */
  readonly offsets: number[];
  /** Place of each id among the first occurrences. */
  readonly ranks: Map<string, number>;
  /** XXH32 of each first occurrence, by rank. */
  readonly checksums: number[];
}

/** What a right run makes of an input topic, worked out from the topic itself. */
export interface Expectation {
  readonly records: number;
  readonly ids: number;
  readonly partitions: readonly PartitionExpectation[];
  /** By `match|window`. */
  readonly windows: ReadonlyMap<string, WindowCount>;
  checksum(value: Buffer): number;
}

/** Reads an input topic to its end. */
export async function expectationOf(log: Log, input: string): Promise<Expectation> {
  const { h32Raw } = await xxhash();
  const checksum = (value: Buffer): number => h32Raw(value);
  const partitions: PartitionExpectation[] = Array.from({ length: PARTITIONS }, () => ({
    offsets: [],
    ranks: new Map(),
    checksums: [],
  }));
  const windows = new Map<string, { match: string; window: number; count: number; runs: number }>();
  const visit = (batch: RecordBatch): void => {
    const partition = partitions[batch.partition]!;
    for (let index = 0; index < batch.length; index++) {
      partition.offsets.push(batch.offset(index));
      const value = batch.value(index)!;
      const { id, match, ts, runs } = JSON.parse(value.toString()) as {
        id: string;
        match: string;
        ts: number;
        runs: number;
      };
      if (partition.ranks.has(id)) continue;
      partition.ranks.set(id, partition.checksums.length);
      partition.checksums.push(checksum(value));
      const start = ts - (ts % WINDOW_MS);
      const key = `${match}|${start}`;
      const window = windows.get(key) ?? { match, window: start, count: 0, runs: 0 };
      window.count++;
      window.runs += runs;
      windows.set(key, window);
    }
  };
  await readTopic(log, input, visit);
  return {
    records: partitions.reduce((sum, { offsets }) => sum + offsets.length, 0),
    ids: partitions.reduce((sum, { ranks }) => sum + ranks.size, 0),
    partitions,
    windows,
    checksum,
  };
}

/** How many records of a partition lie before an offset. */
export function recordsBefore({ offsets }: PartitionExpectation, offset: number): number {
  let [low, high] = [0, offsets.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (offsets[middle]! < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
