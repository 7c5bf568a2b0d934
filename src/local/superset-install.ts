/**
 * Superset in a Python environment of its own, from the locked list superset/requirements.txt: every package with its
 * hashes. The environment is made beside its final name and moved there when a program of it has run, so that one which
 * was interrupted is never taken for whole.
 */
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../domain/errors.ts";
import type { Settings } from "../settings.ts";
import type { Progress } from "./kafka.ts";
import { packageFile } from "./paths.ts";
import { processIdentity } from "./processes.ts";
import { findProgram, runCommand } from "./run-command.ts";

export const supersetVersion: string = "6.1.0";

/** Everything Superset has: programs, metadata, secrets. Closed to other users. */
export const supersetDir = (settings: Settings): string => join(settings.localDir, "superset");

/** A Python that Superset and its locked packages run on. */
const PYTHONS = ["python3.11", "python3.12", "python3", "python"] as const;
const SUPPORTED = ["3.11", "3.12"] as const;
const remedy = "install Python 3.11 or 3.12 with venv (Debian, Ubuntu: apt-get install python3 python3-venv)";

const requirements = (): string => packageFile("superset", "requirements.txt");

/** The environment that belongs to this list of packages. Another list, another environment. */
const environmentFolder = (settings: Settings): string => {
  const list = createHash("sha256").update(readFileSync(requirements())).digest("hex").slice(0, 12);
  return join(supersetDir(settings), `venv-${supersetVersion}-${list}`);
};

/** The Python of the environment, or null when Superset is not installed. */
export function supersetPython(settings: Settings): string | null {
  const python = join(environmentFolder(settings), "bin", "python");
  return existsSync(python) ? python : null;
}

/** The Python to make the environment with, or what is there instead, in words. */
export function findPython(): { readonly command: string } | { readonly missing: string } {
  const seen: string[] = [];
  for (const name of PYTHONS) {
    const command = findProgram(name);
    if (command === null) continue;
    // Asked, not looked at: the name on the PATH may be that of a version manager which has no such version.
    const probe = "import sys, ensurepip, venv; print('%d.%d' % sys.version_info[:2])";
    const asked = spawnSync(command, ["-c", probe], { encoding: "utf8" });
    const version = asked.stdout.trim();
    if (asked.status === 0 && SUPPORTED.some((each) => each === version)) return { command };
    seen.push(`${name} ${asked.status === 0 ? `is ${version}` : "does not run or has no venv"}`);
  }
  return { missing: seen.length === 0 ? "there is no python3 on the PATH" : seen.join(", ") };
}

/**
 * Fetches Superset from PyPI (about 160 packages, 900 MB on disk) when it is not there yet; takes one to three minutes.
 *
 * @throws FatalError when no fitting Python is there, or PyPI cannot be reached.
 */
export async function installSuperset(settings: Settings, progress: Progress, signal?: AbortSignal): Promise<void> {
  const folder = supersetDir(settings);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  clearAbandoned(folder);
  if (supersetPython(settings) !== null) return;
  const python = findPython();
  if ("missing" in python) {
    throw new FatalError(`Superset needs Python 3.11 or 3.12, and ${python.missing}`, { remedy });
  }
  const target = environmentFolder(settings);
  const making = join(folder, `making-${process.pid}-${nameOf(process.pid)}`);
  const ending = signal === undefined ? {} : { signal };
  try {
    progress(`Superset ${supersetVersion}: making its Python environment`);
    await runCommand(python.command, ["-m", "venv", making], ending);
    const own = join(making, "bin", "python");
    const options = ["--require-hashes", "--no-deps", "--disable-pip-version-check", "--no-input"];
    await runCommand(own, ["-m", "pip", "install", ...options, "-r", requirements()], {
      ...ending,
      onLine: packageCounter(progress),
    });
    await runCommand(own, ["-c", "import superset, duckdb_engine, gunicorn, cachetools, rich"], {
      ...ending,
      cwd: folder,
    });
    // Under its final name only when complete; a second installer that was quicker has made the same thing.
    if (!existsSync(target)) renameSync(making, target);
  } catch (error) {
    throw signal?.aborted === true ? new FatalError("Superset was not installed: it was stopped") : told(error);
  } finally {
    rmSync(making, { recursive: true, force: true, maxRetries: 5 });
  }
  progress(`Superset ${supersetVersion}: in place`);
}

/** Every 25 packages a line, then one while pip unpacks them. */
function packageCounter(progress: Progress): (line: string) => void {
  const total = readFileSync(requirements(), "utf8").match(/^[\w.-]+==/gmu)?.length ?? 0;
  let fetched = 0;
  return (line) => {
    if (line.startsWith("Collecting ") && ++fetched % 25 === 0)
      progress(`Superset ${supersetVersion}: ${fetched} of ${total} packages`);
    if (line.startsWith("Installing collected")) progress(`Superset ${supersetVersion}: unpacking`);
  };
}

/** pip repeats itself when it cannot reach anybody; a person wants one line. */
function told(error: unknown): unknown {
  if (!(error instanceof FatalError)) return error;
  if (
    /NameResolutionError|NewConnectionError|ConnectTimeout|Failed to establish|No matching distribution/u.test(
      error.message,
    )
  ) {
    return new FatalError("Superset could not be fetched: PyPI cannot be reached", {
      remedy: "check the network and start again; the live page and everything else run without Superset",
      cause: error,
    });
  }
  return error;
}

/** What an installer that was killed left behind. One that lives is left alone. */
function clearAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid, maker] = /^making-(\d+)-(\w+)$/u.exec(name) ?? [];
    if (pid === undefined || nameOf(Number(pid)) === maker) continue;
    rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Tells a process from a later one with the same pid, as part of a file name. */
function nameOf(pid: number): string {
  return (processIdentity(pid) ?? "gone").replaceAll(/\W/gu, "_");
}
