/**
 * What the engine is compared with in the same run: the least that can do the task on the same client.
 *
 * fetch → JSON.parse → Set → window Map → write → offsets → commit, with one packed state record for each partition and
 * transaction. No verdicts, no digest, no overlay, no restore: it cannot survive a restart, it is a lower bound.
 * Takes the arguments of engine.ts.
 */
import { parseArgs } from "node:util";
import { confluentLog } from "../src/kafka/confluent/index.ts";
import { type GroupConsumer, type RecordBatch, type TransactionalProducer, WriteBatch } from "../src/kafka/log.ts";
import { WINDOW_MS } from "./expectation.ts";

const FETCH_RECORDS = 1_000;
const COMMIT_RECORDS = 10_000;
const IDLE_MS = 100;

const { values: args } = parseArgs({
  options: {
    brokers: { type: "string", default: "" },
    in: { type: "string", default: "" },
    out: { type: "string", default: "" },
    counts: { type: "string", default: "" },
    group: { type: "string", default: "" },
    "commit-ms": { type: "string", default: "100" },
    "state-dir": { type: "string" },
    instance: { type: "string", default: "bench" },
  },
});
const { in: input, out, counts, group } = args;
const commitMs = Number(args["commit-ms"]);
const state = `${group}.state`;

interface WindowCount {
  readonly match: string;
  readonly window: number;
  count: number;
  runs: number;
}

interface Part {
  next: number;
  readonly ids: string[];
  readonly changed: Set<WindowCount>;
}

/** A transaction while it fills, by partition. */
interface Fill {
  readonly parts: Map<number, Part>;
  readonly writes: WriteBatch;
  readonly startedAt: number;
  records: number;
}

const known = new Set<string>();
const windows = new Map<string, WindowCount>();
let sequence = 0;

function newFill(): Fill {
  return { parts: new Map(), writes: new WriteBatch(), startedAt: performance.now(), records: 0 };
}

function take(fill: Fill, batch: RecordBatch): void {
  let part = fill.parts.get(batch.partition);
  if (part === undefined) {
    part = { next: 0, ids: [], changed: new Set() };
    fill.parts.set(batch.partition, part);
  }
  for (let index = 0; index < batch.length; index++) {
    const value = batch.value(index)!;
    const ball = JSON.parse(value.toString()) as { id: string; match: string; ts: number; runs: number };
    if (known.has(ball.id)) continue;
    known.add(ball.id);
    part.ids.push(ball.id);
    fill.writes.append(out, batch.partition, batch.key(index), value);
    const start = ball.ts - (ball.ts % WINDOW_MS);
    const key = `${ball.match}|${start}`;
    let window = windows.get(key);
    if (window === undefined) {
      window = { match: ball.match, window: start, count: 0, runs: 0 };
      windows.set(key, window);
    }
    window.count++;
    window.runs += ball.runs;
    part.changed.add(window);
  }
  part.next = batch.offset(batch.length - 1) + 1;
  fill.records += batch.length;
}

async function commit(fill: Fill, producer: TransactionalProducer, consumer: GroupConsumer): Promise<void> {
  const { writes, parts } = fill;
  for (const [partition, { ids, changed }] of parts) {
    const values = [...changed].map((window) => JSON.stringify(window));
    [...changed].forEach(({ match }, index) => {
      writes.append(counts, partition, Buffer.from(match), Buffer.from(values[index]!));
    });
    const packed = `${ids.join("\n")}\n\n${values.join("\n")}`;
    writes.append(state, partition, Buffer.from(`segment/${sequence++}`), Buffer.from(packed));
  }
  const offsets = [...parts].map(([partition, { next }]) => ({ topic: input, partition, offset: next, metadata: "" }));
  await producer.begin();
  await producer.write(writes);
  await producer.sendOffsets(offsets, consumer);
  await producer.commit();
}

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

const log = confluentLog({ brokers: args.brokers, clientId: "bare-loop" });
const admin = log.admin();
await admin.createTopics([{ name: state, partitions: 4, cleanup: "compact" }]);
await admin.close();
const producer = log.producer({ transactionalId: `${group}.bare`, transactionTimeoutMs: 10_000 });
const consumer = log.consumer({ groupId: group, instanceId: args.instance, topics: [input], sessionTimeoutMs: 3_000 });
await Promise.all([producer.open(), consumer.open()]);

let fill = newFill();
let committing: Promise<void> | undefined;
let failure: Error | undefined;

function startCommit(): void {
  committing = commit(fill, producer, consumer)
    .catch((error: unknown) => {
      failure = error instanceof Error ? error : new Error(String(error));
    })
    .finally(() => {
      committing = undefined;
    });
  fill = newFill();
}

// As the engine does: the next transaction fills while the last one commits.
while (!stop.signal.aborted && failure === undefined) {
  const rebalance = consumer.pendingRebalance();
  if (rebalance !== undefined) consumer.answerRebalance(rebalance.partitions.map((each) => ({ ...each, offset: 0 })));
  const age = fill.records === 0 ? 0 : performance.now() - fill.startedAt;
  if (fill.records > 0 && committing === undefined && (fill.records >= COMMIT_RECORDS || age >= commitMs))
    startCommit();
  if (fill.records >= COMMIT_RECORDS) {
    await committing;
    continue;
  }
  const room = Math.min(FETCH_RECORDS, COMMIT_RECORDS - fill.records);
  const wait = fill.records === 0 ? IDLE_MS : Math.max(1, Math.min(commitMs - age, IDLE_MS));
  const batches = await consumer.fetch(room, wait);
  if (fill.records === 0 && batches.length > 0) fill = newFill();
  for (const batch of batches) take(fill, batch);
}
await committing;
if (failure === undefined && fill.records > 0) {
  startCommit();
  await committing;
}
await Promise.all([producer.close(), consumer.close()]);
if (failure !== undefined) throw failure;
