import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { ensureOdiSchema } from "../../../src/feed/schema.ts";
import { ODI_ROWS } from "../../../src/pipelines/cricket/sources/odi.ts";
import { closeSql, openSql, type Sql } from "../../../src/postgres/sql.ts";
import { checkServer } from "../../../src/sources/postgres/checks.ts";
import { ROOT } from "../../support/cli.ts";

/* `just db-init` against a real Postgres, whose owner has the rights that Supabase's has: no superuser. */

const ROLE = "third_umpire";
const id = randomBytes(4).toString("hex");
const [owner, database] = [`owner_${id}`, `init_${id}`];

let admin: Sql;
let folder = "";
let file = "";

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "third-umpire-init-"));
  file = join(folder, ".env");
  admin = openSql(inject("postgresUrl"), { applicationName: "test" });
  await admin.unsafe(`create role ${owner} login createrole createdb replication bypassrls password 'owner-secret'`);
  await admin.unsafe(`create database ${database} owner ${owner}`);
  const url = new URL(inject("postgresUrl"));
  [url.username, url.password, url.pathname] = [owner, "owner-secret", `/${database}`];
  writeFileSync(file, `TU_PARTITIONS=4\nTU_POSTGRES_URL='${url.href}'\n`);
});

afterEach(async () => {
  await admin.unsafe(`drop database ${database} with (force)`);
  await admin.unsafe(`drop role if exists ${ROLE}`);
  await admin.unsafe(`drop role ${owner}`);
  await closeSql(admin);
  rmSync(folder, { recursive: true, force: true });
});

function run(): { code: number | null; said: string } {
  const done = spawnSync(process.execPath, [join(ROOT, "scripts/db-init.mjs"), file], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"] ?? "" },
    encoding: "utf8",
  });
  return { code: done.status, said: done.stdout + done.stderr };
}

const address = (): string => parseEnv(readFileSync(file, "utf8"))["TU_POSTGRES_URL"] ?? "";

test("the role that it makes can do all that feed and source do, and is no superuser", async () => {
  const made = run();
  expect(made).toMatchObject({ code: 0 });
  expect(new URL(address()).username).toBe(ROLE);
  expect(made.said).not.toContain(new URL(address()).password);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).toContain("TU_PARTITIONS=4\n");
  const sql = openSql(address(), { applicationName: "test" });
  try {
    await ensureOdiSchema(sql);
    await checkServer(sql, "odi", ODI_ROWS);
    await sql`select pg_create_logical_replication_slot(${`init_${id}`}, 'pgoutput')`;
    await sql`select pg_drop_replication_slot(${`init_${id}`})`;
    const [role] =
      await sql`select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls from pg_roles where rolname = current_user`;
    expect(role).toEqual({ rolsuper: false, rolcreaterole: false, rolcreatedb: false, rolbypassrls: false });
  } finally {
    await closeSql(sql);
  }
});

test("run again, it changes nothing", () => {
  run();
  const before = readFileSync(file, "utf8");
  const again = run();
  expect(again).toMatchObject({ code: 0, said: expect.stringContaining("already") as string });
  expect(readFileSync(file, "utf8")).toBe(before);
});

test("a lost password is made anew, as the owner", () => {
  const asOwner = readFileSync(file, "utf8");
  run();
  const lost = new URL(address()).password;
  writeFileSync(file, asOwner);
  expect(run().code).toBe(0);
  expect(new URL(address()).password).not.toBe(lost);
});

test("a schema that belongs to another is not taken over", async () => {
  const sql = openSql(address(), { applicationName: "test" });
  await ensureOdiSchema(sql);
  await closeSql(sql);
  const before = readFileSync(file, "utf8");
  const refused = run();
  expect(refused.code).toBe(1);
  expect(refused.said).toContain(`the schema odi belongs to ${owner} already`);
  expect(readFileSync(file, "utf8")).toBe(before);
});

test("a wrong password is one clear line, and no stack", () => {
  writeFileSync(file, `TU_POSTGRES_URL='${address().replace("owner-secret", "wrong")}'\n`);
  const refused = run();
  expect(refused.code).toBe(1);
  expect(refused.said).toMatch(/^db-init: .*password authentication failed/u);
  expect(refused.said).not.toContain("    at ");
});
