import { describe, expect, it } from "vitest";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import type { Verdict } from "../../../src/domain/review/verdict.ts";
import { VERDICTS } from "../../../src/domain/review/verdict.ts";
import type { RecordBatch } from "../../../src/kafka/log.ts";
import { Fill } from "../../../src/processor/fill.ts";
import { defineTopology } from "../../../src/processor/index.ts";
import { Reviewer } from "../../../src/processor/reviewer.ts";
import { Task } from "../../../src/processor/task.ts";
import type { Topology } from "../../../src/processor/topology.ts";

type Said = readonly [key: string, content: string, time: number];

const RETENTION_MS = 100;

async function judge(...said: Said[]): Promise<Verdict[]> {
  const topology = defineTopology<Said>({
    name: "forgetting",
    inputs: ["in"],
    outputs: [],
    partitions: 1,
    review: { retention: { ms: RETENTION_MS } },
    decode: (record) => JSON.parse(record.value!.toString()),
    identify: ([key, content]) => ({ key, content }),
    eventTime: ([, , time]) => time,
    process: () => undefined,
  }) as Topology;
  const hasher = await IdentityHasher.create();
  const fill = new Fill(undefined);
  const frame = fill.frame(new Task(topology, 0, hasher));
  const reviewer = new Reviewer(topology, hasher, { now: () => 0, sleep: () => Promise.resolve() });
  return said.map((record, offset) => {
    const before = { ...frame.counts };
    reviewer.review(fill, frame, 0, batchOf(record, offset));
    return VERDICTS.find((verdict) => frame.counts[verdict] !== before[verdict])!;
  });
}

function batchOf(said: Said, offset: number): RecordBatch {
  return {
    topic: "in",
    partition: 0,
    length: 1,
    offset: () => offset,
    timestamp: () => said[2],
    key: () => null,
    value: () => Buffer.from(JSON.stringify(said)),
    headers: () => undefined,
  };
}

describe("a bounded retention (EO-2)", () => {
  it("knows a replaced value for as long as it may come again, whatever event time its correction brought", async () => {
    const verdicts = await judge(["a", "A", 100], ["a", "B", 50], ["z", "tick", 160], ["a", "A", 100]);
    expect(verdicts).toEqual(["accepted", "correction", "accepted", "stale"]);
  });

  it("knows an event from its newest repetition on", async () => {
    const verdicts = await judge(["a", "A", 100], ["a", "A", 190], ["z", "tick", 280], ["a", "A", 190]);
    expect(verdicts).toEqual(["accepted", "duplicate", "accepted", "duplicate"]);
  });

  it("knows a superseded statement from its newest repetition on", async () => {
    const verdicts = await judge(
      ["a", "A", 100],
      ["a", "B", 100],
      ["a", "A", 190],
      ["z", "tick", 280],
      ["a", "A", 190],
    );
    expect(verdicts).toEqual(["accepted", "correction", "stale", "accepted", "stale"]);
  });

  it("forgets what is older than the retention: it is late, and news with a newer time", async () => {
    const verdicts = await judge(["a", "A", 100], ["z", "tick", 201], ["a", "A", 100], ["a", "A", 150]);
    expect(verdicts).toEqual(["accepted", "accepted", "late", "accepted"]);
  });
});
