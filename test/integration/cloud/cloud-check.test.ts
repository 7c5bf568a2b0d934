import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type CheckedSource, type CheckLine, cloudCheck } from "../../../src/cloud-check/index.ts";
import { ensureOdiSchema } from "../../../src/feed/schema.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import { type LambdaFunction, NO_FAULTS, runLambdaEndpoint } from "../../../src/local/lambda/index.ts";
import { objectStoreFunction } from "../../../src/local/lambda/object-store-function.ts";
import { mongodBinary } from "../../../src/local/mongodb-install.ts";
import { freePort } from "../../../src/local/ports.ts";
import { closeSql, openSql, type Sql } from "../../../src/postgres/sql.ts";
import { loadSettings, parseSettings, type Settings } from "../../../src/settings.ts";
import { cliStack, eventually } from "../../support/cli.ts";
import { databaseUrl } from "../../support/database-url.ts";

/* Real servers, right and wrong, and what is said of each. */

const SECRET = `s3cret-${randomBytes(8).toString("hex")}@/:`;
const id = randomBytes(4).toString("hex");
const roles = { owner: `owner_${id}`, reader: `reader_${id}` };
const database = `cloud_${id}`;
const TIMEOUT_MS = 60_000;

let admin: Sql;
let mongo: MongoClient;
let folder = "";
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "third-umpire-cloud-"));
  admin = openSql(inject("postgresUrl"), { applicationName: "test" });
  await admin.unsafe(`create database ${database}`);
  const password = SECRET.replaceAll("'", "''");
  await admin.unsafe(`create role ${roles.owner} login replication password '${password}'`);
  await admin.unsafe(`grant create on database ${database} to ${roles.owner}`);
  await admin.unsafe(`create role ${roles.reader} login password '${password}'`);
  mongo = new MongoClient(inject("mongodbAdminUrl"));
  const users = mongo.db("admin");
  const create = (user: string, role: string): Promise<unknown> =>
    users.command({ createUser: user, pwd: SECRET, roles: [{ role, db: database }] });
  await create(roles.owner, "readWrite");
  await create(roles.reader, "read");
});

afterAll(async () => {
  for (const stop of stops) await stop();
  await admin.unsafe(`drop database ${database} with (force)`);
  for (const role of Object.values(roles)) await admin.unsafe(`drop role ${role}`);
  await closeSql(admin);
  for (const user of Object.values(roles)) await mongo.db("admin").command({ dropUser: user });
  await mongo.db(database).dropDatabase();
  await mongo.close();
  rmSync(folder, { recursive: true, force: true });
});

function postgresUrl(user: string, password = SECRET): string {
  const url = new URL(inject("postgresUrl"));
  [url.username, url.password, url.pathname] = [user, encodeURIComponent(password), `/${database}`];
  return url.href;
}

function mongodbUrl(user: string, password = SECRET): string {
  const url = new URL(databaseUrl(inject("mongodbAdminUrl"), database));
  [url.username, url.password] = [user, encodeURIComponent(password)];
  return url.href;
}

/** What is said of one source. */
async function check(
  source: CheckedSource,
  env: Readonly<Record<string, string>>,
  timeoutMs = TIMEOUT_MS,
): Promise<CheckLine[]> {
  const settings = settingsOf(env);
  const openLog = async (): Promise<ReturnType<typeof confluentLog>> =>
    Promise.resolve(confluentLog({ brokers: settings.brokers, clientId: "cloud-check-test" }));
  const lines = await cloudCheck({ settings, openLog, timeoutMs, sources: [source] });
  for (const line of lines) {
    expect(JSON.stringify(line)).not.toContain(SECRET);
    expect(JSON.stringify(line)).not.toContain(encodeURIComponent(SECRET));
    if (line.state === "missing") expect(line.remedy, line.found).not.toBeNull();
  }
  return lines;
}

/** Whatever a test does not name is a port where nothing listens: it answers at once. */
function settingsOf(env: Readonly<Record<string, string>>): Settings {
  const nowhere = { TU_POSTGRES_PORT: "1025", TU_MONGODB_PORT: "1026", TU_LAMBDA_PORT: "1027" };
  return parseSettings({ TU_LOCAL_DIR: folder, TU_KAFKA_BROKERS: inject("brokers"), ...nowhere, ...env }, folder);
}

const states = (lines: readonly CheckLine[]): Record<string, string> =>
  Object.fromEntries(lines.map((line) => [line.check, line.state]));
const missing = (lines: readonly CheckLine[]): CheckLine | undefined => lines.find((line) => line.state === "missing");

