import { describe, expect, it } from "vitest";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import { totalCount } from "../../../src/domain/review/verdict.ts";
import { Fill } from "../../../src/processor/fill.ts";
import { defineTopology } from "../../../src/processor/index.ts";
import { Task } from "../../../src/processor/task.ts";
import type { Topology } from "../../../src/processor/topology.ts";

const MIB = 1024 * 1024;
const FIRST_OFFSET = 2 ** 33;

const topology = defineTopology<null>({
  name: "blocks",
  inputs: ["in"],
  outputs: [],
  partitions: 1,
  review: { retention: "unbounded" },
  decode: () => null,
  identify: () => ({ key: "", content: "" }),
  process: () => undefined,
}) as Topology;

async function blocksOf(reasons: readonly string[]): Promise<Uint8Array[]> {
  const frame = new Fill(undefined).frame(new Task(topology, 0, await IdentityHasher.create()));
  frame.positions[0] = FIRST_OFFSET;
  reasons.forEach((reason, index) => {
    const offset = FIRST_OFFSET + index;
    frame.block(0, offset).reject(offset, "poison", null, -1, 0, reason);
    frame.positions[0] = offset + 1;
  });
  return frame.blocks.map((block) => block.encode(null));
}

describe("verdict blocks of a transaction (EO-1)", () => {
  it.each([
    ["more reasons than a block can number", Array.from({ length: 70_000 }, (_, index) => `reason ${index}`)],
    ["long reasons", Array.from({ length: 4_000 }, (_, index) => `${index}: ${"…".repeat(490)}`)],
    [
      "reasons that are the same for 500 characters",
      Array.from({ length: 2_000 }, (_, index) => "x".repeat(500) + index),
    ],
  ])("are bounded in bytes and keep each record's own reason: %s", async (_title, reasons) => {
    const messages = await blocksOf(reasons);
    for (const bytes of messages) expect(bytes.length).toBeLessThan(MIB + 4096);
    const blocks = messages.map((bytes) => decodeVerdictBlock(bytes));
    const found = blocks.flatMap((block) => block.entries.map((entry) => entry.reason));
    expect(found.filter((reason, index) => reason !== reasons[index]!.slice(0, 500))).toEqual([]);
    expect(found).toHaveLength(reasons.length);
    expect(blocks.reduce((sum, block) => sum + totalCount(block.counts), 0)).toBe(reasons.length);
    let end = FIRST_OFFSET;
    for (const block of blocks) {
      expect([block.continuesFrom, block.fromOffset]).toEqual([end, end]);
      end = block.toOffset;
    }
    expect(end).toBe(FIRST_OFFSET + reasons.length);
  });
});
