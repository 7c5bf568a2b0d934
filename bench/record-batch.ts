import { crc32c } from "../src/kafka/wire/crc32c.ts";

export interface PlainRecord {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Bytes before the records of a batch, and those before what the checksum covers. */
const HEADER_BYTES = 61;
const CHECKED_FROM = 21;
/** A record's own fields: at most this many bytes beside key and value. */
const RECORD_OVERHEAD = 32;

/** A record batch, magic 2, uncompressed, not of a producer with an id; `timestamp` in ms since the Unix epoch. */
export function encodeRecordBatch(records: readonly PlainRecord[], timestamp: number): Buffer {
  const size = records.reduce((sum, { key, value }) => sum + key.length + value.length + RECORD_OVERHEAD, HEADER_BYTES);
  const bytes = Buffer.alloc(size);
  let at = HEADER_BYTES;
  records.forEach(({ key, value }, index) => {
    const lengths = varintBytes(index) + varintBytes(key.length) + varintBytes(value.length);
    // One byte each: attributes, timestamp delta (0), number of headers (0).
    const length = 3 + lengths + key.length + value.length;
    at = putVarint(bytes, at, length);
    at = bytes.writeInt8(0, at);
    at = putVarint(bytes, at, 0);
    at = putVarint(bytes, at, index);
    at = putVarint(bytes, at, key.length);
    at += key.copy(bytes, at);
    at = putVarint(bytes, at, value.length);
    at += value.copy(bytes, at);
    at = putVarint(bytes, at, 0);
  });
  const batch = bytes.subarray(0, at);
  putHeader(batch, records.length, timestamp);
  return batch;
}

function putHeader(batch: Buffer, records: number, timestamp: number): void {
  batch.writeBigInt64BE(0n, 0); // base offset: the broker's to give
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12); // leader epoch
  batch.writeInt8(2, 16); // magic
  batch.writeInt16BE(0, 21); // attributes
  batch.writeInt32BE(records - 1, 23);
  batch.writeBigInt64BE(BigInt(timestamp), 27);
  batch.writeBigInt64BE(BigInt(timestamp), 35);
  batch.writeBigInt64BE(-1n, 43); // producer id
  batch.writeInt16BE(-1, 51); // producer epoch
  batch.writeInt32BE(-1, 53); // base sequence
  batch.writeInt32BE(records, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(CHECKED_FROM)), 17);
}

/** Zigzag varints, of numbers from 0 to 2^30. */
function putVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value << 1;
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value << 1; rest > 0x7f; rest >>>= 7) count++;
  return count;
}
