import { describe, expect, it } from "vitest";
import type { LogReader, RecordBatch } from "../../../src/kafka/log.ts";
import { gather } from "../../../src/loader/gather.ts";
import { partitionName } from "../../../src/loader/plan.ts";
import { PlannedDeliveries } from "../../../src/loader/planned-deliveries.ts";

const MIB = 1024 * 1024;
const TOPICS = { deliveries: "d", matches: "m", verdicts: "v", quarantine: "q", gaps: "g" };
const PER_FETCH = 32;

/** A partition of the quarantine topic with records of one size, which the reader hands out some at a time. */
function reader(valueBytes: number): Pick<LogReader, "fetch"> & { readonly taken: () => number } {
  // One buffer for all: what is counted is what the records have, not what this test takes.
  const value = Buffer.alloc(valueBytes);
  let next = 0;
  return {
    taken: () => next,
    fetch: (max) => {
      const from = next;
      next += Math.min(PER_FETCH, max);
      const batch: RecordBatch = {
        topic: "q",
        partition: 0,
        length: next - from,
        offset: (index) => from + index,
        timestamp: () => 0,
        key: () => null,
        value: () => value,
        headers: () => [],
      };
      return Promise.resolve([batch]);
    },
  };
}

const progress = { next: new Map([[partitionName("q", 0), 0]]), judged: new Map() };

async function gatherFrom(from: ReturnType<typeof reader>, busy: boolean): ReturnType<typeof gather> {
  return gather(from as unknown as LogReader, progress, {
    topics: TOPICS,
    maxRecords: 1_000,
    maxBytes: 8 * MIB,
    busy: () => busy,
    deliveries: new PlannedDeliveries(),
  });
}

describe("what the loader gathers for a transaction", () => {
  it.each([
    ["while a transaction is under way", true],
    ["while none is", false],
  ])("ends with so many bytes, and nothing more is fetched: %s", async (_title, busy) => {
    const from = reader(MIB);
    const plan = await gatherFrom(from, busy);
    expect(plan.bytes).toBe(plan.records * MIB);
    expect(plan.bytes).toBeGreaterThanOrEqual(8 * MIB);
    // What was gathered, and one fetch at most on top.
    expect(plan.bytes).toBeLessThanOrEqual((8 + PER_FETCH) * MIB);
    expect(from.taken()).toBe(plan.records);
  });

  it("takes as many small records as a transaction may have", async () => {
    const plan = await gatherFrom(reader(100), true);
    expect([plan.records, plan.bytes]).toEqual([1_000, 100_000]);
  });
});
