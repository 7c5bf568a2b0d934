/**
 * What the writer does before its first append: finds the end of what is whole, cuts what is not, and knows the progress of every match.
 *
 * A writer killed by SIGKILL leaves a log that ends within a record, or a record without its entry: the former was acknowledged to nobody
 * and goes, the latter is kept. A machine that lost its power may also have kept entries of records it lost. Those objects were visible,
 * so the store gets another id before they go.
 */
import { readFileSync, rmSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { encodeEntry, ENTRY_BYTES } from "./file-index.ts";
import type { StoreFiles } from "./file-layout.ts";
import { ensureStoreId, readStoreId, replaceFile } from "./file-layout.ts";
import { readAt, writeAll } from "./file-bytes.ts";
import { decodeRecord, recordBytes } from "./record.ts";
import type { MatchProgress } from "./store.ts";

export interface Recovered {
  readonly store: string;
  readonly logBytes: number;
  readonly head: number;
  readonly matches: Map<string, MatchProgress>;
}

interface Checkpoint {
  readonly format: 1;
  readonly store: string;
  readonly logBytes: number;
  readonly head: number;
  readonly matches: Readonly<Record<string, MatchProgress>>;
}

const CHUNK_BYTES = 8 * 1024 * 1024;
const ENTRIES_AT_ONCE = 4096;

/** @returns what the store holds, after the files were made to hold exactly that. */
export async function recover(files: StoreFiles, log: FileHandle, index: FileHandle): Promise<Recovered> {
  const logSize = (await log.stat()).size;
  const entries = Math.floor((await index.stat()).size / ENTRY_BYTES);
  const from = readCheckpoint(files, logSize, entries);
  const matches = new Map(Object.entries(from?.matches ?? {}));
  let head = from?.head ?? 0;
  let logBytes = from?.logBytes ?? 0;
  const pending: Buffer[] = [];
  for await (const record of records(log, logBytes, logSize)) {
    const decoded = decodeRecord(record);
    if (decoded === null || (decoded.kind === "object" && decoded.meta.seq !== head + 1)) break;
    if (decoded.kind === "progress") matches.set(decoded.matchId, decoded.progress);
    else {
      const { progress } = decoded.meta;
      const match = matches.get(progress.matchId);
      if (match !== undefined) matches.set(progress.matchId, { ...match, nextStep: progress.step + 1 });
      pending.push(encodeEntry(record, logBytes));
      head += 1;
      if (pending.length === ENTRIES_AT_ONCE) await writeEntries(index, head, pending);
    }
    logBytes += record.length;
  }
  await writeEntries(index, head, pending);
  // Entries beyond what is whole were visible to readers: what they saw ends with this incarnation.
  if (entries > head) rmSync(files.identity, { force: true });
  await index.truncate(head * ENTRY_BYTES);
  await log.truncate(logBytes);
  return { store: await ensureStoreId(files), logBytes, head, matches };
}

/** Writes down what need not be read again. Everything it speaks of must be on the disk already. */
export function writeCheckpoint(files: StoreFiles, recovered: Recovered): void {
  const { store, logBytes, head, matches } = recovered;
  const checkpoint: Checkpoint = { format: 1, store, logBytes, head, matches: Object.fromEntries(matches) };
  replaceFile(files.checkpoint, JSON.stringify(checkpoint));
}

/** null when there is none that fits the files: then the whole log is read. */
function readCheckpoint(files: StoreFiles, logSize: number, entries: number): Checkpoint | null {
  try {
    const checkpoint = JSON.parse(readFileSync(files.checkpoint, "utf8")) as Checkpoint;
    const fits =
      checkpoint.format === 1 &&
      checkpoint.store === readStoreId(files) &&
      checkpoint.logBytes <= logSize &&
      checkpoint.head <= entries;
    return fits ? checkpoint : null;
  } catch (error) {
    // Absent, or cut by a crash: the log knows all of it.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Writes the last entries before `head`, as far as they are not there already, and empties `pending`. */
async function writeEntries(index: FileHandle, head: number, pending: Buffer[]): Promise<void> {
  const wanted = Buffer.concat(pending);
  const position = (head - pending.length) * ENTRY_BYTES;
  pending.length = 0;
  const existing = await readAt(index, position, wanted.length);
  if (!existing.equals(wanted)) await writeAll(index, wanted, position);
}

/** The records from `from` to `end`, as far as their lengths lead; the last ones may be anything. */
async function* records(log: FileHandle, from: number, end: number): AsyncGenerator<Buffer> {
  let at = from;
  let chunk: Buffer = Buffer.alloc(0);
  while (at < end) {
    let wanted = recordBytes(chunk, 0);
    if (wanted === null || wanted > chunk.length) {
      chunk = await readAt(log, at, Math.min(end - at, Math.max(wanted ?? 0, CHUNK_BYTES)));
      wanted = recordBytes(chunk, 0);
    }
    if (wanted === null || wanted > chunk.length) return;
    yield chunk.subarray(0, wanted);
    chunk = chunk.subarray(wanted);
    at += wanted;
  }
}
