import { ODI_ROWS } from "../../../src/pipelines/cricket/sources/odi.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import { runPostgresSource, type SourcePoint } from "../../../src/sources/postgres/index.ts";

/** A source that kills itself at a named point, as SIGKILL does it: no handler runs, nothing is closed. */
interface Config {
  readonly brokers: string;
  readonly url: string;
  readonly name: string;
  readonly topics: { readonly raw: string; readonly positions: string; readonly gaps: string };
  /** Counted from the start, or from when the stream runs. */
  readonly crashAt: { readonly point: SourcePoint; readonly nth: number; readonly in: "start" | "stream" } | null;
}

const config = JSON.parse(process.argv[2] ?? "{}") as Config;
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
let passed = 0;
let isStreaming = false;

try {
  await runPostgresSource({
    log: confluentLog({ brokers: config.brokers, clientId: config.name }),
    connection: config.url,
    sourceId: config.name,
    slot: config.name,
    publication: "odi",
    rows: ODI_ROWS,
    rawTopic: config.topics.raw,
    positionsTopic: config.topics.positions,
    gapsTopic: config.topics.gaps,
    partitions: 4,
    maxEvents: 50,
    lingerMs: 10,
    at: (point) => {
      if (point !== config.crashAt?.point || (config.crashAt.in === "stream" && !isStreaming)) return;
      passed += 1;
      if (passed > config.crashAt.nth) process.kill(process.pid, "SIGKILL");
    },
    signal: stop.signal,
    onStatus: (status) => {
      isStreaming = status.state === "streaming";
      process.send?.(status);
    },
  });
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
