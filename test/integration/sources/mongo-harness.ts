import { inject } from "vitest";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import type { Log } from "../../../src/kafka/log.ts";
import type { MongoSourceOptions } from "../../../src/sources/mongo/index.ts";
import { newDatabase, type TestDatabase } from "../../support/mongodb.ts";
import { T20I_DOCUMENTS } from "../../../src/pipelines/cricket/sources/t20i.ts";

export const PARTITIONS = 4;

/** A database, source and topics that no other test uses. */
export interface MongoWorld {
  readonly database: TestDatabase;
  readonly log: Log;
  readonly sourceId: string;
  readonly topics: { readonly raw: string; readonly positions: string; readonly gaps: string };
}

export async function newMongoWorld(adminUrl?: string): Promise<MongoWorld> {
  const database = await newDatabase(adminUrl);
  const { name } = database;
  const log = confluentLog({ brokers: process.env["TEST_BROKERS"] ?? inject("brokers"), clientId: "mongo-test" });
  return {
    database,
    log,
    sourceId: name,
    topics: { raw: `${name}.raw`, positions: `${name}.positions`, gaps: `${name}.gaps` },
  };
}

/** Small limits and short waits. */
export function mongoOptions(world: MongoWorld): Omit<MongoSourceOptions, "signal" | "onStatus"> {
  return {
    log: world.log,
    connection: world.database.url,
    documents: T20I_DOCUMENTS,
    sourceId: world.sourceId,
    rawTopic: world.topics.raw,
    positionsTopic: world.topics.positions,
    gapsTopic: world.topics.gaps,
    partitions: PARTITIONS,
    maxEvents: 50,
    idlePositionMs: 100,
    standbyMs: 200,
  };
}

/** A delivery as the feed writes it; `n` is its number, `filling` makes it large. */
export function delivery(matchId: string, n: number, bytes = 1): { match_id: string; delivery: object } {
  const place = { innings: 1, over: Math.floor(n / 6), ball: (n % 6) + 1, team: "England" };
  return { match_id: matchId, ...place, delivery: { n, filling: "x".repeat(bytes) } };
}
