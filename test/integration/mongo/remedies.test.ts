import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { localSupervisor } from "../../../src/local/index.ts";
import { mongodBinary } from "../../../src/local/mongodb-install.ts";
import { freePort } from "../../../src/local/ports.ts";
import { loadSettings, parseSettings } from "../../../src/settings.ts";
import { runMongoSource } from "../../../src/sources/mongo/index.ts";
import { remedyWorks } from "../../support/remedies/works.ts";
import { mongoOptions, newMongoWorld, type MongoWorld } from "../sources/mongo-harness.ts";

/* What ends the MongoDB source for good: the remedy is done on a real server, and it streams. */

let world: MongoWorld;
/** `TU_MONGODB_URL`. */
let connection: string;

beforeAll(async () => {
  world = await newMongoWorld();
});
afterAll(async () => {
  await world.database.close();
});
beforeEach(rightAddress);

/** Runs the source until it streams; throws what ends it before. */
async function attempt(): Promise<void> {
  const abort = new AbortController();
  await runMongoSource({
    ...mongoOptions(world),
    connection,
    signal: abort.signal,
    onStatus: ({ state }) => {
      if (state === "streaming") abort.abort();
    },
  });
}

function rightAddress(): void {
  connection = world.database.url;
}

function at(change: (url: URL) => void): string {
  const url = new URL(world.database.url);
  change(url);
  return url.href;
}

test("a wrong password is corrected", async () => {
  connection = at((url) => (url.password = "wrong"));
  await remedyWorks("mongo/password", {
    attempt,
    does: { "correct user and password in the connection address (TU_MONGODB_URL)": rightAddress },
  });
});

test("a user without the rights is granted them, or the database is corrected", async () => {
  const { client, name } = world.database;
  const database = client.db(name);
  await database.command({ createUser: "guest", pwd: "guest", roles: [] });
  const guest = at((url) => {
    [url.username, url.password] = ["guest", "guest"];
    url.searchParams.set("authSource", name);
  });
  connection = guest;
  const correct = rightAddress;
  await remedyWorks("mongo/right", { attempt, does: { "correct the database in TU_MONGODB_URL": correct } });
  connection = guest;
  const grant = (): unknown =>
    database.command({ grantRolesToUser: "guest", roles: [{ role: "readWrite", db: name }] });
  await remedyWorks("mongo/right", {
    attempt,
    does: { "give the user the role readWrite on this database: db.grantRolesToUser(": grant },
  });
  await database.command({ dropUser: "guest" });
});

test("an address without a database gets one", async () => {
  connection = at((url) => (url.pathname = "/"));
  await remedyWorks("mongo/no-database", {
    attempt,
    does: { "put it behind the host in TU_MONGODB_URL": rightAddress },
  });
});

test("an address that is none is corrected", async () => {
  connection = at((url) => url.searchParams.set("directConnection", "perhaps"));
  await remedyWorks("mongo/address", { attempt, does: { "correct TU_MONGODB_URL": rightAddress } });
});

test("a name that MongoDB does not allow is corrected", async () => {
  connection = at((url) => (url.pathname = "/a%24b"));
  await remedyWorks("mongo/database-name", {
    attempt,
    does: { "correct the name of the database in the connection address (TU_MONGODB_URL)": rightAddress },
  });
});

test("what only MongoDB can name stands in the message and is mended", async () => {
  const shared = world;
  world = await newMongoWorld();
  rightAddress();
  const { db } = world.database;
  await db.collection("matches").insertOne({ match_id: "m" });
  await db.dropCollection("deliveries");
  const impossible = [{ $set: { rate: { $divide: ["$match_id", 1] } } }];
  await db.createCollection("deliveries", { viewOn: "matches", pipeline: impossible });
  const named = /\$divide only supports numeric types/u;
  await remedyWorks("mongo/see-mongodb", {
    attempt: () =>
      attempt().catch((error: unknown) => {
        expect(error).toMatchObject({ message: expect.stringMatching(named) as string });
        throw error;
      }),
    does: {
      "mend what MongoDB names in the message": async () => {
        await db.dropCollection("deliveries");
        await db.createCollection("deliveries");
      },
    },
  });
  await world.database.close();
  world = shared;
});

test("a server of its own becomes a replica set", async () => {
  const dir = mkdtempSync(join(tmpdir(), "third-umpire-standalone-"));
  const port = await freePort();
  const binary = mongodBinary(loadSettings());
  const supervisor = localSupervisor(parseSettings({ TU_LOCAL_DIR: dir }, dir));
  const address = `mongodb://127.0.0.1:${port}/cricket?directConnection=true`;
  const start = (...more: readonly string[]): Promise<void> =>
    supervisor.start({
      name: "standalone",
      command: binary?.command ?? "mongod",
      env: binary?.env ?? {},
      args: [
        "--dbpath",
        dir,
        "--port",
        String(port),
        "--bind_ip",
        "127.0.0.1",
        "--wiredTigerCacheSizeGB",
        "0.25",
        ...more,
      ],
      ready: () => answers(address),
    });
  try {
    await start();
    connection = address;
    const again = async (): Promise<void> => {
      await supervisor.stop("standalone");
      await start("--replSet", "rs0");
    };
    await remedyWorks("mongo/no-replica-set", {
      attempt,
      does: { "start mongod with --replSet rs0": again, "run rs.initiate() once": () => initiate(address, port) },
    });
  } finally {
    await supervisor.stopAll();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
});

async function initiate(address: string, port: number): Promise<void> {
  const client = new MongoClient(address);
  const config = { _id: "rs0", members: [{ _id: 0, host: `127.0.0.1:${port}` }] };
  await client.db("admin").command({ replSetInitiate: config });
  while ((await client.db("admin").command({ hello: 1 }))["isWritablePrimary"] !== true)
    await new Promise((resolve) => setTimeout(resolve, 100));
  await client.close();
}

async function answers(address: string): Promise<boolean> {
  const client = new MongoClient(address, { serverSelectionTimeoutMS: 1000 });
  try {
    await client.db().command({ ping: 1 });
    return true;
  } catch {
    return false; // starting up: the probe comes again
  } finally {
    await client.close();
  }
}
