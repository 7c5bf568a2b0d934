// Makes a role of its own for feed and source in the Postgres that TU_POSTGRES_URL names, and puts it into .env in place of
// the owner: log in, replicate, create its schema, nothing else. Run again, it changes nothing.
//
//   node scripts/db-init.mjs [FILE]
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { writeEnvFile } from "./env-file.mjs";

const file = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "..", ".env");
const ROLE = "third_umpire";

if (existsSync(file)) process.loadEnvFile(file);
const address = process.env.TU_POSTGRES_URL ?? "";
if (!URL.canParse(address))
  fail("TU_POSTGRES_URL is not set, in .env or in the environment", "just env-pull writes it");
const url = new URL(address);
const database = decodeURIComponent(url.pathname.slice(1));
// Lists: of one text the client reads no IPv6 address.
const [host, port] = [[url.hostname.replace(/^\[|\]$/gu, "")], [Number(url.port || 5432)]];
const sql = postgres(address, { host, port, max: 1, connect_timeout: 10, onnotice: () => undefined });
try {
  if (decodeURIComponent(url.username) === ROLE) {
    await sql`select 1`;
    console.log(`db-init: TU_POSTGRES_URL names the role ${ROLE} already, and it can log in`);
  } else {
    const password = randomBytes(24).toString("base64url");
    await makeRole(password);
    [url.username, url.password] = [ROLE, password];
    writeEnvFile(file, { TU_POSTGRES_URL: url.href });
    console.log(
      `db-init: role ${ROLE} may log in, replicate and create its schema in ${database}; TU_POSTGRES_URL in ${file} names it now`,
    );
  }
} catch (error) {
  fail(error.message || error.code, remedyOf(error));
} finally {
  await sql.end({ timeout: 1 });
}

async function makeRole(password) {
  await sql.begin(async (tx) => {
    const [found] = await tx`select 1 from pg_roles where rolname = ${ROLE}`;
    // A statement that sets a password takes no parameters. The password is of letters, digits, - and _.
    if (found === undefined) await tx.unsafe(`create role ${ROLE} with login replication password '${password}'`);
    else await tx.unsafe(`alter role ${ROLE} with login replication password '${password}'`);
    await tx`grant connect, create on database ${tx(database)} to ${tx(ROLE)}`;
    const [schema] = await tx`select nspowner::regrole::text as owner from pg_namespace where nspname = 'odi'`;
    if (schema !== undefined && schema.owner !== ROLE) {
      throw Object.assign(new Error(`the schema odi belongs to ${schema.owner} already`), { code: "owned" });
    }
  });
}

function remedyOf(error) {
  if (error.code === "owned")
    return `go on with ${decodeURIComponent(url.username)}, or drop the schema odi and run this again`;
  if (error.code === "42501") {
    return "before Postgres 16 only a superuser may hand on REPLICATION: go on with the owner role, which has it";
  }
  return "third-umpire cloud-check says what does not work";
}

function fail(what, remedy) {
  console.error(`db-init: ${what}\n  ${remedy}`);
  process.exit(1);
}
