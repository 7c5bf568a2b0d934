/**
 * The program under test of `bench/loader.ts`: the loader, or a bare loop over the same topics (fetch and JSON.parse, nothing
 * else), until so many records have been taken. Prints its figures as JSON.
 */
import { parseArgs } from "node:util";
import { wireReadingLog } from "../src/kafka/confluent/index.ts";
import { type LoaderStatus, runLoader } from "../src/loader/index.ts";
import { tuneGarbageCollection } from "../src/loader/node-options.ts";
import { loaderTopics, PARTITIONS } from "./loader-fill.ts";
import { cpuSecondsOf, peakRssOf, threadCpuSecondsOf } from "./machine.ts";

export interface LoaderFigures {
  readonly records: number;
  /** From the first commit to the last. */
  readonly seconds: number;
  /** User and system, all threads, in that time. */
  readonly cpuSeconds: number;
  /** The same of the JavaScript thread alone. */
  readonly mainSeconds: number;
  /** Bytes, since the start of the process. */
  readonly peakRss: number;
  /** Bytes, at the end. */
  readonly rss: number;
  readonly batchMs: LoaderStatus["batchMs"];
  readonly batches: number;
}

tuneGarbageCollection();
const { values: args } = parseArgs({
  options: {
    brokers: { type: "string", default: "" },
    prefix: { type: "string", default: "" },
    dir: { type: "string", default: "" },
    mode: { type: "string", default: "loader" },
    records: { type: "string", default: "0" },
    batch: { type: "string", default: "10000" },
  },
});
const topics = loaderTopics(args.prefix);
const log = wireReadingLog({ brokers: args.brokers, clientId: "bench-loader" });
const wanted = Number(args.records);

interface Instant {
  readonly records: number;
  readonly at: number;
  readonly cpu: number;
  readonly main: number;
}

function instant(records: number): Instant {
  const { pid } = process;
  return { records, at: performance.now(), cpu: cpuSecondsOf(pid) ?? 0, main: threadCpuSecondsOf(pid, pid) ?? 0 };
}

function figures(first: Instant, last: Instant, batches: number, batchMs: LoaderStatus["batchMs"]): LoaderFigures {
  return {
    records: last.records - first.records,
    seconds: (last.at - first.at) / 1_000,
    cpuSeconds: last.cpu - first.cpu,
    mainSeconds: last.main - first.main,
    peakRss: peakRssOf(process.pid) ?? 0,
    rss: process.memoryUsage().rss,
    batchMs,
    batches,
  };
}

async function load(): Promise<LoaderFigures> {
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  let first: Instant | undefined;
  let found: LoaderFigures | undefined;
  await runLoader({
    log,
    warehouseDir: args.dir,
    topics,
    groupId: args.prefix,
    signal: stop.signal,
    batchMaxRecords: Number(args.batch),
    onStatus: ({ rows, state, message, batches, batchMs }) => {
      if (state === "retrying") process.stderr.write(`${message}\n`);
      if (rows > 0) first ??= instant(rows);
      if (rows < wanted || found !== undefined) return;
      found = figures(first!, instant(rows), batches, batchMs);
      stop.abort();
    },
  });
  if (found === undefined) throw new Error("the loader ended before it had loaded everything");
  return found;
}

async function bareLoop(): Promise<LoaderFigures> {
  const reader = log.reader({ isolation: "read_committed" });
  await reader.open();
  const names = [topics.deliveries, topics.matches, topics.verdicts];
  reader.assign(
    names.flatMap((topic) => Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 }))),
  );
  let first: Instant | undefined;
  let records = 0;
  let checksum = 0;
  while (records < wanted) {
    for (const batch of await reader.fetch(10_000, 200)) {
      for (let index = 0; index < batch.length; index++) {
        const text = batch.value(index)!;
        if (batch.topic !== topics.verdicts) checksum += Object.keys(JSON.parse(text.toString()) as object).length;
      }
      records += batch.length;
    }
    if (records > 0) first ??= instant(records);
  }
  if (checksum === 0) throw new Error("nothing was parsed");
  const found = figures(first!, instant(records), 0, { p50: 0, p99: 0 });
  await reader.close();
  return found;
}

console.log(JSON.stringify(await (args.mode === "bare" ? bareLoop() : load())));
process.exit(0);
