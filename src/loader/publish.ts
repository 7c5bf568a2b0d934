import { execFile } from "node:child_process";
import { mkdir, open, readdir, readlink, rename, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { RetryableError } from "../domain/errors.ts";
import { DATABASE_FILE, warehousePaths } from "./paths.ts";

const run = promisify(execFile);

/** Snapshots that stay: a chart that began on one must be able to end on it. */
const KEEP = 4;
const SNAPSHOT = /^snap-(?<number>\d+)$/u;

/**
 * Copies the checkpointed warehouse to `pub/snap-N/cricket.duckdb` and swaps `pub/current` to it. Returns
 * the snapshot's name. Nobody may write the warehouse meanwhile.
 *
 * - The copy is made by a child process: opening and closing the file in this one would drop DuckDB's lock.
 * - The symbolic link of the DIRECTORY is swapped: a renamed file would stay stale in a reader that has it
 *   open, and another file name would be another catalog name.
 * - The copy is on disk (fsync) before anyone is sent to it.
 *
 * Throws a RetryableError; a snapshot half made is cleared away by the next one.
 */
export async function publishSnapshot(warehouseDir: string, keep: number = KEEP): Promise<string> {
  const { hot, pubDir, current } = warehousePaths(warehouseDir);
  try {
    await mkdir(pubDir, { recursive: true });
    const numbers = await clearDrafts(pubDir);
    const name = `snap-${(numbers.at(-1) ?? 0) + 1}`;
    const draft = join(pubDir, `${name}.draft`);
    await mkdir(draft);
    await copyInChild(hot, join(draft, DATABASE_FILE));
    await syncToDisk(join(draft, DATABASE_FILE));
    await syncToDisk(draft);
    await rename(draft, join(pubDir, name));
    const link = `${current}.draft`;
    await symlink(name, link);
    await rename(link, current);
    await syncToDisk(pubDir);
    for (const number of numbers.slice(0, Math.max(0, numbers.length + 1 - keep))) {
      await rm(join(pubDir, `snap-${number}`), { recursive: true, force: true });
    }
    return name;
  } catch (error) {
    throw new RetryableError(`no snapshot could be published in ${pubDir}: ${reason(error)}`, { cause: error });
  }
}

/** The snapshot that readers are sent to, and when it was made (ms since the Unix epoch); null when there is none. */
export async function currentSnapshot(warehouseDir: string): Promise<{ snapshot: string; at: number } | null> {
  const { current, published } = warehousePaths(warehouseDir);
  const made = await stat(published).catch(() => null);
  return made === null ? null : { snapshot: await readlink(current), at: made.mtimeMs };
}

/** Names of the snapshots that are there, the newest last. */
export async function snapshotsOf(warehouseDir: string): Promise<string[]> {
  const numbers = (await readdir(warehousePaths(warehouseDir).pubDir)).flatMap((name) => {
    const number = SNAPSHOT.exec(name)?.groups?.["number"];
    return number === undefined ? [] : [Number(number)];
  });
  return numbers.toSorted((a, b) => a - b).map((number) => `snap-${number}`);
}

/** Removes what an interrupted publication left, and returns the numbers of the snapshots, rising. */
async function clearDrafts(pubDir: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const name of await readdir(pubDir)) {
    const number = SNAPSHOT.exec(name)?.groups?.["number"];
    if (number !== undefined) numbers.push(Number(number));
    else if (name.endsWith(".draft")) await rm(join(pubDir, name), { recursive: true, force: true });
  }
  return numbers.toSorted((a, b) => a - b);
}

/** On a file system that can, the copy shares its blocks with the original and costs nothing. */
async function copyInChild(from: string, to: string): Promise<void> {
  // GNU cp falls back by itself. The cp of macOS clones with -c and falls back since macOS 12.
  await run("cp", [process.platform === "darwin" ? "-c" : "--reflink=auto", from, to]);
}

async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stderr: unknown = Reflect.get(error, "stderr");
  const text = typeof stderr === "string" && stderr.trim() !== "" ? stderr : error.message;
  return text.trim().split("\n", 1)[0] ?? "";
}
