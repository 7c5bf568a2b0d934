import { describe, expect, it } from "vitest";
import { crc32c } from "../../../src/kafka/wire/crc32c.ts";
import { encodeRecordBatch } from "../../../bench/record-batch.ts";

describe("the benchmark's own producer", () => {
  it("has the checksums of RFC 3720, appendix B.4", () => {
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  });

  it("writes the length of a batch and of each record", () => {
    const records = Array.from({ length: 200 }, (_, index) => ({
      key: Buffer.from(`match-${index}`),
      value: Buffer.alloc(index * 3, "v"),
    }));
    const batch = encodeRecordBatch(records, 1_767_225_600_000);
    expect(batch.readInt32BE(8)).toBe(batch.length - 12);
    expect(batch.readInt32BE(57)).toBe(200);
    expect(recordLengths(batch)).toHaveLength(200);
  });
});

/** Walks from record to record by their lengths; throws when they do not end where the batch does. */
function recordLengths(batch: Buffer): number[] {
  const lengths: number[] = [];
  let at = 61;
  while (at < batch.length) {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = batch[at++]!;
      value |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte > 0x7f);
    lengths.push(value >>> 1);
    at += value >>> 1;
  }
  if (at !== batch.length) throw new RangeError(`the last record ends at ${at} of ${batch.length}`);
  return lengths;
}
