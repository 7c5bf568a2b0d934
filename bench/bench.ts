import { randomBytes } from "node:crypto";
import { confluentLog } from "../src/kafka/confluent/index.ts";
import type { Log } from "../src/kafka/log.ts";
import type { Cluster } from "./cluster.ts";
import { type Expectation, expectationOf } from "./expectation.ts";
import { fillTopic } from "./fill.ts";
import type { Load, Pinning } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import { createTopics, PARTITIONS } from "./run-topics.ts";

const REPLAYS = 0.3;
const SEED = 1;

/** What all parts of the benchmark share. */
export interface Bench {
  readonly options: BenchOptions;
  readonly cluster: Cluster;
  readonly log: Log;
  readonly pinning: Pinning;
  readonly load: Load;
  /** Begins every topic, group and transactional id. */
  readonly prefix: string;
  /** The filled topic, and what a right program makes of it. */
  readonly input: string;
  readonly expectation: Expectation;
  /** A line of progress for people. */
  say(line: string): void;
}

/** Fills the workload and works out what is right. */
export async function prepare(base: Pick<Bench, "options" | "cluster" | "pinning" | "load" | "say">): Promise<Bench> {
  const prefix = `bench-${randomBytes(3).toString("hex")}`;
  const log = confluentLog({ brokers: base.cluster.brokers, clientId: "bench" });
  const input = `${prefix}.in`;
  await createTopics(log, [input]);
  const written = await fillTopic(log, input, {
    ids: base.options.ids,
    replays: REPLAYS,
    partitions: PARTITIONS,
    seed: SEED,
  });
  const expectation = await expectationOf(log, input);
  if (expectation.records !== written) {
    throw new Error(`${written} records were written to ${input} and ${expectation.records} read back`);
  }
  base.say(`input: ${expectation.records} records, ${expectation.ids} ids`);
  return { ...base, log, prefix, input, expectation };
}
