import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localSupervisor, postgresService, type Supervisor } from "../../../src/local/index.ts";
import { passwordFile } from "../../../src/local/passwords.ts";
import { kafkaDir, mongodbDir, postgresDir } from "../../../src/local/paths.ts";
import { postgresAnswers, postgresData, preparePostgres } from "../../../src/local/postgres.ts";
import { postgresLaunch } from "../../../src/local/postgres-programs.ts";
import { superuser } from "../../../src/local/postgres-role.ts";
import { runCommand } from "../../../src/local/run-command.ts";
import { unprivilegedUser } from "../../../src/local/unprivileged.ts";
import { parseSettings, type Settings } from "../../../src/settings.ts";
import { remedyWorks } from "../../support/remedies/works.ts";
import { settingsOnFreePorts, startTestStack } from "../../support/stack.ts";

/* What other users of this machine, and our own role, may do with the local Postgres. */

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined); // the query rejects as well
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Address of the settings' server with another user and password. */
function urlAs(settings: Settings, user: string, password: string, database = settings.postgresDatabase): string {
  return `postgres://${user}:${password}@127.0.0.1:${settings.postgresPort}/${database}`;
}

describe("the local Postgres", () => {
  let dir: string;
  let settings: Settings;
  let supervisor: Supervisor;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "third-umpire-security-")); // closed to other users, as a clone below /root is
    settings = await settingsOnFreePorts(dir);
    supervisor = localSupervisor(settings);
    await supervisor.start(postgresService(settings));
  });

  afterAll(async () => {
    await supervisor.stopAll();
    rmSync(dir, { recursive: true, force: true });
  });

  const ask = (text: string): Promise<Record<string, unknown>[]> => query(settings.postgresUrl, text);

  test("has a password that nobody can guess, in a file that only its owner reads", () => {
    expect(settings.postgresPassword).toMatch(/^[\w-]{32}$/u);
    expect(statSync(passwordFile(dir)).mode & 0o777).toBe(0o600);
    expect(statSync(postgresDir(settings)).mode & 0o777).toBe(0o700);
  });

  test("refuses the password that every earlier one had, and its superuser with any", async () => {
    for (const [user, password] of [
      ["umpire", "umpire"],
      ["third_umpire_admin", "umpire"],
      ["postgres", "postgres"],
    ] as const)
      await expect(query(urlAs(settings, user, password), "select 1")).rejects.toMatchObject({ code: "28P01" });
  });

  test("gives its role what a source needs", async () => {
    const rights = "rolsuper, rolreplication, rolcreatedb, rolcreaterole, rolbypassrls";
    expect(await ask(`select ${rights} from pg_roles where rolname = current_user`)).toEqual([
      { rolsuper: false, rolreplication: true, rolcreatedb: false, rolcreaterole: false, rolbypassrls: false },
    ]);
    await ask("create schema mine; create table mine.t (n int primary key); create publication mine for table mine.t");
    expect(await ask("select slot_name from pg_create_logical_replication_slot('mine', 'pgoutput')")).toHaveLength(1);
    await ask("select pg_drop_replication_slot('mine'); drop schema mine cascade");
  });

  test.each([
    "create table out (t text); copy out from program 'id'",
    "copy (select 1) to program 'cat'",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('/')",
    "copy pg_class to '/tmp/third-umpire-copy'",
    "select lo_import('/etc/passwd')",
    "create role other superuser",
    "alter system set archive_command = 'id'",
    "load '/tmp/any.so'",
    "create function f() returns int language c as '/tmp/any.so', 'f'",
    "select rolpassword from pg_authid",
    "set role third_umpire_admin",
  ])("lets nobody reach the server's user by: %s", async (text) => {
    await expect(ask(text)).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|0LP01)$/u) });
  });

  test("runs as an ordinary user without any capability, in a folder that is closed to it", () => {
    const pid = supervisor.list()[0]?.pid ?? 0;
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    for (const name of ["CapEff", "CapPrm", "CapInh", "CapAmb"])
      expect(status).toMatch(new RegExp(`^${name}:\\s+0{16}$`, "mu"));
    expect(status).not.toMatch(/^Uid:\s+0\b/mu);
  });

  test("takes the password of the settings at its next start, the data kept", async () => {
    await ask("create table kept as select 42 as n");
    const own = { TU_LOCAL_DIR: dir, TU_POSTGRES_PORT: String(settings.postgresPort) };
    const changed = parseSettings({ ...own, TU_POSTGRES_PASSWORD: "it's a \"new\\ one".replaceAll(" ", "_") }, dir);
    await remedyWorks("postgres/down-up", {
      attempt: () => postgresAnswers(changed),
      does: {
        "third-umpire down": () => supervisor.stop("postgres"),
        "then third-umpire up": () => supervisor.start(postgresService(changed)),
      },
    });
    expect(await query(changed.postgresUrl, "select n from kept")).toEqual([{ n: 42 }]);
    await supervisor.stop("postgres");
    await supervisor.start(postgresService(settings));
    expect(await ask("select n from kept")).toEqual([{ n: 42 }]);
  });

  test("makes a database that the settings name later, and one that was dropped", async () => {
    const own = { TU_LOCAL_DIR: dir, TU_POSTGRES_PORT: String(settings.postgresPort) };
    const other = parseSettings({ ...own, TU_POSTGRES_DATABASE: "other" }, dir);
    await supervisor.stop("postgres");
    await supervisor.start(postgresService(other));
    await query(other.postgresUrl, "create schema mine");
    await query(urlAs(other, other.postgresUser, other.postgresPassword, "cricket"), "drop database other");
    await remedyWorks("postgres/down-up", {
      attempt: () => postgresAnswers(other),
      does: {
        "third-umpire down": () => supervisor.stop("postgres"),
        "then third-umpire up": () => supervisor.start(postgresService(other)),
      },
    });
    await query(other.postgresUrl, "create schema mine");
    await supervisor.stop("postgres");
    await supervisor.start(postgresService(settings));
  });
});

