/**
 * `just bench`: measures the engine against its budget, in turns with a bare loop on the same client, and compares every
 * output record. Exits with 1 when an output is wrong; a budget that is missed is printed, for a busy machine
 * misses any.
 */
import { type Bench, prepare } from "./bench.ts";
import { type Cluster, givenCluster, ownCluster } from "./cluster.ts";
import { type LatencyRun, measureLatency } from "./latency.ts";
import { describeMachine, Load, pinCores } from "./machine.ts";
import type { MemorySample } from "./memory.ts";
import { type Part, readOptions } from "./options.ts";
import { Program } from "./program.ts";
import { measureRecovery, type RecoveryRun } from "./recovery.ts";
import { renderReport } from "./report.ts";
import { measureRestart, type RestartRun } from "./restart.ts";
import { allRight, type Results } from "./results.ts";
import { finishOnce, measureThroughput, type ThroughputResult } from "./throughput.ts";

const options = readOptions(process.argv.slice(2));
if (process.platform !== "linux") {
  console.error("error: the benchmark reads CPU and memory of processes from /proc; run it on Linux");
  process.exit(2);
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);
const startedAt = new Date().toISOString();
const pinning = pinCores();
const load = new Load();
const begin = load.mark();
let cluster: Cluster | undefined;
try {
  cluster = options.brokers === undefined ? await ownCluster(pinning, load) : givenCluster(options.brokers);
  say("filling the input");
  const bench = await prepare({ options, cluster, pinning, load, say });
  const measured = await measure(bench);
  const results: Results = {
    machine: describeMachine(),
    broker: cluster.description,
    startedAt,
    quick: options.quick,
    pinned: pinning.program.length > 0,
    commitMs: options.commitMs,
    records: bench.expectation.records,
    ids: bench.expectation.ids,
    ...measured,
    others: load.since(begin),
  };
  console.log(options.json ? JSON.stringify(results, null, 2) : `\n${renderReport(results)}`);
  if (!allRight(results)) process.exitCode = 1;
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await cluster?.stop();
}

type Measured = Pick<Results, "throughput" | "latency" | "recovery" | "restart" | "memory">;

async function measure(bench: Bench): Promise<Measured> {
  const wanted = (part: Part): boolean => options.parts.includes(part);
  const rounds = Array.from({ length: options.runs }, (_, index) => index + 1);
  let throughput: ThroughputResult | undefined;
  if (wanted("throughput")) throughput = await measureThroughput(bench);
  const latency: LatencyRun[] = [];
  const recovery: RecoveryRun[] = [];
  const restart: RestartRun[] = [];
  for (const round of wanted("latency") ? rounds : []) {
    latency.push(await measureLatency(bench, "bare-loop", round), await measureLatency(bench, "engine", round));
  }
  for (const round of wanted("recovery") ? rounds : []) recovery.push(await measureRecovery(bench, round));
  if (wanted("restore")) {
    const finished = throughput?.finished ?? (await finishOnce(bench));
    for (const round of rounds) restart.push(await measureRestart(bench, finished, round));
  }
  return {
    ...(throughput === undefined ? {} : { throughput: { runs: throughput.runs, ratios: throughput.ratios } }),
    ...(wanted("latency") ? { latency } : {}),
    ...(wanted("recovery") ? { recovery } : {}),
    ...(wanted("restore") ? { restart } : {}),
    ...(wanted("memory") ? { memory: await measureMemory(bench) } : {}),
  };
}

async function measureMemory(bench: Bench): Promise<MemorySample[]> {
  return JSON.parse(
    await new Program(bench, "memory", ["1000000", "2000000"], ["--expose-gc"]).output(),
  ) as MemorySample[];
}
