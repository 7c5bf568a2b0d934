import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** One SHA-256 over several files, each followed by `separator`; null for one that is missing. @throws what the file system says */
export async function digestOfFiles(paths: readonly (string | null)[], separator: string = "\0"): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) {
    if (path !== null) for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
    hash.update(separator);
  }
  return hash.digest("hex");
}
