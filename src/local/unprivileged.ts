/**
 * Postgres refuses to run as root. Where we are root (containers, CI), it runs as the OS user `postgres`, which is
 * made when missing; where one cannot be made, as `nobody`.
 *
 * A clone below /root or another private folder is closed to that user. Then it gets one capability, reading past
 * directory permissions (CAP_DAC_READ_SEARCH), so that a clone works wherever it lies.
 */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { FatalError } from "../domain/errors.ts";
import { findProgram } from "./run-command.ts";

export interface OsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** How to start a program: as it is, under other ids, or through `setpriv`. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** The user servers run as, or null when we are not root and they run as we do. */
export function unprivilegedUser(): OsUser | null {
  if (process.getuid?.() !== 0) return null;
  return findUser("postgres") ?? createUser("postgres") ?? requireUser("nobody");
}

/**
 * @param user null: as we are.
 * @param folders what the program must be able to enter.
 * @throws FatalError when a folder is closed to the user and `setpriv` is not there to help.
 */
export function launchAs(
  user: OsUser | null,
  command: string,
  args: readonly string[],
  folders: readonly string[],
): Launch {
  if (user === null) return { command, args };
  const closed = folders.map((folder) => closedFolder(folder, user)).find((folder) => folder !== null);
  if (closed === undefined) return { command, args, uid: user.uid, gid: user.gid };
  const setpriv = findProgram("setpriv");
  if (setpriv === null) {
    throw new FatalError(`the user ${user.name}, as whom Postgres runs because root may not, cannot enter ${closed}`, {
      remedy: `move the project to a folder open to all, or work as an ordinary user`,
    });
  }
  const ids = ["--reuid", String(user.uid), "--regid", String(user.gid), "--clear-groups"];
  // Without no_setuid_fixup access(2) drops the capability again, and Postgres looks for its parts with access(2).
  const capability = [
    "--securebits",
    "+no_setuid_fixup",
    "--inh-caps",
    "+dac_read_search",
    "--ambient-caps",
    "+dac_read_search",
  ];
  return { command: setpriv, args: [...ids, ...capability, "--", command, ...args] };
}

/** The first folder on the way down to `path` that the user may not enter, or null. */
export function closedFolder(path: string, user: OsUser): string | null {
  const parent = dirname(path);
  const above = parent === path ? null : closedFolder(parent, user);
  if (above !== null) return above;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isDirectory()) return null;
  const shift = stat.uid === user.uid ? 6 : stat.gid === user.gid ? 3 : 0;
  return ((stat.mode >> shift) & 1) === 1 ? null : path;
}

function findUser(name: string): OsUser | null {
  const id = (flag: string): number =>
    Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { name, uid: id("-u"), gid: id("-g") };
  } catch {
    return null; // id exits 1 for a user it does not know
  }
}

function createUser(name: string): OsUser | null {
  try {
    execFileSync("useradd", ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name], {
      stdio: "ignore",
    });
  } catch {
    return null; // no useradd here, or a read-only /etc: the caller has another user
  }
  return findUser(name);
}

function requireUser(name: string): OsUser {
  const user = findUser(name);
  if (user !== null) return user;
  throw new FatalError("Postgres does not run as root, and there is no other user to run it as", {
    remedy: "create one: useradd --system postgres",
  });
}
