import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { inject } from "vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FatalError } from "../../../src/domain/errors.ts";
import { mongodBinary } from "../../../src/local/mongodb-install.ts";
import { localSupervisor } from "../../../src/local/index.ts";
import { freePort } from "../../../src/local/ports.ts";
import { loadSettings, parseSettings } from "../../../src/settings.ts";
import { runMongoSource, type MongoSourceOptions } from "../../../src/sources/mongo/index.ts";
import { mongoTarget } from "../../../src/feed/targets/mongo.ts";
import { mongoOptions, newMongoWorld, type MongoWorld } from "../sources/mongo-harness.ts";

let world: MongoWorld;

beforeAll(async () => {
  world = await newMongoWorld();
});

afterAll(async () => {
  await world.database.close();
});

/** What ends the source, or the first thing it retries. */
async function complaint(
  change: Partial<MongoSourceOptions>,
): Promise<{ message: string; remedy: string | undefined }> {
  const abort = new AbortController();
  let retried: string | undefined;
  try {
    await runMongoSource({
      ...mongoOptions(world),
      ...change,
      signal: abort.signal,
      onStatus: ({ state, message }) => {
        if (state !== "retrying") return;
        retried ??= message;
        abort.abort();
      },
    });
  } catch (error) {
    if (!(error instanceof FatalError)) throw error;
    expect(error.message).not.toContain("\n");
    return { message: error.message, remedy: error.remedy };
  }
  return { message: retried ?? "", remedy: undefined };
}

function at(change: (url: URL) => void): string {
  const url = new URL(world.database.url);
  change(url);
  return url.href;
}

describe("what is wrong with MongoDB is said in one line, with its remedy:", () => {
  it("wrong credentials", async () => {
    const connection = at((url) => (url.password = "wrong"));
    const { message, remedy } = await complaint({ connection });
    expect(message).toMatch(/^connecting to MongoDB: Authentication failed/u);
    expect(remedy).toMatch(/user and password .*TU_MONGODB_URL/u);
    expect(message + remedy).not.toContain("wrong@");
  });

  it("a server that cannot be reached is tried again", async () => {
    const port = await freePort();
    const connection = at((url) => (url.port = String(port)));
    const { message } = await complaint({ connection });
    expect(message).toMatch(/MongoDB cannot be reached \(connect ECONNREFUSED 127\.0\.0\.1:\d+\); next try in/u);
  }, 30_000);

  it("a user without the rights, or another database", async () => {
    const { client, name, url } = world.database;
    await client.db(name).command({ createUser: "guest", pwd: "guest", roles: [] });
    const guest = new URL(url);
    guest.username = "guest";
    guest.password = "guest";
    guest.searchParams.set("authSource", name);
    const { message, remedy } = await complaint({ connection: guest.href });
    expect(message).toMatch(/not authorized/u);
    expect(remedy).toMatch(/grantRolesToUser.*readWrite.*TU_MONGODB_URL/u);
    await client.db(name).command({ dropUser: "guest" });
  });

  it("the user of the settings has all the rights that feed and source need, in its own database only", async () => {
    const connection = process.env["TEST_MONGODB_USER"] ?? inject("mongodbUrl");
    const target = mongoTarget({ connection });
    await target.prepare();
    await target.close();
    const abort = new AbortController();
    const source = runMongoSource({
      ...mongoOptions(world),
      connection,
      signal: abort.signal,
      onStatus: ({ state }) => {
        if (state === "streaming") abort.abort();
      },
    });
    await expect(source).resolves.toBeUndefined();
    const elsewhere = new URL(connection);
    elsewhere.pathname = "/elsewhere";
    expect((await complaint({ connection: elsewhere.href })).message).toMatch(/not authorized/u);
  });

  it("an address that names no database, or is none", async () => {
    const { message, remedy } = await complaint({ connection: "mongodb://127.0.0.1:1/?directConnection=true" });
    expect(message).toMatch(/names no database/u);
    expect(remedy).toMatch(/TU_MONGODB_URL/u);
    const broken = await complaint({ connection: "mongodb://127.0.0.1:1/db?directConnection=perhaps" });
    expect(broken.message).toMatch(/address of MongoDB cannot be read/u);
    expect(broken.remedy).toMatch(/TU_MONGODB_URL/u);
  });

  it("a server without a replica set", async () => {
    const dir = mkdtempSync(join(tmpdir(), "third-umpire-standalone-"));
    const port = await freePort();
    const binary = mongodBinary(loadSettings());
    const supervisor = localSupervisor(parseSettings({ TU_LOCAL_DIR: dir }, dir));
    const connection = `mongodb://127.0.0.1:${port}/cricket?directConnection=true`;
    await supervisor.start({
      name: "standalone",
      command: binary?.command ?? "mongod",
      env: binary?.env ?? {},
      args: ["--dbpath", dir, "--port", String(port), "--bind_ip", "127.0.0.1", "--wiredTigerCacheSizeGB", "0.25"],
      ready: () => answers(connection),
    });
    try {
      const { message, remedy } = await complaint({ connection });
      expect(message).toMatch(/without a replica set/u);
      expect(remedy).toMatch(/--replSet/u);
      const target = mongoTarget({ connection });
      await target.prepare();
      const feed = await target.connect();
      const plan = { seed: 1, replayRate: 0, correctionRate: 0 };
      await feed.begin("m", plan, "d");
      const content = { kind: "delivery" as const, document: { match_id: "m" } };
      const failure: unknown = await feed
        .insert({ matchId: "m", pass: 0, step: 0 }, { content, cause: "file", line: 1, bytes: 10 })
        .catch((error: unknown) => error);
      const named = target.classify(failure, "inserting");
      expect(named).toBeInstanceOf(FatalError);
      expect((named as FatalError).remedy).toMatch(/--replSet/u);
      await feed.close();
      await target.close();
    } finally {
      await supervisor.stopAll();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});

async function answers(connection: string): Promise<boolean> {
  const client = new MongoClient(connection, { serverSelectionTimeoutMS: 1000 });
  try {
    await client.db().command({ ping: 1 });
    return true;
  } catch {
    return false; // starting up: the probe comes again
  } finally {
    await client.close(true);
  }
}
