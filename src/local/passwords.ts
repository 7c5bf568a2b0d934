/**
 * The passwords of the local servers: random, one set for each local folder, in a file that only its owner reads. Whoever uses the
 * local stack reads them from there; a password in the settings wins over them.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../domain/errors.ts";

const NAMES = ["postgres", "mongodb"] as const;

export type LocalPasswords = Readonly<Record<(typeof NAMES)[number], string>>;

export const passwordFile = (localDir: string): string => join(localDir, "passwords.json");

/**
 * What the file holds, or null when there is none.
 *
 * @throws FatalError when it cannot be read as one: made anew, it would lock everybody out of the servers that run.
 */
export function readLocalPasswords(localDir: string): LocalPasswords | null {
  const path = passwordFile(localDir);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new FatalError(`the passwords of the local servers cannot be read: ${message}`, {
      cause: error,
      remedy: `work as the user who owns ${path}, or set TU_LOCAL_DIR to a folder of your own`,
    });
  }
  const passwords = parse(text);
  if (passwords !== null) return passwords;
  throw new FatalError(`${path} does not hold the passwords of the local servers`, {
    remedy: "remove the file and start the servers anew: they get new passwords and keep their data",
  });
}

/** Makes the file when there is none. Of several at once the first one's stays. */
export function ensureLocalPasswords(localDir: string): LocalPasswords {
  const path = passwordFile(localDir);
  const known = readLocalPasswords(localDir);
  if (known !== null) {
    chmodSync(path, 0o600); // a copy or a restore may have opened it
    return known;
  }
  mkdirSync(localDir, { recursive: true });
  const draft = `${path}.${randomBytes(6).toString("hex")}.new`;
  const made = Object.fromEntries(NAMES.map((name) => [name, randomBytes(24).toString("base64url")]));
  try {
    writeFileSync(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readLocalPasswords(localDir) ?? ensureLocalPasswords(localDir);
}

function parse(text: string): LocalPasswords | null {
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    const isWhole = NAMES.every((name) => /^[\w-]{32}$/u.test(String(value?.[name])));
    return isWhole ? (value as LocalPasswords) : null;
  } catch {
    return null; // cut short, or edited
  }
}
