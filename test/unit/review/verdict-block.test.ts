import { describe, expect, it } from "vitest";
import { decodeVerdictBlock, VerdictBlockBuilder } from "../../../src/domain/review/verdict-block.ts";

/** Written by the version of the format before this one. */
const VERSION_1 =
  "01000300726177030000000000000000001c4000000000000026400000000000489340010000000100000000000000000000000000000001000000" +
  "010007006e6f2062616c6c02000000010000000100ffff0000000000001c400000000100000002000000030000000400000000" +
  "0300000005ff0000000000000000f87f0000000000000000000000000000000000000000";

describe("a verdict block", () => {
  it("says where the block before ended and keeps the position behind the markers (EO-1)", () => {
    const builder = new VerdictBlockBuilder("raw", 3, 5, 7);
    builder.accept(7);
    builder.reject(8, "duplicate", [1, 2, 3, 4], 0, 7, null);
    builder.passTo(11);
    builder.passTo(10);
    const block = decodeVerdictBlock(builder.encode(1234));
    expect(block).toMatchObject({ continuesFrom: 5, fromOffset: 7, toOffset: 11, lost: false, streamTime: 1234 });
    expect(block.counts).toMatchObject({ accepted: 1, duplicate: 1 });
    expect(block.entries).toMatchObject([{ offset: 8, verdict: "duplicate", firstSeen: { inputIndex: 0, offset: 7 } }]);
  });

  it("flags and counts the duplicates that know more", () => {
    const builder = new VerdictBlockBuilder("raw", 0, 0, 0);
    builder.reject(0, "duplicate", [1, 2, 3, 4], 0, 0, null, true);
    builder.reject(1, "duplicate", [1, 2, 3, 4], 0, 0, null);
    const block = decodeVerdictBlock(builder.encode(null));
    expect(block.completing).toBe(1);
    expect(block.entries.map(({ completes }) => completes)).toEqual([true, false]);
  });

  it("may be empty: only the position moved, over markers or over records that are lost", () => {
    expect(decodeVerdictBlock(new VerdictBlockBuilder("raw", 0, 5, 9, true).encode(null))).toMatchObject({
      continuesFrom: 5, fromOffset: 9, toOffset: 9, lost: true, streamTime: null, entries: [],
    }); // prettier-ignore
  });

  it("of version 1 is still read; it does not tell where it continues from", () => {
    const block = decodeVerdictBlock(Buffer.from(VERSION_1, "hex"));
    expect(block).toMatchObject({ topic: "raw", partition: 3, continuesFrom: null, fromOffset: 7, toOffset: 11 });
    expect(block).toMatchObject({
      lost: false,
      completing: null,
      streamTime: 1234,
      counts: { accepted: 1, duplicate: 1, poison: 1 },
    });
    expect(block.entries).toEqual([
      { offset: 8, verdict: "duplicate", eventId: "00000001000000020000000300000004", firstSeen: { inputIndex: 0, offset: 7 }, reason: null, completes: false },
      { offset: 10, verdict: "poison", eventId: null, firstSeen: null, reason: "no ball", completes: false },
    ]); // prettier-ignore
  });

  it("of a version that nobody knows is refused", () => {
    const bytes = Buffer.from(VERSION_1, "hex");
    bytes[0] = 3;
    expect(() => decodeVerdictBlock(bytes)).toThrow("version 3 is unknown");
  });
});
