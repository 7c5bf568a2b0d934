import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogReader } from "../src/kafka/log.ts";
import type { Bench } from "./bench.ts";
import { expectationOf } from "./expectation.ts";
import { percentile } from "./figures.ts";
import { PlainProducer } from "./plain-producer.ts";
import { Program } from "./program.ts";
import { createTopics, PARTITIONS, programArgs, removeTopics, topicsForRun } from "./run-topics.ts";
import { type Score, scoreRun } from "./score.ts";
import type { Contender } from "./throughput.ts";
import { workload, type WorkloadRecord } from "./workload.ts";

const RATE = 5_000;
/** Sent before what counts, so that the code is warm. */
const WARM_UP_SECONDS = 5;
const TICK_MS = 5;
/** After this long without an output something is wrong. */
const SILENCE_MS = 60_000;
const REPLAYS = 0.3;

/** Milliseconds from the instant a record was due at the producer to the one at which a read_committed reader had it. */
export interface LatencyRun {
  readonly program: Contender;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly measured: number;
  /** How late timers of the harness itself came, ms: producer and reader cannot be more precise than this. */
  readonly harnessLateP99: number;
  readonly others: number;
  readonly score: Score;
}

/** Open loop: the rate does not yield to a program that is late, and a late producer counts as latency too. */
export async function measureLatency(bench: Bench, name: Contender, round: number): Promise<LatencyRun> {
  const { log, cluster, options, load } = bench;
  const group = `${bench.prefix}.latency.${name}.${round}`;
  const input = `${group}.in`;
  await createTopics(log, [input]);
  const topics = await topicsForRun(log, input, group);
  const total = RATE * (WARM_UP_SECONDS + options.latencySeconds);
  const records = [
    ...workload({ ids: Math.round(total * (1 - REPLAYS)), replays: REPLAYS, partitions: PARTITIONS, seed: round }),
  ];
  const ids = new Set(records.map(({ value }) => idOf(value)));
  const program = new Program(bench, name, programArgs(cluster.brokers, topics, options.commitMs, cluster.dir));
  const producer = await PlainProducer.open(cluster.brokers, input);
  const arrivals = new Arrivals(log.reader({ isolation: "read_committed" }));
  try {
    await arrivals.open(topics.out);
    // The first record comes through when the program has joined; the schedule starts then.
    producer.send(byPartition(records.slice(0, 1)));
    await arrivals.until(1, program);
    const mark = load.mark();
    const delay = monitorEventLoopDelay({ resolution: 2 });
    delay.enable();
    const receiving = arrivals.until(ids.size, program);
    const due = await sendOpenLoop(producer, records.slice(1));
    await receiving;
    delay.disable();
    const others = load.since(mark);
    await program.stop();
    const delays = arrivals.delays(due, due.startedAt + WARM_UP_SECONDS * 1_000).toSorted((a, b) => a - b);
    const score = await scoreRun(log, await expectationOf(log, input), topics);
    const run = {
      program: name,
      p50: percentile(delays, 0.5),
      p99: percentile(delays, 0.99),
      max: delays.at(-1) ?? Number.NaN,
      measured: delays.length,
      harnessLateP99: delay.percentile(99) / 1e6,
      others,
      score,
    };
    bench.say(`${name} ${round}: p50 ${run.p50.toFixed(0)} ms, p99 ${run.p99.toFixed(0)} ms`);
    await removeTopics(log, topics);
    return run;
  } finally {
    producer.close();
    await arrivals.close();
  }
}

interface Schedule {
  readonly startedAt: number;
  /** When the first occurrence of each id was due, `performance.now()`. */
  readonly dueAt: ReadonlyMap<string, number>;
}

async function sendOpenLoop(producer: PlainProducer, records: readonly WorkloadRecord[]): Promise<Schedule> {
  const startedAt = performance.now();
  const dueAt = new Map<string, number>();
  let next = 0;
  while (next < records.length) {
    // What was due since the last tick counts from the tick it belongs to, also when the timer comes late.
    const due = Math.min(records.length, Math.floor(((performance.now() - startedAt) * RATE) / 1_000));
    const now = records.slice(next, due);
    now.forEach(({ value }, index) => {
      const id = idOf(value);
      if (!dueAt.has(id)) dueAt.set(id, startedAt + ((next + index) * 1_000) / RATE);
    });
    producer.send(byPartition(now));
    next = Math.max(next, due);
    await sleep(TICK_MS);
  }
  await producer.flush();
  return { startedAt, dueAt };
}

/** The first time that a read_committed reader has each id. */
class Arrivals {
  readonly #reader: LogReader;
  readonly #at = new Map<string, number>();

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  async open(topic: string): Promise<void> {
    await this.#reader.open();
    this.#reader.assign(Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 })));
  }

  /** Reads until so many ids have come. */
  async until(ids: number, program: Program): Promise<void> {
    let heardAt = performance.now();
    while (this.#at.size < ids) {
      program.mustRun();
      for (const batch of await this.#reader.fetch(RATE, 50)) {
        heardAt = performance.now();
        for (let index = 0; index < batch.length; index++) {
          const id = idOf(batch.value(index)!);
          if (!this.#at.has(id)) this.#at.set(id, heardAt);
        }
      }
      if (performance.now() - heardAt > SILENCE_MS) {
        throw new Error(`${program.name}: ${this.#at.size} of ${ids} ids came, and then none for ${SILENCE_MS} ms`);
      }
    }
  }

  delays({ dueAt }: Schedule, from: number): number[] {
    return [...dueAt].flatMap(([id, due]) => (due < from ? [] : [this.#at.get(id)! - due]));
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }
}

function byPartition(records: readonly WorkloadRecord[]): Map<number, WorkloadRecord[]> {
  const partitions = new Map<number, WorkloadRecord[]>();
  for (const record of records) {
    const found = partitions.get(record.partition);
    if (found === undefined) partitions.set(record.partition, [record]);
    else found.push(record);
  }
  return partitions;
}

function idOf(value: Buffer): string {
  return (JSON.parse(value.toString()) as { id: string }).id;
}
