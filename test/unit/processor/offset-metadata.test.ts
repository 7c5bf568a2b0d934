import { describe, expect, it } from "vitest";
import { zeroCounts } from "../../../src/domain/review/verdict.ts";
import { defineTopology, jsonCodec } from "../../../src/processor/index.ts";
import {
  decodeOffsetMetadata,
  encodeOffsetMetadata,
  isOwnerTooLong,
  type OffsetMetadata,
} from "../../../src/processor/offset-metadata.ts";

const METADATA: OffsetMetadata = {
  owner: "cricket.processor-1",
  fingerprint: "0123456789abcdef",
  streamTime: 1_764_500_000_000,
  counts: { ...zeroCounts(), accepted: 7, duplicate: 2 },
  digest: "00000000000000ff.ff00000000000000",
  commit: 12,
  incarnation: "00ff00ff00ff00ff",
  topicId: "Yx9jD0dPTkqk1cZq6c8X7A",
};

describe("the metadata of a committed offset", () => {
  it("is read back as it was written", () => {
    expect(decodeOffsetMetadata(encodeOffsetMetadata(METADATA))).toEqual(METADATA);
  });

  it("of version 1, as written before commits had numbers, is still read", () => {
    const old =
      '{"v":1,"o":"cricket.processor-1","f":"0123456789abcdef","t":null,"c":[7,0,2,0,0,0],"d":"00000000000000ff"}';
    expect(decodeOffsetMetadata(old)).toMatchObject({
      owner: "cricket.processor-1",
      streamTime: null,
      digest: "00000000000000ff",
      commit: 0,
      incarnation: "",
    });
  });

  it.each(["", "null", "7", "{}", '{"v":3}', '{"v":2,"o":"a","f":"b","t":0,"c":[],"d":"","n":"7"}'])(
    "of somebody else is not taken for ours: %s",
    (text) => {
      expect(decodeOffsetMetadata(text)).toBeUndefined();
    },
  );

  it("can never outgrow what a broker takes: a topology with too many stores is refused when it is defined", () => {
    const define = (stores: number): unknown =>
      defineTopology({
        name: "many",
        inputs: ["in"],
        outputs: [],
        partitions: 1,
        review: { retention: "unbounded" },
        stores: Array.from({ length: stores }, (_, index) => ({ name: `s${index}`, value: jsonCodec() })),
        decode: () => null,
        identify: () => ({ key: "", content: "" }),
        process: () => undefined,
      });
    expect(() => define(150)).not.toThrow();
    expect(() => define(200)).toThrow(/with 200 stores the metadata of an offset may take \d+ bytes, and 3500 are/u);
  });

  it("has room for a transactional id of 512 bytes, quoted as JSON quotes it", () => {
    expect(isOwnerTooLong("o".repeat(512))).toBe(false);
    expect(isOwnerTooLong("o".repeat(513))).toBe(true);
    expect(isOwnerTooLong('"'.repeat(257))).toBe(true);
  });
});
