import { describe, expect, test } from "vitest";
import { keptOf, QUARANTINE_BYTES_MAX } from "../../../src/processor/quarantine.ts";
import { compare, rightWorld, type World } from "./world.ts";

const LARGE = Buffer.alloc(2 * QUARANTINE_BYTES_MAX, "x");
/** Differs where quarantine no longer has it. */
const OTHER = Buffer.from(LARGE).fill("y", QUARANTINE_BYTES_MAX);

/** The poison record of the world is a large one, and quarantine keeps this of it. */
function worldWith(kept: Pick<World["quarantine"][number], "key" | "value" | "sha256">): World {
  const world = rightWorld();
  const [quarantined] = world.quarantine;
  world.raw = world.raw.map((record) => (record.offset === quarantined!.offset ? { ...record, value: LARGE } : record));
  world.quarantine = [{ ...quarantined!, ...kept }];
  return world;
}

describe("a large poison record", () => {
  const key = Buffer.from("");

  test("is in quarantine as it came when beginning and hash are its own", () => {
    expect(compare(worldWith(keptOf(key, LARGE))).differences).toEqual([]);
  });

  test("is so when an older build kept it whole", () => {
    expect(compare(worldWith({ key, value: LARGE, sha256: null })).differences).toEqual([]);
  });

  test("is another one when the hash is another's", () => {
    expect(compare(worldWith(keptOf(key, OTHER))).differences.map(({ text }) => text)).toEqual([
      "raw/0/6 is not in quarantine as it came",
    ]);
  });
});
