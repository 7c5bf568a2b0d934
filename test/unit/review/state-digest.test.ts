import { describe, expect, it } from "vitest";
import { EventOverlay } from "../../../src/domain/review/event-overlay.ts";
import { KnownEvents } from "../../../src/domain/review/known-events.ts";

interface Seen {
  readonly position: number;
  readonly time: number;
  readonly version: number;
}

const ID = [1, 2, 3, 4, 5, 6];
const STATEMENT = "0123456789abcdeffedcba9876543210";

function digestOf(seen: Partial<Seen> & { id?: readonly number[]; statement?: string; at?: number }): string {
  const known = new KnownEvents(null);
  const overlay = new EventOverlay();
  const { position = 7, time = 1_000, version = 1, id = ID, statement = STATEMENT, at = 500 } = seen;
  const entry = overlay.table.insert(Uint32Array.from(id));
  overlay.table.setSeen(entry, position, time, version);
  overlay.superseded.add(statement, at);
  return known.plan(overlay, 1_000).digest;
}

describe("the digest of the known events (EO-4)", () => {
  it.each([
    ["position, input index", { position: 7 + 2 ** 48 }],
    ["position, high half", { position: 7 + 2 ** 40 }],
    ["time, high half", { time: 1_000 + 2 ** 36 }],
    ["time, fraction", { time: 1_000.5 }],
    ["version, high half", { version: 1 + 2 ** 33 }],
    ["version, fraction", { version: 1.25 }],
    ["version, none", { version: Number.NaN }],
    ["superseded, high half", { at: 500 + 2 ** 35 }],
    ["superseded, fraction", { at: 500.125 }],
    ["superseded, second word of the event id", { statement: STATEMENT.replace("89abcdef", "89abcdee") }],
    ["superseded, last word of the event id", { statement: STATEMENT.replace("76543210", "76543211") }],
    ["key and event id that cancel out", { id: [1 ^ 8, 2, 3 ^ 8, 4, 5, 6] }],
  ])("differs where the state differs: %s", (_title, change) => {
    expect(digestOf(change)).not.toBe(digestOf({}));
  });

  it("is the same for what a segment keeps the same: 0 and −0", () => {
    expect(digestOf({ time: -0 })).toBe(digestOf({ time: 0 }));
  });

  it("has a first version that state on disk is compared with: bytes and digest of an older build", () => {
    const bytes =
      "AQMAAAIAAAACAAAACAAAAAAwgFb+vHhCAAAAAAAAAEIACIBW/rx4QgEAAAACAAAAAwAAAAQAAAAFAAAABgAAAHAAAAAAAPBCAAiAVv68eEIAAAAAAAAIQP////8I" +
      "AAAACQAAAAoAAAALAAAADAAAAAAAAAAAAABCABCAVv68eEIAAAAAAAD4f2dFIwHvzauJmLrc/hAyVHYAJIBW/rx4Qpi63P4QMlR2Z0UjAe/Nq4kAMIBW/rx4QgIA" +
      "AAABAAAA8P///wAAAAAAAAAAAgAAAAMAAAD/AAAA";
    const known = new KnownEvents(null);
    known.restore("segment/1", Buffer.from(bytes, "base64"));
    expect([known.table.size, known.superseded.size, known.legacyDigest]).toEqual([2, 2, "65eadb9df71c94e8"]);
  });
});
