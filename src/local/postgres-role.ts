/**
 * Who may do what in the local Postgres. The superuser has no password and no socket, so nobody can log in as it: only the owner of
 * the data folder acts as superuser, by starting Postgres for one session on standard input while the server is down. The role of
 * the settings may log in, replicate, and do what it likes in its own database.
 *
 * A data folder of an earlier version, whose superuser was the role of the settings, is brought to this form: the superuser gets
 * another name, the role is made anew, and everything in its databases is given to it. Rows, publications and slots stay.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { FatalError } from "../domain/errors.ts";
import type { Settings } from "../settings.ts";
import { postgresDir } from "./paths.ts";
import { postgresLaunch } from "./postgres-programs.ts";
import { runCommand } from "./run-command.ts";

/** Nobody logs in under this name, so TU_POSTGRES_USER cannot be it. */
export const superuser: string = "third_umpire_admin";

/** Raised when the statements below change: every data folder then goes through them once more. */
const FORM = 1;
/** The superuser that initdb makes has this number in every data folder, under whatever name. */
const BOOTSTRAP_OID = 10;

const stampFile = (settings: Settings): string => join(postgresDir(settings), "role");

/**
 * Makes role and database as the settings name them, with their password, when that has not been done. The server must be down.
 *
 * @param data the data folder, complete.
 */
export async function ensurePostgresRole(settings: Settings, data: string): Promise<void> {
  if (settings.postgresUser === superuser) {
    throw new FatalError(`${superuser} is the name of the superuser, whom nobody logs in as`, {
      remedy: "set TU_POSTGRES_USER to another name",
    });
  }
  const stamp = stampOf(settings);
  const file = stampFile(settings);
  if (existsSync(file) && readFileSync(file, "utf8") === stamp) return;
  const listed = await runAsSuperuser(data, "postgres", [
    renameSuperuser,
    roleStatement(settings),
    "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate",
  ]);
  const databases = [...listed.matchAll(/datname = "(.*)"\t/gu)].map(([, name]) => name ?? "");
  const role = pg.escapeIdentifier(settings.postgresUser);
  if (!databases.includes(settings.postgresDatabase)) {
    const database = pg.escapeIdentifier(settings.postgresDatabase);
    await runAsSuperuser(data, "postgres", [`CREATE DATABASE ${database} OWNER ${role}`]);
  }
  for (const database of databases) await runAsSuperuser(data, database, [handOver(settings.postgresUser)]);
  writeFileSync(file, stamp, { mode: 0o600 });
}

/** The next start goes through all statements again. */
export function forgetPostgresRole(settings: Settings): void {
  if (existsSync(stampFile(settings))) writeFileSync(stampFile(settings), "");
}

/**
 * One session of the superuser, without a server and without a network. The server must be down.
 *
 * @returns what it printed: `column = "value"` for each value.
 * @throws FatalError with the first statement's error; those before it are done.
 */
export async function runAsSuperuser(data: string, database: string, statements: readonly string[]): Promise<string> {
  const { command, folder, ...where } = postgresLaunch("postgres", data);
  // A statement that failed is not repeated in the error: it may hold a password.
  const options = ["-c", "exit_on_error=on", "-c", "log_min_error_statement=panic", "-c", "log_statement=none"];
  return await runCommand(command, ["--single", "-j", "-D", folder, ...options, database], {
    ...where,
    // With -j a semicolon and an empty line end a statement.
    input: statements.map((statement) => `${statement};\n\n`).join(""),
  });
}

/** A session cannot rename its own role, so another superuser does, for a moment. */
const renameSuperuser = `DO $tu$ DECLARE
  old name := (SELECT rolname FROM pg_roles WHERE oid = ${BOOTSTRAP_OID});
BEGIN
  IF old <> '${superuser}' THEN
    CREATE ROLE third_umpire_renamer SUPERUSER;
    SET SESSION AUTHORIZATION third_umpire_renamer;
    EXECUTE format('ALTER ROLE %I RENAME TO ${superuser}', old);
    SET SESSION AUTHORIZATION ${superuser};
    DROP ROLE third_umpire_renamer;
  END IF;
  ALTER ROLE ${superuser} PASSWORD NULL;
END $tu$`;

function roleStatement({ postgresUser, postgresPassword }: Settings): string {
  const role = pg.escapeIdentifier(postgresUser);
  const rights = "LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS";
  return `DO $tu$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${pg.escapeLiteral(postgresUser)}) THEN CREATE ROLE ${role}; END IF;
  ALTER ROLE ${role} WITH ${rights} PASSWORD ${pg.escapeLiteral(postgresPassword)};
END $tu$`;
}

/** Gives what the superuser made in a database to the role. Parts of a table follow their table, extensions stay. */
function handOver(user: string): string {
  const own = (catalog: string, owner: string, schema: string): string =>
    `${owner} = ${BOOTSTRAP_OID} AND ${schema} !~ '^pg_' AND ${schema} <> 'information_schema' AND NOT EXISTS (
      SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = o.oid AND d.deptype IN ('e', 'a', 'i'))`;
  return `DO $tu$ DECLARE statement text; BEGIN
  FOR statement IN
    SELECT format('DATABASE %I', datname) FROM pg_database
      WHERE datname = current_database() AND datname <> 'postgres' AND datdba = ${BOOTSTRAP_OID}
    UNION ALL SELECT format('SCHEMA %I', nspname) FROM pg_namespace o WHERE ${own("pg_namespace", "nspowner", "nspname")}
    UNION ALL SELECT format('%s %I.%I', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
        WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, nspname, relname)
      FROM pg_class o JOIN pg_namespace n ON n.oid = relnamespace
      WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND ${own("pg_class", "relowner", "nspname")}
    UNION ALL SELECT format('ROUTINE %s', o.oid::regprocedure)
      FROM pg_proc o JOIN pg_namespace n ON n.oid = pronamespace WHERE ${own("pg_proc", "proowner", "nspname")}
    UNION ALL SELECT format('TYPE %I.%I', nspname, typname)
      FROM pg_type o JOIN pg_namespace n ON n.oid = typnamespace
      WHERE typtype IN ('e', 'd') AND ${own("pg_type", "typowner", "nspname")}
    UNION ALL SELECT format('PUBLICATION %I', pubname) FROM pg_publication
      WHERE pubowner = ${BOOTSTRAP_OID} AND NOT puballtables
  LOOP EXECUTE format('ALTER %s OWNER TO %I', statement, ${pg.escapeLiteral(user)}); END LOOP;
END $tu$`;
}

/** No part of the password can be read from it; that it is another one, can. */
function stampOf({ postgresUser, postgresPassword, postgresDatabase }: Settings): string {
  const named = JSON.stringify([FORM, postgresUser, postgresPassword, postgresDatabase]);
  return `${createHash("sha256").update(named).digest("hex")}\n`;
}
