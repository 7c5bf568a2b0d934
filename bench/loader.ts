/**
 * `just bench-loader`: what loading costs, from the clean topics to DuckDB with all marts and snapshots, beside a bare loop (fetch and
 * JSON.parse) over the same topics in the same run. Compare CPU a record and the ratio: wall time is the machine's.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { packageFile } from "../src/local/paths.ts";
import { confluentLog } from "../src/kafka/confluent/index.ts";
import type { Log } from "../src/kafka/log.ts";
import type { LoaderTopics } from "../src/loader/index.ts";
import { LOADER_NODE_OPTIONS, NATIVE_MEMORY } from "../src/loader/node-options.ts";
import { type Cluster, givenCluster, ownCluster } from "./cluster.ts";
import { CleanWriter, createLoaderTopics, deleteLoaderTopics, loaderTopics } from "./loader-fill.ts";
import { cleanRecords, type MatchFolders } from "./loader-records.ts";
import type { LoaderFigures } from "./loader-run.ts";
import { describeMachine, Load } from "./machine.ts";
import { Program } from "./program.ts";

const HELP = `just bench-loader [options]: load clean records into DuckDB, beside a bare loop over the same topics

  --rows N          deliveries to load, at least (default 500,000); matches are played again under other ids
  --at-once N       matches side by side (default 24)
  --batch N         records of a transaction, at most (default 10,000)
  --runs N          how often each program runs (default 2)
  --odi, --t20i, --test DIR   folders of Cricsheet files, more than once (default: those of the repository)
  --brokers B       a broker that runs already; default: one of its own in a temporary folder
  --prefix P        keep the topics under this name, and use them if they are there
  --node-flag F     for the loader's process, e.g. --cpu-prof; more than once
  --json            every figure as JSON on standard output`;

const { values: options } = parseArgs({
  options: {
    rows: { type: "string", default: "500000" },
    "at-once": { type: "string", default: "24" },
    batch: { type: "string", default: "10000" },
    runs: { type: "string", default: "2" },
    odi: { type: "string", multiple: true, default: [packageFile("data/odi")] },
    t20i: { type: "string", multiple: true, default: [packageFile("data/t20i")] },
    test: { type: "string", multiple: true, default: [packageFile("data/test")] },
    brokers: { type: "string" },
    prefix: { type: "string" },
    "node-flag": { type: "string", multiple: true, default: [] },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
if (process.platform !== "linux") {
  console.error("error: the benchmark reads CPU and memory of processes from /proc; run it on Linux");
  process.exit(2);
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);
const load = new Load();
const pinning = { program: [], rest: [] };
const prefix = options.prefix ?? `bench-loader-${randomBytes(3).toString("hex")}`;
let cluster: Cluster | undefined;
try {
  cluster = options.brokers === undefined ? await ownCluster(pinning, load) : givenCluster(options.brokers);
  const log = confluentLog({ brokers: cluster.brokers, clientId: "bench" });
  const topics = loaderTopics(prefix);
  const records = (await recordsIn(log, topics)) ?? (await fill(log, topics, options));
  const results: (LoaderFigures & { readonly program: string; readonly others: number })[] = [];
  for (let run = 1; run <= Number(options.runs); run++) {
    for (const mode of ["bare", "loader"]) results.push(await measure(cluster, mode, run, records));
  }
  console.log(options.json ? JSON.stringify(results, null, 2) : report(results));
  if (options.prefix === undefined) await deleteLoaderTopics(log, topics);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await cluster?.stop();
  // After an error a client may still be open, and would keep this process.
  process.exit();
}

/** null when there are no such topics; without the markers of transactions, which stand in the offsets too. */
async function recordsIn(log: Log, topics: LoaderTopics): Promise<number | null> {
  const admin = log.admin();
  const described = await admin.describeTopics([topics.deliveries]);
  await admin.close();
  if (described.size === 0) return null;
  const reader = log.reader({ isolation: "read_committed" });
  await reader.open();
  const partitions = Object.values(topics).flatMap((topic: string) =>
    Array.from({ length: described.get(topics.deliveries)!.partitions }, (_, partition) => ({ topic, partition })),
  );
  const ends = await Promise.all(partitions.map((partition) => reader.watermarks(partition, 10_000)));
  reader.assign(partitions.map((partition) => ({ ...partition, offset: 0 })));
  let records = 0;
  while (partitions.some((partition, n) => reader.position(partition) < ends[n]!.high)) {
    for (const batch of await reader.fetch(10_000, 500)) records += batch.length;
  }
  await reader.close();
  if (records === 0) throw new Error(`the topics of ${prefix} are there, and empty: use another --prefix`);
  say(`${records} records in the topics of ${prefix}`);
  return records;
}

async function fill(
  log: Log,
  topics: LoaderTopics,
  wanted: MatchFolders & { readonly rows: string; readonly "at-once": string },
): Promise<number> {
  await createLoaderTopics(log, topics);
  const writer = new CleanWriter(log, topics);
  await writer.open();
  for await (const record of cleanRecords(wanted, Number(wanted.rows), Number(wanted["at-once"]))) {
    await writer.write(record);
    if (writer.deliveries % 100_000 === 0 && record.kind === "delivery") say(`${writer.deliveries} deliveries written`);
  }
  await writer.commit();
  await writer.close();
  say(`${writer.records} records written, ${writer.deliveries} of them deliveries`);
  return writer.records;
}

async function measure(
  { brokers, dir }: Cluster,
  mode: string,
  run: number,
  records: number,
): Promise<LoaderFigures & { readonly program: string; readonly others: number }> {
  const mark = load.mark();
  const args = ["--brokers", brokers, "--prefix", prefix, "--dir", join(dir, `${mode}-${run}`), "--mode", mode];
  const flags = mode === "loader" ? [...LOADER_NODE_OPTIONS, ...options["node-flag"]] : [];
  const program = new Program(
    { pinning, load },
    "loader-run",
    [...args, "--records", String(records), "--batch", options.batch],
    flags,
    NATIVE_MEMORY,
  );
  const figures = JSON.parse(await program.output()) as LoaderFigures;
  const others = load.since(mark);
  say(`${mode} ${run}: ${Math.round((figures.cpuSeconds / figures.records) * 1e7) / 10} µs CPU a record`);
  return { program: mode, ...figures, others };
}

function report(results: readonly (LoaderFigures & { readonly program: string; readonly others: number })[]): string {
  const rows = results.map(({ program, records, seconds, cpuSeconds, mainSeconds, peakRss, batchMs, others }) => [
    program,
    String(records),
    records === 0 ? "all at once" : String(Math.round(records / seconds)),
    microseconds(cpuSeconds / records),
    microseconds(mainSeconds / records),
    (peakRss / 1e6).toFixed(0),
    `${batchMs.p50} / ${batchMs.p99}`,
    others.toFixed(1),
  ]);
  const head = ["program", "records", "records/s", "CPU µs", "of it JS", "peak MB", "batch ms p50/p99", "others"];
  const widths = head.map((title, n) => Math.max(title.length, ...rows.map((row) => row[n]!.length)));
  const line = (cells: readonly string[]): string => cells.map((cell, n) => cell.padStart(widths[n]!)).join("  ");
  return [describeMachine(), "", line(head), ...rows.map(line)].join("\n");
}

/** So few records may come in one piece that nothing lies between the first and the last. */
function microseconds(seconds: number): string {
  return Number.isFinite(seconds) ? (seconds * 1e6).toFixed(1) : "";
}
