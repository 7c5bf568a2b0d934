import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { FatalError } from "../domain/errors.ts";

/**
 * One SHA-256 over several files, each followed by `separator`; null for one that is missing.
 * @throws FatalError when a file cannot be read.
 */
export async function digestOfFiles(paths: readonly (string | null)[], separator: string = "\0"): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) {
    try {
      if (path !== null) for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
    } catch (error) {
      throw fileError(path ?? "", error);
    }
    hash.update(separator);
  }
  return hash.digest("hex");
}

/** The first bytes of a file. @throws what the file system says */
export async function readStart(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(bytes), position: 0 });
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The file system does not give a file. The match in it cannot be played; others can. */
export class FileError extends FatalError {}

/** What the file system says, as an error of ours: the code of a missing file is also that of a server's missing socket. */
export function fileError(path: string, error: unknown): FatalError {
  if (error instanceof FatalError) return error;
  return new FileError(`the file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
    remedy: "put the file back, or make it readable, and start the feed again",
  });
}
