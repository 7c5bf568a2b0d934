import { runMongoSource } from "../../../src/sources/mongo/index.ts";
import type { RawEvent, SourceHarness, SourceWorld } from "../../contract/source-harness.ts";
import { sourceContract } from "../../contract/source.contract.ts";
import { countingProxy } from "../../support/counting-proxy.ts";
import { delivery, mongoOptions, newMongoWorld, PARTITIONS } from "./mongo-harness.ts";

const MIB = 1024 * 1024;

const harness: SourceHarness = {
  newWorld,
  repeats: "never",
  snapshotPoints: ["snapshot-rows"],
  // Batches of 8 rows: one that is being committed, one that was fetched meanwhile, one on its way.
  backlog: { rows: 96, bytesEach: MIB / 4, limit: 7 * MIB },
};

async function newWorld(): Promise<SourceWorld> {
  const world = await newMongoWorld();
  const { database, log, sourceId, topics } = world;
  const server = new URL(database.url);
  const proxy = await countingProxy({ host: server.hostname, port: Number(server.port) });
  const through = new URL(server);
  through.port = String(proxy.port);
  const { db } = database;
  return {
    log,
    sourceId,
    topics,
    partitions: PARTITIONS,
    append: async (rows) => {
      const documents = rows.map(({ key, n, bytes }) => delivery(key, n, bytes));
      await db.collection("deliveries").insertMany(documents);
    },
    appendUnreadable: async (key) => {
      await db.collection("deliveries").insertOne({ match_id: key, delivery: "no object" });
    },
    loseHistory: async () => {
      await db.collection("deliveries").drop();
      await db.createCollection("deliveries");
    },
    run: (options) => runMongoSource({ ...mongoOptions(world), ...options, connection: through.href, maxEvents: 8 }),
    rowOf,
    taken: () => Promise.resolve(proxy.received),
    close: async () => {
      await proxy.close();
      await database.close();
    },
  };
}

function rowOf(event: RawEvent): number | undefined {
  const { delivery: ball } = JSON.parse(event.value.toString()) as { delivery?: { n: number } };
  return ball?.n;
}

sourceContract("MongoDB", harness);
