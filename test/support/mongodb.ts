import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Db, MongoClient } from "mongodb";
import { inject } from "vitest";
import { installMongodb, localSupervisor, mongodbService } from "../../src/local/index.ts";
import { mongodbAdminUrl, type MongodTuning } from "../../src/local/mongodb.ts";
import { closeMongo, openMongo } from "../../src/mongo/client.ts";
import { ensureCollections } from "../../src/mongo/collections.ts";
import { T20I_COLLECTIONS } from "../../src/pipelines/cricket/sources/t20i.ts";
import { loadSettings } from "../../src/settings.ts";
import { databaseUrl } from "./database-url.ts";
import { killService, settingsOnFreePorts } from "./stack.ts";

/** A database that no other test uses, on the MongoDB that all share (or on `server`). */
export interface TestDatabase {
  /** Address with all rights. */
  readonly url: string;
  readonly name: string;
  readonly client: MongoClient;
  readonly db: Db;
  close(): Promise<void>;
}

/** TEST_MONGODB names an administrator of a server that runs already. */
export async function newDatabase(
  adminUrl: string = process.env["TEST_MONGODB"] ?? inject("mongodbAdminUrl"),
): Promise<TestDatabase> {
  const name = `t20i_${randomBytes(5).toString("hex")}`;
  const url = databaseUrl(adminUrl, name);
  const client = openMongo(url, { applicationName: "test", max: 8 });
  const db = client.db();
  await ensureCollections(db, T20I_COLLECTIONS);
  const close = async (): Promise<void> => {
    await db.dropDatabase();
    await closeMongo(client);
  };
  return { url, name, client, db, close };
}

/** A mongod of one's own, to be killed. */
export interface TestMongod {
  readonly adminUrl: string;
  /** Sends SIGKILL and waits until it answers again. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMongod(tuning: MongodTuning = {}): Promise<TestMongod> {
  const project = loadSettings();
  await installMongodb(project, (line) => process.stderr.write(`${line}\n`));
  const dir = mkdtempSync(join(tmpdir(), "third-umpire-mongod-"));
  const settings = await settingsOnFreePorts(dir);
  const supervisor = localSupervisor(settings);
  const service = mongodbService(settings, { binaries: project, tuning });
  await supervisor.start(service);
  return {
    adminUrl: mongodbAdminUrl(settings),
    kill: () => killService(supervisor, service.name).back,
    stop: async () => {
      await supervisor.stopAll();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
