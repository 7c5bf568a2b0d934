import { gunzipSync } from "node:zlib";
import { decompressFrameSync } from "lz4-napi";
import { FatalError } from "../../domain/errors.ts";

/** The compression of a record batch, by the number in its attributes. */
const names = ["none", "gzip", "snappy", "lz4", "zstd"];

/**
 * The records of a batch as they were before compression. Ours are written with lz4; gzip costs nothing to have beside it. Throws a
 * FatalError for the others.
 */
export function inflate(codec: number, bytes: Buffer, where: string): Buffer {
  switch (names[codec]) {
    case "none":
      return bytes;
    case "gzip":
      return gunzipSync(bytes);
    case "lz4":
      return decompressFrameSync(bytes);
    default:
      throw new FatalError(`${where} is compressed with ${names[codec] ?? `codec ${codec}`}, which is not read here`, {
        remedy:
          "set compression.type of this topic to producer (Kafka's default) or lz4, and write it again: `third-umpire reset` starts over",
      });
  }
}