describe("Postgres", () => {
  test("all is there, before and after the schema is made", async () => {
    const before = await check("postgres", { TU_POSTGRES_URL: postgresUrl(roles.owner) });
    expect(states(before)).toEqual({
      reachable: "ok",
      login: "ok",
      wal_level: "ok",
      replication: "ok",
      // Other tests make and drop slots on this server meanwhile.
      slots: expect.any(String) as string,
      publication: "note",
      slot: "note",
    });
    const sql = openSql(postgresUrl(roles.owner), { applicationName: "test" });
    await ensureOdiSchema(sql);
    await closeSql(sql);
    const after = await check("postgres", { TU_POSTGRES_URL: postgresUrl(roles.owner) });
    expect(states(after)["publication"]).toBe("ok");
  });

  test("a slot: how far behind it is, and how much WAL is left", async () => {
    const sql = openSql(postgresUrl(roles.owner), { applicationName: "test" });
    await sql`select pg_create_logical_replication_slot('odi', 'pgoutput')`;
    try {
      const lines = await check("postgres", { TU_POSTGRES_URL: postgresUrl(roles.owner) });
      expect(lines.find((line) => line.check === "slot")?.found).toMatch(/^odi, nobody reads it, \d+ MB behind$/u);
      expect(states(lines)["safe_wal_size"]).toBeDefined();
    } finally {
      await sql`select pg_drop_replication_slot('odi')`;
      await closeSql(sql);
    }
  });

  test("a wrong password", async () => {
    const lines = await check("postgres", { TU_POSTGRES_URL: postgresUrl(roles.owner, `${SECRET}x`) });
    expect(states(lines)).toEqual({ reachable: "ok", login: "missing" });
    expect(missing(lines)?.remedy).toContain("correct user and password");
  });

  test("a database that does not exist", async () => {
    const url = postgresUrl(roles.owner).replace(database, "nowhere");
    expect(missing(await check("postgres", { TU_POSTGRES_URL: url }))?.remedy).toContain("create the database");
  });

  test("a role without REPLICATION and without the right to create", async () => {
    const lines = await check("postgres", { TU_POSTGRES_URL: postgresUrl(roles.reader) });
    expect(lines.find((line) => line.check === "replication")).toMatchObject({
      state: "missing",
      remedy: `alter role ${roles.reader} with replication`,
    });
  });

  test("a server that is down", async () => {
    const lines = await check("postgres", { TU_POSTGRES_URL: `postgres://a:b@127.0.0.1:${await freePort()}/c` });
    expect(missing(lines)).toMatchObject({
      check: "reachable",
      found: expect.stringContaining("ECONNREFUSED") as string,
    });
  });

  test("a host without an address", async () => {
    const lines = await check("postgres", { TU_POSTGRES_URL: "postgres://a:b@db.nowhere.invalid/c" });
    expect(missing(lines)?.found).toContain("db.nowhere.invalid has no address");
  });

  test("a pooler, which carries no replication", async () => {
    const lines = await check("postgres", { TU_POSTGRES_URL: "postgres://a.b:c@x.pooler.supabase.invalid:6543/d" });
    expect(lines[0]).toMatchObject({ check: "address", state: "missing" });
  });

  test("a server that accepts and never answers", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const lines = await check("postgres", { TU_POSTGRES_URL: `postgres://a:b@127.0.0.1:${port}/c` }, 2000);
    server.close();
    expect(missing(lines)?.found).toBe("no answer within 2 s");
  });
});

describe("MongoDB", () => {
  test("all is there", async () => {
    const lines = await check("mongodb", { TU_MONGODB_URL: mongodbUrl(roles.owner) });
    expect(states(lines)).toEqual({
      reachable: "ok",
      login: "ok",
      "replica set": "ok",
      transactions: "ok",
      "change stream": "ok",
      "oplog window": "note",
    });
    expect(lines.find((line) => line.check === "login")?.found).toBe(`${roles.owner} in ${database}`);
  });

  test("the oplog's window, to a user who may see it", async () => {
    const lines = await check("mongodb", { TU_MONGODB_URL: databaseUrl(inject("mongodbAdminUrl"), database) });
    expect(lines.find((line) => line.check === "oplog window")?.found).toMatch(/^\d+\.\d h$/u);
  });

  test("leaves nothing behind", async () => {
    await check("mongodb", { TU_MONGODB_URL: mongodbUrl(roles.owner) });
    expect(await mongo.db(database).collection("deliveries").countDocuments({ check: true })).toBe(0);
  });

  test("a wrong password", async () => {
    const lines = await check("mongodb", { TU_MONGODB_URL: mongodbUrl(roles.owner, "wrong-password") });
    expect(missing(lines)).toMatchObject({ check: "login" });
    expect(missing(lines)?.remedy).toContain("correct user and password");
  });

  test("a user who may only read", async () => {
    const lines = await check("mongodb", { TU_MONGODB_URL: mongodbUrl(roles.reader) });
    expect(states(lines)).toMatchObject({ login: "ok", transactions: "missing", "change stream": "ok" });
    expect(missing(lines)?.remedy).toContain("readWrite");
  });

  test("a server that is down", async () => {
    const url = `mongodb://a:b@127.0.0.1:${await freePort()}/c?serverSelectionTimeoutMS=500`;
    expect(missing(await check("mongodb", { TU_MONGODB_URL: url }))).toMatchObject({ check: "reachable" });
  });

  test("a server of its own, without a replica set", async () => {
    const port = await standaloneMongod();
    const lines = await check("mongodb", { TU_MONGODB_URL: `mongodb://127.0.0.1:${port}/${database}` });
    expect(states(lines)).toMatchObject({ login: "ok", "replica set": "missing" });
    expect(missing(lines)?.remedy).toContain("rs.initiate()");
  });
});

