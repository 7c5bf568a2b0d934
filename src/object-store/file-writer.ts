/**
 * The writer of a file store. Appends that arrive while a write is under way share the next one (group commit):
 *
 *   append ─► queue ─► 1. records to the log ─► 2. [fdatasync] ─► 3. entries to the index: visible ─► 4. acknowledged
 *
 * After step 1 a SIGKILL loses nothing, the page cache is the system's. With `sync: "always"` a loss of power does not either.
 */
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { RetryableError } from "../domain/errors.ts";
import { writeAll } from "./file-bytes.ts";
import { encodeEntry, ENTRY_BYTES } from "./file-index.ts";
import type { StoreFiles } from "./file-layout.ts";
import { makeFolder, storeFiles } from "./file-layout.ts";
import type { Recovered } from "./file-recovery.ts";
import { recover, writeCheckpoint } from "./file-recovery.ts";
import { encodeObject, encodeProgress } from "./record.ts";
import type { AppendAt, MatchProgress, NewObject, ObjectWriter } from "./store.ts";
import { etagOf, messageOf } from "./store.ts";
import { takeWriterLock } from "./writer-lock.ts";

export interface FileWriterOptions {
  /** `always`: acknowledged is on the disk. `checkpoints` (default): acknowledged survives everything but a loss of power. */
  readonly sync?: "always" | "checkpoints";
  readonly now?: () => number;
}

/** A writer that was killed reads at most this much of the log again: about a third of a second. */
const CHECKPOINT_EVERY_BYTES = 64 * 1024 * 1024;
/** One write takes this much at most. */
const GROUP_BYTES = 4 * 1024 * 1024;

interface Waiting {
  readonly record: Buffer;
  readonly matchId: string;
  readonly progress: MatchProgress;
  readonly isObject: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** @throws FatalError when another process writes this store, or the folder cannot be made. */
export async function openFileWriter(dir: string, options: FileWriterOptions = {}): Promise<ObjectWriter> {
  const files = storeFiles(dir);
  makeFolder(files);
  const unlock = takeWriterLock(files.lock, dir);
  const opened: FileHandle[] = [];
  try {
    for (const path of [files.log, files.index]) {
      await (await open(path, "a")).close(); // made when missing; "a" itself would ignore positions
      opened.push(await open(path, "r+"));
    }
    const [log, index] = opened as [FileHandle, FileHandle];
    const recovered = await recover(files, log, index);
    return new FileObjectWriter({ files, log, index, recovered, unlock, options });
  } catch (error) {
    for (const handle of opened) await handle.close();
    unlock();
    throw error;
  }
}

class FileObjectWriter implements ObjectWriter {
  readonly store: string;
  readonly #files: StoreFiles;
  readonly #log: FileHandle;
  readonly #index: FileHandle;
  readonly #unlock: () => void;
  readonly #always: boolean;
  readonly #now: () => number;
  /** As the log will say once everything that waits is in it. */
  readonly #matches: Map<string, MatchProgress>;
  #head: number;
  /** As the files say. */
  readonly #writtenMatches: Map<string, MatchProgress>;
  #writtenHead: number;
  #logBytes: number;
  #checkpointAt: number;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;
  #failure: unknown = null;

  constructor(o: {
    files: StoreFiles;
    log: FileHandle;
    index: FileHandle;
    recovered: Recovered;
    unlock: () => void;
    options: FileWriterOptions;
  }) {
    this.store = o.recovered.store;
    this.#files = o.files;
    this.#log = o.log;
    this.#index = o.index;
    this.#unlock = o.unlock;
    this.#always = o.options.sync === "always";
    this.#now = o.options.now ?? Date.now;
    this.#matches = new Map(o.recovered.matches);
    this.#writtenMatches = o.recovered.matches;
    this.#head = o.recovered.head;
    this.#writtenHead = o.recovered.head;
    this.#logBytes = o.recovered.logBytes;
    this.#checkpointAt = o.recovered.logBytes + CHECKPOINT_EVERY_BYTES;
  }

  get head(): number {
    return this.#writtenHead;
  }

  progress(matchId: string): MatchProgress | undefined {
    return this.#matches.get(matchId);
  }

  async append(object: NewObject, at: AppendAt): Promise<boolean> {
    this.#requireSound();
    const match = this.#matches.get(at.matchId);
    if (match === undefined || match.done || match.pass !== at.pass || match.nextStep !== at.step) return false;
    const moved = { ...match, nextStep: at.step + 1 };
    this.#matches.set(at.matchId, moved);
    this.#head += 1;
    const body = Buffer.from(object.body);
    const { key, contentType } = object;
    const stored = new Date(this.#now()).toISOString();
    const progress = { matchId: at.matchId, pass: at.pass, step: at.step };
    const meta = { seq: this.#head, key, etag: etagOf(body), at: stored, contentType, progress };
    await this.#write({ record: encodeObject(meta, body), matchId: at.matchId, progress: moved, isObject: true });
    return true;
  }

  async setProgress(matchId: string, progress: MatchProgress): Promise<void> {
    this.#requireSound();
    this.#matches.set(matchId, progress);
    await this.#write({ record: encodeProgress(matchId, progress), matchId, progress, isObject: false });
  }

  async close(): Promise<void> {
    try {
      while (this.#flushing !== null) await this.#flushing;
      if (this.#failure === null) await this.#checkpoint();
    } finally {
      this.#failure ??= new Error("the writer was closed");
      await this.#log.close();
      await this.#index.close();
      this.#unlock();
    }
  }

  #requireSound(): void {
    if (this.#failure !== null)
      throw new RetryableError(`the object store must be opened again: ${messageOf(this.#failure)}`, {
        cause: this.#failure,
      });
  }

  async #write(entry: Omit<Waiting, "resolve" | "reject">): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ ...entry, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async #flush(): Promise<void> {
    try {
      await Promise.resolve(); // whoever appends in the same turn comes along
      while (this.#waiting.length > 0) {
        const group = this.#nextGroup();
        try {
          await this.#writeGroup(group);
        } catch (error) {
          this.#failure = error;
          // How much of it is in the log only a new open can tell.
          for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(error);
          return;
        }
        for (const { resolve } of group) resolve();
      }
    } finally {
      this.#flushing = null;
    }
  }

  #nextGroup(): Waiting[] {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ record }, place) => {
      bytes += record.length;
      return place > 0 && bytes > GROUP_BYTES;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const entries: Buffer[] = [];
    let offset = this.#logBytes;
    for (const { record, isObject } of group) {
      if (isObject) entries.push(encodeEntry(record, offset));
      offset += record.length;
    }
    await writeAll(this.#log, Buffer.concat(group.map(({ record }) => record)), this.#logBytes);
    if (this.#always) await this.#log.datasync();
    await writeAll(this.#index, Buffer.concat(entries), this.#writtenHead * ENTRY_BYTES);
    this.#logBytes = offset;
    this.#writtenHead += entries.length;
    for (const { matchId, progress } of group) this.#writtenMatches.set(matchId, progress);
    if (this.#logBytes >= this.#checkpointAt) await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    await this.#log.datasync();
    await this.#index.datasync();
    writeCheckpoint(this.#files, {
      store: this.store,
      logBytes: this.#logBytes,
      head: this.#writtenHead,
      matches: this.#writtenMatches,
    });
    this.#checkpointAt = this.#logBytes + CHECKPOINT_EVERY_BYTES;
  }
}
