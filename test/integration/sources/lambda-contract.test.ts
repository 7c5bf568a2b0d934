import { afterAll, beforeAll } from "vitest";
import { runLambdaSource } from "../../../src/sources/lambda/index.ts";
import type { RawEvent, SourceHarness, SourceWorld } from "../../contract/source-harness.ts";
import { sourceContract } from "../../contract/source.contract.ts";
import { countingProxy } from "../../support/counting-proxy.ts";
import { type Endpoint, newNames, Objects, openLog, PARTITIONS, startEndpoint } from "./lambda-harness.ts";
import { TEST_OBJECTS } from "../../../src/pipelines/cricket/sources/test.ts";

const MIB = 1024 * 1024;

const harness: SourceHarness = {
  newWorld,
  repeats: "never",
  snapshotPoints: [],
  // A batch that is being committed, one that was filled meanwhile, and what the sockets hold of the next answer.
  backlog: { rows: 128, bytesEach: MIB / 8, limit: 6 * MIB },
};

let endpoint: Endpoint;
let objects: Objects;

beforeAll(async () => {
  endpoint = await startEndpoint();
  objects = new Objects(endpoint.settings.objectStore);
});

afterAll(async () => {
  await objects.close();
  await endpoint.stop();
});

/** One endpoint for all: it opens its files for each call, so that another store is seen as what it is. */
async function newWorld(): Promise<SourceWorld> {
  const { settings } = endpoint;
  const proxy = await countingProxy({ host: "127.0.0.1", port: settings.lambdaPort });
  const { sourceId, topics } = newNames();
  await objects.makeAnew();
  return {
    log: openLog(),
    sourceId,
    topics,
    partitions: PARTITIONS,
    append: async (rows) => {
      for (const { key, n, bytes = 1 } of rows)
        await objects.append(key, `1/${n}.yaml`, `n: ${n}\nfilling: ${"x".repeat(bytes)}\n`);
    },
    // More than an answer of Lambda can carry.
    appendUnreadable: (key) => objects.append(key, "huge.yaml", "x".repeat(6 * MIB)),
    loseHistory: () => objects.makeAnew(),
    run: (options) =>
      runLambdaSource({
        ...options,
        endpoint: `http://127.0.0.1:${proxy.port}`,
        region: settings.lambdaRegion,
        functionName: settings.lambdaFunction,
        objects: TEST_OBJECTS,
        sourceId,
        rawTopic: topics.raw,
        positionsTopic: topics.positions,
        gapsTopic: topics.gaps,
        partitions: PARTITIONS,
        maxEvents: 16,
        maxBytes: MIB,
        pollObjects: 8,
        beatMs: 50,
        standbyMs: 100,
      }),
    rowOf,
    taken: () => Promise.resolve(proxy.received),
    close: () => proxy.close(),
  };
}

function rowOf(event: RawEvent): number | undefined {
  const n = /^n: (\d+)$/mu.exec(event.value.toString())?.[1];
  return n === undefined ? undefined : Number(n);
}

sourceContract("Lambda", harness);
