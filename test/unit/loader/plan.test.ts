import { describe, expect, test } from "vitest";
import { FatalError } from "../../../src/domain/errors.ts";
import { decideStart, type PartitionState } from "../../../src/loader/start-offsets.ts";
import { VerdictBlockBuilder } from "../../../src/domain/review/verdict-block.ts";
import { type LoadPlan, planLoad, type Progress } from "../../../src/loader/plan.ts";
import { remedyWorks } from "../../support/remedies/works.ts";
import { cleanDelivery, delivery, json, recordBatch, topicsNamed, verdictBlock } from "../../support/clean-records.ts";

const topics = topicsNamed("t");

function progress(next: Record<string, number>, judged: Record<string, number> = {}): Progress {
  return { next: new Map(Object.entries(next)), judged: new Map(Object.entries(judged)) };
}

function fatal(call: () => unknown): FatalError {
  try {
    call();
  } catch (error) {
    if (error instanceof FatalError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("what a batch writes", () => {
  test("EO-9: takes records from the stored offset on, and moves it past the last one", () => {
    const batch = recordBatch(
      topics.deliveries,
      2,
      [4, 5, 7].map((offset) => ({ offset, value: json(cleanDelivery(delivery("m", offset))) })),
    );
    const plan = planLoad([batch], progress({ "t.deliveries/2": 5 }), topics);
    expect(plan.records).toBe(2);
    expect([...plan.next]).toEqual([["t.deliveries/2", 8]]);
    expect(plan.deliveries.recent().map((clean) => clean.delivery.ball)).toEqual([6, 2]);
  });

  test("a batch that was loaded before writes nothing and moves nothing", () => {
    const batch = recordBatch(topics.deliveries, 0, [{ offset: 1, value: json("whatever") }]);
    const plan = planLoad([batch], progress({ "t.deliveries/0": 2 }), topics);
    expect([plan.records, plan.next.size, plan.deliveries.size]).toEqual([0, 0, 0]);
  });

  test("an unreadable delivery names its place and says that nothing is lost", () => {
    const wrong = { ...cleanDelivery(delivery("m", 0)), delivery: { ...delivery("m", 0), over: "3" } };
    for (const value of [null, Buffer.from("{"), json(null), json({}), json(wrong)]) {
      const error = fatal(() =>
        planLoad(
          [recordBatch(topics.deliveries, 1, [{ offset: 9, value }])],
          progress({ "t.deliveries/1": 0 }),
          topics,
        ),
      );
      expect(error.message).toMatch(/^t\.deliveries\/1 offset 9 cannot be loaded: /u);
      expect(error.remedy).toContain("nothing is lost");
    }
  });

  test("a verdict block that is cut short, of another version or contradicts itself is refused", () => {
    const sound = verdictBlock(0, 0, 8);
    const other = Buffer.from(sound);
    other[0] = 9;
    const miscounted = Buffer.from(sound);
    // The count of accepted records stands behind version, topic, partition, range and stream time.
    miscounted.writeUInt32LE(900, 4 + 3 + 28);
    for (const value of [
      null,
      sound.subarray(0, 20),
      sound.subarray(0, sound.length - 8),
      other,
      miscounted,
      Buffer.alloc(0),
    ]) {
      const error = fatal(() =>
        planLoad([recordBatch(topics.verdicts, 0, [{ offset: 3, value }])], progress({ "t.verdicts/0": 0 }), topics),
      );
      expect(error.message).toMatch(/^t\.verdicts\/0 offset 3 cannot be loaded: /u);
    }
  });

  test("EO-1: a chain of verdicts is broken where offsets are judged twice", () => {
    const block = (from: number): Buffer => verdictBlock(4, from, 8);
    const at = (offset: number, value: Buffer) => recordBatch(topics.verdicts, 0, [{ offset, value }]);
    const from = progress({ "t.verdicts/0": 0 }, { "raw/4": 12 });
    expect(planLoad([at(0, block(12)), at(2, block(20))], from, topics).judged).toEqual(new Map([["raw/4", 28]]));
    expect(fatal(() => planLoad([at(0, block(9))], from, topics)).message).toMatch(
      /raw\/4 is judged up to offset 12, .* begins again at 9/u,
    );
    expect(() => planLoad([at(0, block(12)), at(2, block(19))], from, topics)).toThrow(/chain of verdicts is broken/u);
  });
});

describe("the chain of verdicts", () => {
  const block = (continuesFrom: number, from: number, to: number, lost = false): Buffer => {
    const builder = new VerdictBlockBuilder("raw", 4, continuesFrom, from, lost);
    for (let offset = from; offset < to; offset++) builder.accept(offset);
    return Buffer.from(builder.encode(null));
  };
  const load = (values: readonly Buffer[], judged: number, acceptGaps = false): LoadPlan =>
    planLoad(
      [recordBatch(topics.verdicts, 0, values.map((value, offset) => ({ offset, value })))],
      { ...progress({ "t.verdicts/0": 0 }, { "raw/4": judged }), acceptGaps },
      topics,
    ); // prettier-ignore

  test("EO-1: goes on where the block before ended, over markers and over blocks without records", () => {
    const plan = load([block(10, 12, 14), block(14, 16, 16), block(16, 16, 17)], 10);
    expect([...plan.judged]).toEqual([["raw/4", 17]]);
    expect([plan.verdictCounts.length, plan.gaps.length]).toEqual([3, 0]);
  });

  test("EO-1: a block that is missing is refused, also behind one of version 1, and noted where gaps are accepted", async () => {
    expect(() => load([block(10, 10, 14), block(15, 15, 16)], 10)).toThrow(/has a hole/u);
    expect(fatal(() => load([block(11, 12, 14)], 10)).message).toContain(
      "raw/4 is judged up to offset 10, and the block at t.verdicts/0 offset 0 continues from 11",
    );
    let acceptGaps = false;
    const plan = await remedyWorks("loader/chain-hole", {
      attempt: () => load([block(11, 12, 14)], 10, acceptGaps),
      does: { "third-umpire loader --accept-gaps": () => (acceptGaps = true) },
    });
    expect(plan.gaps.map((row) => row.slice(0, 4))).toEqual([["verdicts:raw/4", 0, '{"offset":10}', '{"offset":11}']]);
  }); // prettier-ignore

  test("EO-13: records that were deleted before they were judged are a gap event, and do not stop the loader", () => {
    const plan = load([block(10, 15, 15, true), block(15, 15, 16)], 10);
    expect(plan.gaps.map((row) => row.slice(0, 4))).toEqual([["processor:raw/4", 0, '{"offset":10}', '{"offset":15}']]);
    expect([...plan.judged]).toEqual([["raw/4", 16]]);
  }); // prettier-ignore

  test("EO-1: what is judged twice is refused, whatever is accepted", () => {
    expect(() => load([block(8, 8, 12)], 10, true)).toThrow(/begins again at 8/u);
  });
});

describe("where loading starts", () => {
  const options = { acceptGaps: false, now: 0, retry: "--accept-gaps" };
  const partition = (low: number, high: number): PartitionState[] => [
    { topic: "t", partition: 0, watermarks: { low, high } },
  ];
  const stored = (next: number): ReadonlyMap<string, number> => new Map([["t/0", next]]);

  test("at the stored offset while Kafka has what follows", () => {
    for (const [low, high, next] of [
      [0, 9, 4],
      [4, 9, 4],
      [0, 9, 9],
      [9, 9, 9],
    ] as const) {
      expect(decideStart(partition(low, high), stored(next), options)).toEqual({
        from: [{ topic: "t", partition: 0, offset: next }],
        stored: new Map(),
        gaps: [],
      });
    }
  });

  test("a new warehouse starts at the first record kept, and notes what it cannot have (EO-13)", () => {
    expect(decideStart(partition(0, 9), new Map(), options)).toMatchObject({ stored: stored(0), gaps: [] });
    const late = decideStart(partition(6, 9), new Map(), options);
    expect(late.from).toEqual([{ topic: "t", partition: 0, offset: 6 }]);
    expect(late.gaps).toMatchObject([{ sourceId: "warehouse:t/0", from: { offset: 0 }, to: { offset: 6 } }]);
  });

  test("records deleted before they were loaded stop it, unless the gap is accepted and noted (EO-13)", () => {
    const error = fatal(() => decideStart(partition(6, 9), stored(4), options));
    expect(error.message).toBe("offsets 4 to 5 of t/0 were deleted from Kafka before they were loaded");
    expect(error.remedy).toContain("--accept-gaps");
    const accepted = decideStart(partition(6, 9), stored(4), { ...options, acceptGaps: true });
    expect(accepted.stored).toEqual(stored(6));
    expect(accepted.gaps).toMatchObject([
      { from: { offset: 4 }, to: { offset: 6 }, action: "accepted by --accept-gaps" },
    ]);
  });

  test("a topic that ends before the stored offset is another topic of the same name", () => {
    expect(fatal(() => decideStart(partition(0, 3), stored(4), options)).message).toMatch(
      /t\/0 ends at offset 3, .* loaded it up to 4/u,
    );
  });
});
