import { pathToFileURL } from "node:url";
import { packageFile } from "../../../src/local/paths.ts";

/** What a processor of the upgrade tests is told. `engine`: the version before (a bundle), or the one under test. */
export interface ShopOptions {
  readonly engine: "before" | "now";
  readonly brokers: string;
  /** Names the topology, its topics and its group. */
  readonly name: string;
  readonly instanceId: string;
  readonly partitions: number;
}

type Engine = typeof import("../../../src/index.ts");

/** Value of a record: `key content`. */
const options = JSON.parse(process.argv[2]!) as ShopOptions;
const engineFile = { before: "test/fixtures/before/engine.mjs", now: "src/index.ts" }[options.engine];
const engine = (await import(pathToFileURL(packageFile(engineFile)).href)) as Engine;

const { name, partitions } = options;
const latest = { name: "latest", value: engine.stringCodec };
const topology = engine.defineTopology<readonly [string, string]>({
  name,
  inputs: [`${name}.one`, `${name}.two`],
  outputs: [`${name}.clean`],
  partitions,
  review: { retention: "unbounded" },
  stores: [latest],
  decode: (record) => {
    const [key, content] = record.value!.toString().split(" ");
    return [key!, content!];
  },
  identify: ([key, content]) => ({ key, content, facets: [content, null] }),
  process: ([key, content], _record, context) => {
    const before = context.store(latest).get(key) ?? "nothing";
    context.store(latest).put(key, content);
    const text = `${key} ${before} ${content} ${context.verdict}`;
    context.emit(`${name}.clean`, Buffer.from(key), Buffer.from(text));
  },
});
await engine.runProcessor({
  log: engine.kafkaLog({ brokers: options.brokers }),
  topology,
  groupId: name,
  instanceId: options.instanceId,
  sessionTimeoutMs: 6_000,
  stateDir: "unused",
  skipProbe: true,
  signal: new AbortController().signal,
  onStatus: ({ state, message }) => process.send?.({ state, message }),
});
