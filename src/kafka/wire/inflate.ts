import { gunzipSync } from "node:zlib";
import { decompress as unzstd } from "fzstd";
import { decompressFrameSync } from "lz4-napi";
import { uncompress as unsnapBlock } from "snappyjs";
import { FatalError } from "../../domain/errors.ts";

/** The compression of a record batch, by the number in its attributes. */
const names = ["none", "gzip", "snappy", "lz4", "zstd"];
/** How Java clients and brokers begin a snappy stream: magic 8, version 4, compatible version 4; then blocks, each behind its length. */
const snappyStream = Buffer.from("\u0082SNAPPY\0", "latin1");
const SNAPPY_STREAM_HEADER_BYTES = 16;

/**
 * The records of a batch as they were before compression. Ours are written with lz4; a topic's own setting may make the broker
 * write them with any other. Throws a FatalError for one that Kafka does not have.
 */
export function inflate(codec: number, bytes: Buffer, where: string): Buffer {
  switch (names[codec]) {
    case "none":
      return bytes;
    case "gzip":
      return gunzipSync(bytes);
    case "snappy":
      return unsnap(bytes);
    case "lz4":
      return decompressFrameSync(bytes);
    case "zstd": {
      const inflated = unzstd(bytes);
      return Buffer.from(inflated.buffer, inflated.byteOffset, inflated.byteLength);
    }
    default:
      throw new FatalError(`${where} is compressed with codec ${codec}, which is not read here`, {
        remedy:
          "set compression.type of this topic to producer (Kafka's default) or lz4, and write it again: `third-umpire reset` starts over",
      });
  }
}

/** A stream of blocks, or, as other clients write it, one block. */
function unsnap(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, snappyStream.length).equals(snappyStream)) return unsnapBlock(bytes);
  const blocks: Buffer[] = [];
  for (let at = SNAPPY_STREAM_HEADER_BYTES; at < bytes.length;) {
    const end = at + 4 + bytes.readInt32BE(at);
    blocks.push(unsnapBlock(bytes.subarray(at + 4, end)));
    at = end;
  }
  return Buffer.concat(blocks);
}