test("refuses the superuser's name for its role", async () => {
  const dir = mkdtempSync(join(tmpdir(), "third-umpire-name-"));
  let user = superuser;
  await remedyWorks("postgres-role/another-name", {
    attempt: () => preparePostgres(parseSettings({ TU_LOCAL_DIR: dir, TU_POSTGRES_USER: user }, dir), () => undefined),
    does: { "set TU_POSTGRES_USER to another name": () => (user = "somebody") },
  });
  rmSync(dir, { recursive: true, force: true });
});

describe("the local Kafka and MongoDB", () => {
  test("keep their folders and keys to their owner, and MongoDB takes no password that can be guessed", async () => {
    const stack = await startTestStack({ postgres: false, mongodb: true });
    try {
      const { settings } = stack;
      const modes = [kafkaDir(settings), join(mongodbDir(settings), "data"), join(mongodbDir(settings), "keyfile")];
      expect(modes.map((path) => (statSync(path).mode & 0o077).toString(8))).toEqual(["0", "0", "0"]);
      const asUmpire = new MongoClient(stack.mongodbUrl.replace(/:[^:@]*@/u, ":umpire@"), {
        serverSelectionTimeoutMS: 5000,
      });
      await expect(asUmpire.db().collection("c").findOne()).rejects.toMatchObject({ code: 18 });
      await asUmpire.close();
      const nobody = new MongoClient(`mongodb://127.0.0.1:${settings.mongodbPort}/?directConnection=true`);
      const makeUser = { createUser: "me", pwd: "x", roles: ["root"] };
      await expect(nobody.db("admin").command(makeUser)).rejects.toMatchObject({ code: 13 });
      await nobody.close();
      const own = new MongoClient(stack.mongodbUrl);
      await own.db().collection("c").insertOne({ n: 1 });
      await expect(own.db("admin").command({ usersInfo: 1 })).rejects.toMatchObject({ code: 13 });
      await own.close();
    } finally {
      await stack.stop();
    }
  });
});

