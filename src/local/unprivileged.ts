/**
 * Postgres refuses to run as root. Where we are root (containers, CI), it runs as the OS user `postgres`, which is
 * made when missing; where one cannot be made, as `nobody`. It gets no capability of root's.
 */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { FatalError } from "../domain/errors.ts";

export interface OsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The user servers run as, or null when we are not root and they run as we do. */
export function unprivilegedUser(): OsUser | null {
  if (process.getuid?.() !== 0) return null;
  return findUser("postgres") ?? createUser("postgres") ?? requireUser("nobody");
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
