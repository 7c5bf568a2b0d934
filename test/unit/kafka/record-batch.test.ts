import { describe, expect, test } from "vitest";
import { FatalError, RetryableError } from "../../../src/domain/errors.ts";
import { compress } from "snappyjs";
import { crc32c } from "../../../src/kafka/wire/crc32c.ts";
import { inflate } from "../../../src/kafka/wire/inflate.ts";
import { StoredBatch } from "../../../src/kafka/wire/record-batch.ts";
import { storedBatch, type StoredRecord } from "../../support/record-batches.ts";

const partition = { topic: "t", partition: 3 };
const time = Date.UTC(2026, 0, 2);

const records: readonly StoredRecord[] = [
  { offset: 5_000_000_000, timestamp: time, key: Buffer.from([0, 255]), value: Buffer.from("ünïcödé") },
  { offset: 5_000_000_001, timestamp: time - 90_000, key: null, value: null },
  {
    offset: 5_000_000_300,
    timestamp: time + 30 * 86_400_000,
    key: Buffer.alloc(0),
    value: Buffer.alloc(70_000, "v"),
    headers: [
      ["h", Buffer.from("1")],
      ["h", Buffer.alloc(0)],
    ],
  },
];

function decoded(bytes: Buffer): StoredRecord[] {
  const batch = StoredBatch.at(bytes, 0)!.records(partition);
  return Array.from({ length: batch.length }, (_, index) => {
    const headers = batch.headers(index);
    return {
      offset: batch.offset(index),
      timestamp: batch.timestamp(index),
      key: batch.key(index),
      value: batch.value(index),
      ...(headers === undefined ? {} : { headers }),
    };
  });
}

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** "seam up", as the zstd command line packs it. */
const SEAM_UP = "28b52ffd04583900007365616d207570d817b921";

describe("a record batch as a broker stores it", () => {
  test.for(["none", "gzip", "lz4"] as const)("comes out as it went in: %s", (codec) => {
    expect(decoded(storedBatch(records, { codec }))).toEqual(records);
  });

  test("has the broker's time where the topic wants that", () => {
    const times = decoded(storedBatch(records, { logAppendTime: true })).map(({ timestamp }) => timestamp);
    expect(times).toEqual(Array.from(records, () => time + 30 * 86_400_000));
  });

  test("is none while its end is missing, and is followed by the next", () => {
    const [first, second] = [storedBatch(records), storedBatch([{ offset: 7, value: null }])];
    const both = Buffer.concat([first, second]);
    expect(StoredBatch.at(both, first.length)?.baseOffset).toBe(7);
    for (const length of [0, 60, 61, first.length - 1]) expect(StoredBatch.at(first.subarray(0, length), 0)).toBeNull();
    expect(StoredBatch.at(both, 0)?.end).toBe(first.length);
  });

  test("that was damaged is fetched again: every bit behind the checksum counts", () => {
    const sound = storedBatch(records.slice(0, 2), { codec: "lz4" });
    for (let at = 21; at < sound.length; at++) {
      const damaged = Buffer.from(sound);
      damaged[at]! ^= 1 << (at % 8);
      expect(thrown(() => decoded(damaged))).toBeInstanceOf(RetryableError);
    }
  });

  test("in snappy is read as a stream of blocks and as one block, in zstd of several frames", () => {
    const text = Buffer.from("over and over and over again ".repeat(5_000));
    const block = (bytes: Buffer): Buffer => {
      const packed = compress(bytes);
      const length = Buffer.alloc(4);
      length.writeInt32BE(packed.length);
      return Buffer.concat([length, packed]);
    };
    const header = Buffer.from("82534e4150505900000000010000000100".slice(0, 32), "hex");
    const stream = Buffer.concat([header, block(text.subarray(0, 32_768)), block(text.subarray(32_768))]);
    expect(inflate(2, stream, "").equals(text)).toBe(true);
    expect(inflate(2, compress(text), "").equals(text)).toBe(true);
    // "seam up" and "\n", each a frame of the zstd command line.
    const frames = Buffer.from(`${SEAM_UP}${SEAM_UP}`, "hex");
    expect(inflate(4, frames, "").toString()).toBe("seam upseam up");
  });

  test("of a compression or a format that is not read here says what to do", () => {
    const unknown = thrown(() => decoded(storedBatch(records, { codec: "unknown" })));
    expect(unknown).toBeInstanceOf(FatalError);
    expect((unknown as FatalError).message).toContain("t/3 offset 5000000000 is compressed with codec 5");
    expect((unknown as FatalError).remedy).toContain("compression.type");
    expect(thrown(() => decoded(storedBatch(records, { magic: 1 })))).toBeInstanceOf(FatalError);
  });
});

test("the checksum is CRC-32C, at every length and place (RFC 3720, appendix B.4)", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  const bytes = Buffer.from(Array.from({ length: 67 }, (_, n) => (n * 37) & 0xff));
  for (let from = 0; from < 8; from++) {
    for (let to = from; to <= bytes.length; to++)
      expect(crc32c(bytes.subarray(from, to))).toBe(bitwise(bytes.subarray(from, to)));
  }
});

/** The same by its definition, bit by bit. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
