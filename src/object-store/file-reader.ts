/** Reads a file store. Opens its files for each call: a store that was removed and made again is seen as what it is. */
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { readAt } from "./file-bytes.ts";
import type { IndexEntry } from "./file-index.ts";
import { decodeEntries, ENTRY_BYTES } from "./file-index.ts";
import type { StoreFiles } from "./file-layout.ts";
import { readStoreId, storeFiles } from "./file-layout.ts";
import { decodeMeta, decodeRecord } from "./record.ts";
import type { ObjectPage, ObjectReader, StoredObject } from "./store.ts";
import { DamagedStoreError } from "./store.ts";

/** Enough for the meta of any object whose body is not wanted. */
const BEGINNING_BYTES = 64 * 1024;
/** The store may get another id while we read; each new try reads one whole incarnation. */
const ATTEMPTS = 5;

export class FileObjectReader implements ObjectReader {
  readonly #files: StoreFiles;

  constructor(dir: string) {
    this.#files = storeFiles(dir);
  }

  async list(after: number, limit: number, maxBytes: number): Promise<ObjectPage> {
    return await this.#consistently(async (store, files) => {
      if (files === null) return { store, head: 0, objects: [] };
      const head = await headOf(files.index);
      const count = Math.max(0, Math.min(limit, head - after));
      const entries = await readEntries(files.index, after, count);
      return { store, head, objects: await readObjects(files.log, after, entries, maxBytes) };
    });
  }

  async get(seq: number, maxBytes: number): Promise<StoredObject | null> {
    const { objects } = await this.list(seq - 1, 1, maxBytes);
    return objects[0] ?? null;
  }

  /** Runs `read` on files that belong to one incarnation from beginning to end. */
  async #consistently<T>(read: (store: string, files: OpenFiles | null) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      const before = readStoreId(this.#files);
      const files = before === "" ? null : await openFiles(this.#files);
      try {
        const result = await read(before, files);
        if (readStoreId(this.#files) === before) return result;
      } catch (error) {
        // What was being replaced may look damaged; what stayed is.
        if (attempt >= ATTEMPTS || readStoreId(this.#files) === before) throw error;
      } finally {
        await files?.log.close();
        await files?.index.close();
      }
      if (attempt >= ATTEMPTS) throw new DamagedStoreError(`the store ${this.#files.dir} changes its id all the time`);
    }
  }
}

interface OpenFiles {
  readonly log: FileHandle;
  readonly index: FileHandle;
}

/** null: created, but no writer has been there yet. */
async function openFiles(files: StoreFiles): Promise<OpenFiles | null> {
  try {
    const index = await open(files.index, "r");
    try {
      return { index, log: await open(files.log, "r") };
    } catch (error) {
      await index.close();
      throw error;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function headOf(index: FileHandle): Promise<number> {
  return Math.floor((await index.stat()).size / ENTRY_BYTES);
}

async function readEntries(index: FileHandle, after: number, count: number): Promise<IndexEntry[]> {
  return decodeEntries(await readAt(index, after * ENTRY_BYTES, count * ENTRY_BYTES));
}

async function readObjects(
  log: FileHandle,
  after: number,
  entries: readonly IndexEntry[],
  maxBytes: number,
): Promise<StoredObject[]> {
  const [first] = entries;
  if (first === undefined) return [];
  if (first.bytes > maxBytes) return [await readMeta(log, after + 1, first)];
  const enough = entries.findIndex((entry) => entry.offset + entry.bytes - first.offset > maxBytes);
  const wanted = enough < 0 ? entries : entries.slice(0, enough);
  const last = wanted.at(-1) ?? first;
  const bytes = await readAt(log, first.offset, last.offset + last.bytes - first.offset);
  return wanted.map((entry, place) => {
    const seq = after + 1 + place;
    const at = entry.offset - first.offset;
    const record = decodeRecord(bytes.subarray(at, at + entry.bytes));
    if (record?.kind !== "object" || record.meta.seq !== seq) throw damaged(seq);
    const { progress: _, ...meta } = record.meta;
    return { ...meta, size: record.body.length, body: record.body };
  });
}

async function readMeta(log: FileHandle, seq: number, entry: IndexEntry): Promise<StoredObject> {
  const found = decodeMeta(await readAt(log, entry.offset, Math.min(entry.bytes, BEGINNING_BYTES)));
  if (found?.meta.seq !== seq) throw damaged(seq);
  const { progress: _, ...meta } = found.meta;
  return { ...meta, size: found.size, body: null };
}

function damaged(seq: number): DamagedStoreError {
  return new DamagedStoreError(
    `object ${seq} in the log is not what its index says; a feed that starts repairs the store`,
  );
}
