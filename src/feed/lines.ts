/**
 * Reads a file line by line as bytes. Memory is bounded whatever the file holds: a line above the limit is not kept, only its
 * beginning, its length and its SHA-256.
 *
 * A line is what ends with LF (CR LF is accepted). Quoted line breaks are not: no Cricsheet row has one, and a quote that is never
 * closed would otherwise swallow the rest of the file instead of one line.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { fileError } from "./files.ts";

/** Longest line that is kept whole, bytes. */
export const MAX_LINE_BYTES: number = 20 * 1024 * 1024;
/** What is kept of a longer one. */
export const KEPT_BYTES: number = 64 * 1024;

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its line break. The beginning only when `oversize` is set. */
  readonly bytes: Buffer;
  /** The file ended without a line break: it may have been cut off. */
  readonly unterminated: boolean;
  readonly oversize: { readonly bytes: number; readonly sha256: string } | null;
}

const LF = 0x0a;
const CR = 0x0d;

/** Lines of a file; the empty rest after the last line break is none. @throws FatalError when it cannot be read */
export async function* readLines(path: string, maxLineBytes: number = MAX_LINE_BYTES): AsyncGenerator<Line> {
  let number = 1;
  let pending = new PendingLine(maxLineBytes);
  for await (const chunk of chunksOf(path)) {
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      pending.push(chunk.subarray(from, end));
      yield pending.finish(number, false);
      pending = new PendingLine(maxLineBytes);
      number += 1;
      from = end + 1;
    }
    pending.push(chunk.subarray(from));
  }
  if (pending.length > 0) yield pending.finish(number, true);
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: 64 * 1024 }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw fileError(path, error);
  }
}

class PendingLine {
  readonly #max: number;
  #parts: Buffer[] = [];
  #hash: ReturnType<typeof createHash> | undefined;
  length = 0;

  constructor(max: number) {
    this.#max = max;
  }

  push(part: Buffer): void {
    if (part.length === 0) return;
    this.length += part.length;
    if (this.#hash !== undefined) {
      this.#hash.update(part);
      return;
    }
    this.#parts.push(part);
    if (this.length > this.#max) {
      const soFar = Buffer.concat(this.#parts);
      this.#hash = createHash("sha256").update(soFar);
      this.#parts = [Buffer.from(soFar.subarray(0, KEPT_BYTES))];
    }
  }

  finish(number: number, unterminated: boolean): Line {
    const whole = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
    const oversize = this.#hash === undefined ? null : { bytes: this.length, sha256: this.#hash.digest("hex") };
    const bytes = oversize === null && whole.at(-1) === CR ? whole.subarray(0, -1) : whole;
    return { number, bytes, unterminated, oversize };
  }
}