describe("Lambda", () => {
  test("the object store's function, empty", async () => {
    const endpoint = await lambda(objectStoreFunction(settingsOf({})));
    const lines = await check("lambda", { TU_LAMBDA_ENDPOINT: endpoint });
    expect(states(lines)).toEqual({ reachable: "ok", function: "ok", objects: "note" });
  });

  test("a function that does not exist", async () => {
    const endpoint = await lambda(objectStoreFunction(settingsOf({})));
    const lines = await check("lambda", { TU_LAMBDA_ENDPOINT: endpoint, TU_LAMBDA_FUNCTION: "another" });
    expect(missing(lines)?.found).toContain("there is no function another");
    expect(missing(lines)?.remedy).toContain("TU_LAMBDA_FUNCTION");
  });

  test("a function that fails, which is HTTP 200", async () => {
    const broken = { ...objectStoreFunction(settingsOf({})), env: {} };
    const lines = await check("lambda", { TU_LAMBDA_ENDPOINT: await lambda(broken) });
    expect(states(lines)).toEqual({ reachable: "ok", function: "missing" });
    expect(missing(lines)?.found).toContain("TU_OBJECT_STORE is missing");
  });

  test("another function than the object store's", async () => {
    const module = fileURLToPath(new URL("../sources/functions.fixture.ts", import.meta.url));
    const lines = await check("lambda", {
      TU_LAMBDA_ENDPOINT: await lambda({ ...objectStoreFunction(settingsOf({})), module }),
    });
    expect(missing(lines)?.found).toContain("not as the object store does");
  });

  test("an endpoint that is down", async () => {
    const lines = await check("lambda", { TU_LAMBDA_ENDPOINT: `http://127.0.0.1:${await freePort()}` });
    expect(missing(lines)).toMatchObject({ check: "reachable" });
  });
});

describe("Kafka", () => {
  test("brokers that answer", async () => {
    expect(states(await check("kafka", {}))["reachable"]).toBe("ok");
  });

  test("brokers that are down", async () => {
    const lines = await check("kafka", { TU_KAFKA_BROKERS: `127.0.0.1:${await freePort()}` });
    expect(missing(lines)).toMatchObject({ check: "reachable" });
  });
});

test("the command prints a table or JSON, and exits with 1 when something is missing", async () => {
  const stack = await cliStack({ TU_KAFKA_BROKERS: inject("brokers"), TU_POSTGRES_URL: postgresUrl(roles.owner) });
  try {
    const table = await stack.run(["cloud-check"], TIMEOUT_MS);
    expect(table.code).toBe(1);
    expect(table.stdout).toMatch(/^postgres\n {2}ok {7}reachable/mu);
    expect(table.stdout).toMatch(/something is missing: mongodb, lambda; see above\n$/u);
    expect(table.stdout + table.stderr).not.toContain(SECRET);
    const json = await stack.run(["cloud-check", "--json"]);
    expect(json.code).toBe(1);
    const report = JSON.parse(json.stdout) as { ok: boolean; checks: CheckLine[] };
    expect(report.ok).toBe(false);
    expect(report.checks.filter((line) => line.source === "postgres").every((line) => line.state !== "missing")).toBe(
      true,
    );
  } finally {
    await stack.remove();
  }
});

/** Serves `fn` until the tests end. */
async function lambda(fn: LambdaFunction): Promise<string> {
  const stop = new AbortController();
  return await new Promise<string>((resolve, reject) => {
    const ended = runLambdaEndpoint({
      fn,
      port: 0,
      faults: NO_FAULTS,
      signal: stop.signal,
      onStatus: (status) => {
        if (status.state === "ready") resolve(`http://127.0.0.1:${status.port}`);
      },
    });
    stops.push(async () => {
      stop.abort();
      await ended;
    });
    ended.catch(reject);
  });
}

async function standaloneMongod(): Promise<number> {
  const binary = mongodBinary(loadSettings());
  if (binary === null) throw new Error("there is no mongod, though the stack runs one");
  const port = await freePort();
  const dir = mkdtempSync(join(folder, "mongod-"));
  const child: ChildProcess = spawn(
    binary.command,
    ["--port", String(port), "--dbpath", dir, "--bind_ip", "127.0.0.1", "--wiredTigerCacheSizeGB", "0.25"],
    { env: { ...process.env, ...binary.env }, stdio: "ignore" },
  );
  const ended = once(child, "exit");
  stops.push(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const answers = async (): Promise<boolean> => {
    // A client that could not connect at first does not try again.
    const client = new MongoClient(`mongodb://127.0.0.1:${port}/?serverSelectionTimeoutMS=500`);
    try {
      await client.db().command({ ping: 1 });
      return true;
    } catch {
      return false; // not yet
    } finally {
      await client.close();
    }
  };
  await eventually(answers, TIMEOUT_MS, () => `the mongod on port ${port}`);
  return port;
}
