/**
 * Unpacks an archive of match files: flat names only, sizes bounded, every CRC checked, all or nothing.
 *
 * The folder is filled under another name and takes the place of the old one when it is complete. A zip states sizes that need
 * not be true: yauzl ends an entry that grows beyond its own, so that the sum of the stated sizes bounds what is written.
 */
import { createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32 } from "node:zlib";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { FatalError } from "../domain/errors.ts";
import { oneLine } from "../domain/one-line.ts";
import { ATTRIBUTION, ATTRIBUTION_FILE } from "./archives.ts";

export interface UnpackOptions {
  readonly archive: string;
  readonly dir: string;
  /** How the names of match files end; an archive without any is the wrong one. */
  readonly extension: string;
  /** Further lines for the attribution file: where the archive came from, its checksum. */
  readonly origin: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress?: (files: number, total: number) => void;
  readonly limits?: Partial<UnpackLimits>;
}

export interface UnpackLimits {
  readonly files: number;
  readonly bytesPerFile: number;
  readonly bytes: number;
}

/** Ten times what Cricsheet's archives have today; the largest match file has 2.5 MB. */
const LIMITS: UnpackLimits = { files: 100_000, bytesPerFile: 64 * 1024 * 1024, bytes: 8 * 1024 * 1024 * 1024 };

/** Letters, digits, dot, hyphen, underscore: no folders, no way out, no hidden file, nothing a shell minds. */
const FLAT_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,150}$/u;

/**
 * @returns how many match files the folder holds now.
 * @throws FatalError: the archive is damaged, too large or not of match files; the folder holds something else; no space. The old
 * folder is then as it was.
 */
export async function unpack(options: UnpackOptions): Promise<number> {
  const { dir, archive } = options;
  await requireOurs(dir);
  await removeLeftovers(dir);
  const fresh = `${dir}.unpacking-${process.pid}`;
  const old = `${dir}.replaced-${process.pid}`;
  try {
    await mkdir(fresh, { recursive: true });
    const matches = await unpackInto(fresh, options);
    await writeFile(join(fresh, ATTRIBUTION_FILE), [ATTRIBUTION, ...options.origin, ""].join("\n"));
    await rename(dir, old).catch(unlessAbsent);
    await rename(fresh, dir);
    return matches;
  } catch (error) {
    options.signal.throwIfAborted();
    throw named(error, archive, dir);
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}

/** Replacing a folder must not take a user's files with it. */
async function requireOurs(dir: string): Promise<void> {
  const names = await readdir(dir).catch(unlessAbsent);
  if (names === undefined || names.length === 0) return;
  const text = await readFile(join(dir, ATTRIBUTION_FILE), "utf8").catch(unlessAbsent);
  if (text?.startsWith(ATTRIBUTION) === true) return;
  throw new FatalError(`the folder ${dir} holds files that were not fetched`, {
    remedy: "give an empty or a new folder with --dir",
  });
}

/** What a run left that was killed between the two renames, or before them. */
async function removeLeftovers(dir: string): Promise<void> {
  await mkdir(dirname(dir), { recursive: true });
  const prefix = [`${basename(dir)}.unpacking-`, `${basename(dir)}.replaced-`];
  const left = (await readdir(dirname(dir))).filter((name) => prefix.some((start) => name.startsWith(start)));
  for (const name of left) await rm(join(dirname(dir), name), { recursive: true, force: true });
}

async function unpackInto(folder: string, options: UnpackOptions): Promise<number> {
  const limits = { ...LIMITS, ...options.limits };
  const zip = await openPromise(options.archive, { autoClose: false });
  let [files, bytes, matches] = [0, 0, 0];
  try {
    if (zip.entryCount > limits.files) throw unfit(`it holds ${zip.entryCount} files, more than ${limits.files}`);
    for await (const entry of zip.eachEntry()) {
      options.signal.throwIfAborted();
      bytes += entry.uncompressedSize;
      check(entry, bytes, limits);
      await writeEntry(zip, entry, join(folder, entry.fileName), options.signal);
      files += 1;
      if (entry.fileName.endsWith(options.extension)) matches += 1;
      options.onProgress?.(files, zip.entryCount);
    }
  } finally {
    zip.close();
  }
  if (matches === 0) throw unfit(`it holds no ${options.extension} file`);
  return matches;
}

function check(entry: Entry, bytesSoFar: number, limits: UnpackLimits): void {
  const name = oneLine(entry.fileName);
  if (!FLAT_NAME.test(entry.fileName) || entry.fileName === ATTRIBUTION_FILE) {
    throw unfit(`the name "${name}" is none that a match file has`);
  }
  if (!entry.canDecodeFileData()) throw unfit(`${name} is encrypted or packed in an unknown way`);
  if (entry.uncompressedSize > limits.bytesPerFile) {
    throw unfit(`${name} would have ${entry.uncompressedSize} bytes, more than ${limits.bytesPerFile}`);
  }
  if (bytesSoFar > limits.bytes) throw unfit(`it would have more than ${limits.bytes} bytes`);
}

async function writeEntry(zip: ZipFile, entry: Entry, path: string, signal: AbortSignal): Promise<void> {
  let sum = 0;
  const checksum = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      sum = crc32(chunk, sum);
      done(null, chunk);
    },
  });
  // "wx": two entries of one name are no archive of ours.
  await pipeline(await zip.openReadStreamPromise(entry), checksum, createWriteStream(path, { flags: "wx" }), {
    signal,
  });
  if (sum !== entry.crc32) throw unfit(`the checksum of ${entry.fileName} is wrong`);
}

/** Marks what is wrong with the archive itself. */
class UnfitArchive extends Error {}

function unfit(what: string): UnfitArchive {
  return new UnfitArchive(what);
}

function named(error: unknown, archive: string, dir: string): unknown {
  if (!(error instanceof Error) || error instanceof FatalError) return error;
  const code: unknown = Reflect.get(error, "code");
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new FatalError(`the disk is full: ${dir} cannot be unpacked`, {
      cause: error,
      remedy: "make room and run the same command again, or another folder with --dir",
    });
  }
  const isOfArchive = error instanceof UnfitArchive || code === "EEXIST" || !isSystemError(code);
  if (!isOfArchive) return error;
  return new FatalError(`${archive} is damaged or no archive of matches: ${oneLine(error.message)}`, {
    cause: error,
    remedy: "remove it and run the same command again; the folder is as it was",
  });
}

/** EACCES, EIO, …: the file system's, not the archive's. zlib's are Z_DATA_ERROR and the like. */
function isSystemError(code: unknown): boolean {
  return typeof code === "string" && /^E[A-Z]+$/u.test(code);
}

function unlessAbsent(error: unknown): undefined {
  if (error instanceof Error && Reflect.get(error, "code") === "ENOENT") return undefined;
  throw error;
}
