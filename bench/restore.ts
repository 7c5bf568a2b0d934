/**
 * Restores the finished state of a group of engine.ts in a fresh process, as the engine does after a start, and prints
 * how long it took: node dist/bench/restore.js --brokers B --group G --in T
 */
import { parseArgs } from "node:util";
import { defineTopology, jsonCodec } from "../src/index.ts";
import { IdentityHasher } from "../src/domain/review/identity.ts";
import { confluentLog } from "../src/kafka/confluent/index.ts";
import { systemClock } from "../src/processor/clock.ts";
import { decodeOffsetMetadata } from "../src/processor/offset-metadata.ts";
import { loadTasks } from "../src/processor/restore.ts";
import { Task } from "../src/processor/task.ts";

export interface RestoreReport {
  readonly ms: number;
  readonly ids: number;
  readonly segments: number;
  /** Bytes of the tables of known events. */
  readonly stateBytes: number;
  /** EO-4: every partition has the digest of its committed offset. */
  readonly digestsMatch: boolean;
}

const { values: args } = parseArgs({
  options: {
    brokers: { type: "string", default: "" },
    group: { type: "string", default: "" },
    in: { type: "string", default: "" },
  },
});

// Of the engine's topology only what names and shapes its state.
const topology = defineTopology({
  name: args.group,
  inputs: [args.in],
  outputs: [],
  partitions: 4,
  review: { retention: "unbounded" },
  stores: [{ name: "windows", value: jsonCodec<unknown>() }],
  decode: (record) => record.value,
  identify: () => ({ key: "", content: "" }),
  process: () => undefined,
});
const log = confluentLog({ brokers: args.brokers, clientId: "restore" });
const admin = log.admin();
const partitions = Array.from({ length: topology.partitions }, (_, partition) => ({ topic: args.in, partition }));
const committed = await admin.groupOffsets(args.group, partitions);
await admin.close();

const hasher = await IdentityHasher.create();
const tasks = partitions.map(({ partition }) => new Task(topology, partition, hasher));
const startedAt = performance.now();
await loadTasks(tasks, log, topology, systemClock);
const ms = performance.now() - startedAt;

const report: RestoreReport = {
  ms,
  ids: tasks.reduce((sum, { known }) => sum + known.table.size, 0),
  segments: tasks.reduce((sum, { known }) => sum + known.segments, 0),
  stateBytes: tasks.reduce((sum, { known }) => sum + known.table.bytes, 0),
  digestsMatch: tasks.every(
    (task, index) => decodeOffsetMetadata(committed[index]?.metadata ?? "")?.digest === task.digest,
  ),
};
console.log(JSON.stringify(report));
