import { ModelBroker, ModelLog } from "../../src/testing/index.ts";
import { MemoryStore, type RowStore, runMemorySource } from "../../src/sources/memory/index.ts";
import type { RawEvent, RunOptions, SourceHarness, SourceWorld } from "./source-harness.ts";

/** What a variant of the source may replace: the negative control runs sources that are wrong on purpose. */
export type RunMemory = (store: RowStore, world: SourceWorld, options: RunOptions) => Promise<void>;

export const runCorrectly: RunMemory = (store, world, options) =>
  runMemorySource({
    ...options,
    store,
    sourceId: world.sourceId,
    rawTopic: world.topics.raw,
    positionsTopic: world.topics.positions,
    gapsTopic: world.topics.gaps,
    partitions: world.partitions,
    maxEvents: 20,
    beatMs: 25,
    standbyMs: 50,
  });

export function memoryHarness(run: RunMemory = runCorrectly, patienceMs = 10_000): SourceHarness {
  return {
    newWorld: () => Promise.resolve(newWorld(run)),
    repeats: "never",
    snapshotPoints: [],
    backlog: { rows: 200, bytesEach: 1000, limit: 20 },
    patienceMs,
  };
}

let worlds = 0;

function newWorld(run: RunMemory): SourceWorld {
  const broker = new ModelBroker();
  const store = new MemoryStore();
  let instances = 0;
  const sourceId = `memory-${(worlds += 1)}`;
  const world: SourceWorld = {
    log: new ModelLog(broker, { clientId: `client-${(instances += 1)}` }),
    sourceId,
    topics: { raw: `${sourceId}.raw`, positions: `${sourceId}.positions`, gaps: `${sourceId}.gaps` },
    partitions: 4,
    append: (rows) => {
      for (const { key, n, bytes = 0 } of rows) store.append(key, JSON.stringify({ n, filling: "x".repeat(bytes) }));
      return Promise.resolve();
    },
    appendUnreadable: (key) => {
      store.append(key, "{ no JSON");
      return Promise.resolve();
    },
    loseHistory: () => {
      store.forgetBefore(store.head + 1);
      return Promise.resolve();
    },
    run: (options) => run(store, world, options),
    rowOf,
    taken: () => Promise.resolve(store.taken),
    close: () => Promise.resolve(),
  };
  return world;
}

function rowOf(event: RawEvent): number | undefined {
  const { n } = JSON.parse(event.value.toString()) as { n?: number };
  return n;
}
