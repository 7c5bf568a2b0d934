/**
 * The folder of a file store:
 *
 *   store.json        its id; without it there is no store yet, whatever else lies there
 *   objects.log       records (record.ts), appended by the one writer
 *   objects.idx       one entry an object (file-index.ts), appended after the record
 *   checkpoint.json   the writer's knowledge up to a place in the log, so that it need not read all of it again
 *   writer.lock       who writes (writer-lock.ts)
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { link, open } from "node:fs/promises";
import { join } from "node:path";
import { FatalError } from "../domain/errors.ts";

export interface StoreFiles {
  readonly dir: string;
  readonly identity: string;
  readonly log: string;
  readonly index: string;
  readonly checkpoint: string;
  readonly lock: string;
}

export function storeFiles(dir: string): StoreFiles {
  return {
    dir,
    identity: join(dir, "store.json"),
    log: join(dir, "objects.log"),
    index: join(dir, "objects.idx"),
    checkpoint: join(dir, "checkpoint.json"),
    lock: join(dir, "writer.lock"),
  };
}

/** The id of the store; empty when there is none yet. */
export function readStoreId(files: StoreFiles): string {
  let text: string;
  try {
    text = readFileSync(files.identity, "utf8");
  } catch (error) {
    // Below a file there is no folder either; making it says so.
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
  const { store, format } = JSON.parse(text) as { store?: unknown; format?: unknown };
  if (format !== 1 || typeof store !== "string") {
    throw new FatalError(`${files.identity} is not the identity of an object store`, {
      remedy: "name another folder in TU_OBJECT_STORE, or remove that one",
    });
  }
  return store;
}

/** Creates the folder. @throws FatalError when that cannot be. */
export function makeFolder(files: StoreFiles): void {
  try {
    mkdirSync(files.dir, { recursive: true });
  } catch (error) {
    throw new FatalError(
      `the folder ${files.dir} of the object store cannot be made: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error, remedy: "name another folder in TU_OBJECT_STORE" },
    );
  }
}

/** Gives the store a new id when it has none. Safe from several processes at once: the first one's id stays. Returns the id. */
export async function ensureStoreId(files: StoreFiles): Promise<string> {
  const existing = readStoreId(files);
  if (existing !== "") return existing;
  makeFolder(files);
  const text = JSON.stringify({
    format: 1,
    store: randomBytes(8).toString("hex"),
    createdAt: new Date().toISOString(),
  });
  const fresh = `${files.identity}.${randomBytes(6).toString("hex")}`;
  const handle = await open(fresh, "wx");
  try {
    await handle.writeFile(`${text}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(fresh, files.identity); // unlike a rename it does not replace
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
  return readStoreId(files);
}

/** A whole file or none: written beside, then renamed. */
export function replaceFile(path: string, text: string): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, text);
  renameSync(fresh, path);
}
