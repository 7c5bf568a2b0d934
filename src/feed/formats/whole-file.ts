/** Files that are read as a whole: JSON and YAML. What cannot be read becomes one row that says why. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { decode, unreadable } from "../csv.ts";
import type { UnreadableLine } from "../csv.ts";
import { digestOfFiles, fileError, readStart } from "../files.ts";
import { KEPT_BYTES } from "../lines.ts";

/** Why a file cannot be read; `line` from 1, 0 for the file as a whole. */
export class UnreadableFile extends Error {
  readonly line: number;
  constructor(problem: string, line: number = 0) {
    super(problem);
    this.name = "UnreadableFile";
    this.line = line;
  }
}

export type ReadFile<T> = { readonly read: T } | { readonly unreadable: UnreadableLine };

/**
 * Reads a file of at most `maxBytes` and makes something of its text.
 * @param make throws `UnreadableFile` for what is no file of its format.
 * @throws FatalError when the file system does not give the file.
 */
export async function readWhole<T>(path: string, maxBytes: number, make: (text: string) => T): Promise<ReadFile<T>> {
  const file = basename(path);
  const bad = (raw: Buffer, line: number, problem: string): ReadFile<T> => ({
    unreadable: unreadable(file, { number: line, bytes: raw, unterminated: false, oversize: null }, problem),
  });
  let bytes: Buffer;
  try {
    const { size } = await stat(path);
    if (size > maxBytes) {
      const problem = `${size} bytes in one file, over the limit of ${maxBytes}; sha256 ${await digestOfFiles([path], "")}`;
      return bad(await readStart(path, KEPT_BYTES), 0, problem);
    }
    bytes = await readFile(path);
  } catch (error) {
    throw fileError(path, error);
  }
  if (bytes.length === 0) return bad(bytes, 0, "the file is empty");
  const decoded = decode({ bytes, oversize: null });
  if ("problem" in decoded) return bad(bytes, 0, decoded.problem);
  try {
    return { read: make(decoded.text.replace(/^\uFEFF/u, "")) };
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    return bad(bytes, error.line, error.message);
  }
}

/** Keeps what was read for the match record until its rows are asked for: a match is played in this order, and its file parsed once. */
export function readOnce<T>(read: () => Promise<T>): {
  readonly first: () => Promise<T>;
  readonly again: () => Promise<T>;
} {
  let kept: Promise<T> | undefined;
  return {
    first: () => (kept = read()),
    again: () => {
      const promise = kept ?? read();
      kept = undefined;
      return promise;
    },
  };
}

/** From 1. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < position; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
