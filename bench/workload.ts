import { partitionFor } from "../src/domain/partition.ts";

/** A record of the benchmark's input. */
export interface WorkloadRecord {
  readonly partition: number;
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface WorkloadOptions {
  /** Distinct ids. */
  readonly ids: number;
  /** Share of all records that are exact replays, 0 to 1. */
  readonly replays: number;
  readonly partitions: number;
  readonly seed: number;
}

const MATCHES = 64;
const START = Date.UTC(2026, 0, 1);
/** Event time moves on by this much a new record: 100,000 records a minute of event time. */
const STEP_MS = 0.6;

/**
 * About 200 bytes of JSON a record, keyed by match. Of the replays 40 % repeat one of the last 100 new records, 45 %
 * one of the last 10,000, and 15 % one of the last 500,000. The same seed gives the same records.
 */
export function* workload(options: WorkloadOptions): Generator<WorkloadRecord> {
  const random = mulberry32(options.seed);
  const chance = options.replays / (1 - options.replays);
  for (let id = 0; id < options.ids; id++) {
    yield record(id, options.partitions);
    for (let more = chance; more > 0; more--) {
      if (random() < more) yield record(id - Math.floor(random() * Math.min(id, reach(random()))), options.partitions);
    }
  }
}

function reach(draw: number): number {
  if (draw < 0.4) return 100;
  return draw < 0.85 ? 10_000 : 500_000;
}

function record(id: number, partitions: number): WorkloadRecord {
  const match = `match-${id % MATCHES}`;
  const key = Buffer.from(match);
  const ball = {
    id: `ball-${id.toString(36).padStart(8, "0")}-${((id * 2654435761) >>> 0).toString(16)}`,
    match,
    ts: Math.floor(START + id * STEP_MS),
    runs: id % 7,
    over: Math.floor((id / MATCHES / 6) % 50),
    ball: (id % 6) + 1,
    batter: `batter-${id % 400}`,
    bowler: `bowler-${id % 300}`,
    venue: "a ground with a name of ordinary length",
  };
  return { partition: partitionFor(key, partitions), key, value: Buffer.from(JSON.stringify(ball)) };
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
