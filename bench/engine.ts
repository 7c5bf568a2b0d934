/**
 * The program under test of `just bench`: drop repeats at any distance, pass the rest on, keep a one-minute tumbling
 * count and sum of runs per match. All of output, state and offsets in one transaction. Written with the low-level API.
 *
 * node dist/bench/engine.js --brokers B --in T --out T --counts T --group G --commit-ms N --state-dir D
 */
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { defineTopology, jsonCodec, kafkaLog, runProcessor, type StoreSpec } from "../src/index.ts";

interface Ball {
  readonly id: string;
  readonly match: string;
  readonly ts: number;
  readonly runs: number;
}

interface WindowCount {
  readonly match: string;
  readonly window: number;
  readonly count: number;
  readonly runs: number;
}

const WINDOW_MS = 60_000;
const { values: args } = parseArgs({
  options: {
    brokers: { type: "string" },
    in: { type: "string" },
    out: { type: "string" },
    counts: { type: "string" },
    group: { type: "string" },
    "commit-ms": { type: "string", default: "100" },
    "state-dir": { type: "string" },
    instance: { type: "string", default: hostname() },
  },
});
const need = (name: "brokers" | "in" | "out" | "counts" | "group" | "state-dir"): string => {
  const value = args[name];
  if (value !== undefined) return value;
  console.error(`error: --${name} is missing`);
  process.exit(2);
};
const out = need("out");
const counts = need("counts");
const group = need("group");

const windows: StoreSpec<WindowCount> = { name: "windows", value: jsonCodec() };

const topology = defineTopology<Ball>({
  name: group,
  inputs: [need("in")],
  outputs: [out, counts],
  partitions: 4,
  review: { retention: "unbounded" },
  stores: [windows],
  decode: (record) => JSON.parse(record.value!.toString()),
  identify: (ball, record) => ({ key: ball.id, content: record.value! }),
  eventTime: (ball) => ball.ts,
  process: (ball, record, context) => {
    context.emit(out, record.key, record.value);
    const window = ball.ts - (ball.ts % WINDOW_MS);
    const key = `${ball.match}|${window}`;
    const store = context.store(windows);
    const known = store.get(key);
    store.put(key, { match: ball.match, window, count: (known?.count ?? 0) + 1, runs: (known?.runs ?? 0) + ball.runs });
  },
  beforeCommit: (context) => {
    const store = context.store(windows);
    for (const key of context.changed(windows)) {
      const value = store.get(key)!;
      context.emit(counts, Buffer.from(value.match), Buffer.from(JSON.stringify(value)));
    }
  },
});

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

await runProcessor({
  log: kafkaLog({ brokers: need("brokers") }),
  topology,
  groupId: group,
  instanceId: args.instance,
  stateDir: need("state-dir"),
  commitIntervalMs: Number(args["commit-ms"]),
  signal: stop.signal,
}).catch((error: unknown) => {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
