import { randomBytes } from "node:crypto";
import type { Db, MongoClient } from "mongodb";
import { inject } from "vitest";
import { closeMongo, openMongo } from "../../src/mongo/client.ts";
import { ensureT20iCollections } from "../../src/mongo/collections.ts";

/** A database that no other test uses, on the MongoDB that all share (or on `server`). */
export interface TestDatabase {
  /** Address with all rights. */
  readonly url: string;
  readonly name: string;
  readonly client: MongoClient;
  readonly db: Db;
  close(): Promise<void>;
}

/** The address of a database of the server that `adminUrl` names. */
export function databaseUrl(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  url.searchParams.set("authSource", "admin");
  return url.href;
}

/** TEST_MONGODB names an administrator of a server that runs already. */
export async function newDatabase(adminUrl: string = process.env["TEST_MONGODB"] ?? inject("mongodbAdminUrl")): Promise<TestDatabase> {
  const name = `t20i_${randomBytes(5).toString("hex")}`;
  const url = databaseUrl(adminUrl, name);
  const client = openMongo(url, { applicationName: "test", max: 8 });
  const db = client.db();
  await ensureT20iCollections(db);
  const close = async (): Promise<void> => {
    await db.dropDatabase();
    await closeMongo(client);
  };
  return { url, name, client, db, close };
}
