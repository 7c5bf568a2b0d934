import { gzipSync } from "node:zlib";
import { compressFrameSync } from "lz4-napi";
import { crc32c } from "../../src/kafka/wire/crc32c.ts";

export interface StoredRecord {
  readonly offset: number;
  /** ms since the Unix epoch. */
  readonly timestamp?: number;
  readonly key?: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly (readonly [name: string, value: Buffer])[];
}

export interface StoredBatchOptions {
  readonly codec?: "none" | "gzip" | "snappy" | "lz4" | "zstd" | "unknown";
  readonly producerId?: number;
  readonly transactional?: boolean;
  /** A marker that ends a transaction. */
  readonly control?: boolean;
  readonly logAppendTime?: boolean;
  /** Where compaction has taken the last records away. */
  readonly lastOffset?: number;
  readonly magic?: number;
}

const CODECS = ["none", "gzip", "snappy", "lz4", "zstd", "unknown"];

/** A record batch as a broker stores it (kafka.apache.org/documentation/#recordbatch). Offsets rise; the first record's is the base. */
export function storedBatch(records: readonly StoredRecord[], options: StoredBatchOptions = {}): Buffer {
  const { codec = "none", producerId = -1, transactional = false, control = false, magic = 2 } = options;
  const [baseOffset, baseTime] = [records[0]?.offset ?? options.lastOffset ?? 0, records[0]?.timestamp ?? 0];
  const lastOffset = options.lastOffset ?? records.at(-1)?.offset ?? baseOffset;
  const plain = Buffer.concat(records.map((record) => encodeRecord(record, baseOffset, baseTime)));
  const body = codec === "gzip" ? gzipSync(plain) : codec === "lz4" ? compressFrameSync(plain) : plain;
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(BigInt(baseOffset), 0);
  head.writeInt32BE(head.length - 12 + body.length, 8);
  head.writeInt8(magic, 16);
  const attributes =
    CODECS.indexOf(codec) | (options.logAppendTime === true ? 8 : 0) | (transactional ? 16 : 0) | (control ? 32 : 0);
  head.writeInt16BE(attributes, 21);
  head.writeInt32BE(lastOffset - baseOffset, 23);
  head.writeBigInt64BE(BigInt(baseTime), 27);
  head.writeBigInt64BE(BigInt(Math.max(baseTime, ...records.map(({ timestamp }) => timestamp ?? 0))), 35);
  head.writeBigInt64BE(BigInt(producerId), 43);
  head.writeInt32BE(records.length, 57);
  const batch = Buffer.concat([head, body]);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

/** The marker at the end of a transaction. */
export function marker(offset: number, producerId: number): Buffer {
  const value = Buffer.alloc(6);
  return storedBatch([{ offset, key: Buffer.alloc(4), value }], { producerId, transactional: true, control: true });
}

function encodeRecord(
  { offset, timestamp = 0, key = null, value, headers = [] }: StoredRecord,
  base: number,
  baseTime: number,
): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(timestamp - baseTime),
    varint(offset - base),
    lengthAndBytes(key),
    lengthAndBytes(value),
    varint(headers.length),
    ...headers.flatMap(([name, bytes]) => [lengthAndBytes(Buffer.from(name)), lengthAndBytes(bytes)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function lengthAndBytes(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);
}

/** Zigzag, seven bits a byte. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value < 0 ? -2 * value - 1 : 2 * value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Buffer.from([...bytes, left]);
}