/** A data folder as version 0.1 before passwords made it: superuser and role are one, and its password is its name. */
async function makeOldData(settings: Settings): Promise<void> {
  const data = postgresData(settings);
  const passwordOfOld = join(settings.localDir, "password");
  mkdirSync(data, { recursive: true, mode: 0o700 });
  writeFileSync(passwordOfOld, "umpire");
  const user = unprivilegedUser();
  for (const path of [settings.localDir, postgresDir(settings), data, passwordOfOld])
    if (user !== null) chownSync(path, user.uid, user.gid);
  const { command, folder, ...where } = postgresLaunch("initdb", data);
  const form = ["--auth=scram-sha-256", `--pwfile=${passwordOfOld}`, "--encoding=UTF8", "--locale=C.UTF-8"];
  await runCommand(command, ["-D", folder, "-U", "umpire", ...form], where);
  chmodSync(settings.localDir, 0o755);
}

describe("a data folder of an earlier version", () => {
  test("goes on with its rows, publication and slot, and its role is a superuser no more", async () => {
    const dir = mkdtempSync(join(tmpdir(), "third-umpire-old-"));
    const settings = await settingsOnFreePorts(dir);
    await makeOldData(settings);
    const supervisor = localSupervisor(settings);
    const { folder, ...launch } = postgresLaunch("postgres", postgresData(settings));
    const old = (database: string): string => urlAs(settings, "umpire", "umpire", database);
    const port = ["-c", `port=${settings.postgresPort}`, "-c", "listen_addresses=127.0.0.1"];
    await supervisor.start({
      name: "old",
      ...launch,
      args: ["-D", folder, ...port, "-c", "unix_socket_directories=", "-c", "wal_level=logical"],
      stopSignal: "SIGINT",
      ready: () =>
        query(old("postgres"), "select 1").then(
          () => true,
          () => false,
        ),
    });
    try {
      await query(old("postgres"), "create database cricket");
      await query(
        old("cricket"),
        `create schema odi;
         create type odi.kind as enum ('a', 'b');
         create table odi.deliveries (id bigserial primary key, n int, k odi.kind);
         create view odi.seen as select * from odi.deliveries;
         create function odi.f() returns int language sql as 'select 1';
         insert into odi.deliveries (n) values (1), (2);
         create publication odi for table odi.deliveries`,
      );
      await query(old("cricket"), "select pg_create_logical_replication_slot('odi', 'pgoutput')");
      await query(old("cricket"), "insert into odi.deliveries (n) values (3)");
      await supervisor.stop("old");
      await supervisor.start(postgresService(settings));
      const ask = (text: string): Promise<Record<string, unknown>[]> => query(settings.postgresUrl, text);
      await expect(query(old("cricket"), "select 1")).rejects.toMatchObject({ code: "28P01" });
      expect(await ask("select rolsuper from pg_roles where rolname = current_user")).toEqual([{ rolsuper: false }]);
      await ask("insert into odi.deliveries (n) values (4)");
      expect(await ask("select sum(n)::int as sum from odi.seen")).toEqual([{ sum: 10 }]);
      await ask("alter table odi.deliveries add column later int; alter publication odi set (publish = 'insert')");
      await ask("drop function odi.f(); alter type odi.kind add value 'c'");
      const changes =
        "select data from pg_logical_slot_get_binary_changes('odi', null, null, 'proto_version', '1', 'publication_names', 'odi')";
      expect((await ask(changes)).length).toBeGreaterThanOrEqual(6); // begin, row and commit of two transactions
      await expect(ask("select pg_read_file('/etc/passwd')")).rejects.toMatchObject({ code: "42501" });
    } finally {
      await supervisor.stopAll();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
