import { beforeEach, describe, expect, test } from "vitest";
import { FatalError, FencedError, RetryableError } from "../../../src/domain/errors.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";
import {
  ContinuityLostError,
  cloudEventHeaders,
  gapEvent,
  MAX_EVENT_BYTES,
  oversize,
  Ownership,
  type PositionCodec,
  prepareTopics,
  quietOwner,
  readStoredPosition,
  runSource,
  type SourceSession,
  type SourceStatus,
  type SourceTopics,
} from "../../../src/sources/kit/index.ts";
import { unreadableEvent } from "../../../src/pipelines/cricket/sources/unreadable.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

interface At {
  readonly row: number;
}
const codec: PositionCodec<At> = {
  describe: ({ row }) => ({ row }),
  parse({ row }) {
    if (typeof row !== "number") throw new TypeError("no row");
    return { row };
  },
};

const TOPICS = { rawTopic: "raw", partitions: 2, positionsTopic: "positions", gapsTopic: "gaps" } as const;

let broker: ModelBroker;
let log: ModelLog;
let topics: SourceTopics;
let now: number;
beforeEach(async () => {
  now = 0;
  broker = new ModelBroker();
  log = new ModelLog(broker);
  topics = await prepareTopics({ log, sourceId: "s", ...TOPICS });
});

test("partitions that were added to the raw topic stop no source; too few do", async () => {
  broker.addPartitions("raw", 3);
  const prepare = (partitions: number): Promise<SourceTopics> =>
    prepareTopics({ log, sourceId: "s", ...TOPICS, partitions });
  expect(await prepare(2)).toEqual(topics);
  await expect(prepare(4)).rejects.toThrow("topic raw has 3 partitions, the settings say 4");
});

function owner(sourceId = "s"): Ownership<At> {
  return new Ownership({
    log,
    sourceId,
    transactionTimeoutMs: 10_000,
    topics,
    codec,
    at: () => undefined,
    now: () => now,
    beatMs: 100,
  });
}

function rows(...values: string[]): WriteBatch {
  const batch = new WriteBatch();
  for (const value of values) batch.append("raw", 0, Buffer.from("k"), Buffer.from(value));
  return batch;
}

describe("the right to write", () => {
  test("EO-11: whoever acquires it next finds the position, and the events before it", async () => {
    const first = owner();
    await first.acquire();
    expect(first.position).toBeNull();
    await first.publish(rows("a", "b"), { epoch: 1, events: 2, position: { row: 2 } });
    const second = owner();
    await second.acquire();
    expect(second.position).toEqual({ epoch: 1, events: 2, position: { row: 2 } });
    expect(broker.readCommitted("raw").map(({ value }) => value?.toString())).toEqual(["a", "b"]);
  });

  test("EO-7: whoever had it before can neither publish nor prove it any more", async () => {
    const first = owner();
    await first.acquire();
    await first.publish(rows("a"), { epoch: 1, events: 1, position: { row: 1 } });
    await owner().acquire();
    await expect(first.publish(rows("b"), { epoch: 1, events: 2, position: { row: 2 } })).rejects.toThrow(FencedError);
    expect(first.position).toBeNull();
    expect(broker.readCommitted("raw")).toHaveLength(1);
  });

  test("an idle owner proves itself once a beat, and so notices that it was fenced", async () => {
    const first = owner();
    await first.acquire();
    await first.publish(rows("a"), { epoch: 1, events: 1, position: { row: 1 } });
    const written = (): number => broker.readCommitted(topics.positionsTopic).length;
    await first.beat();
    expect(written()).toBe(1);
    now += 100;
    await first.beat();
    await first.beat();
    expect(written()).toBe(2);
    await owner().acquire();
    now += 100;
    await expect(first.beat()).rejects.toThrow(FencedError);
  });

  test("a position of another source is none of ours, and one that cannot be read is never guessed", async () => {
    await owner().acquire();
    const other = owner("t");
    await other.acquire();
    await other.publish(rows(), { epoch: 1, events: 0, position: { row: 0 } });
    const read = (): Promise<unknown> =>
      readStoredPosition(log, topics.positionsTopic, "s", topics.positionsPartition, codec);
    expect(await read()).toBeNull();
    broker.append(topics.positionsTopic, 0, "s", '{"epoch":1,"events":0,"position":{"lsn":"0/0"}}');
    await expect(read()).rejects.toThrow(/the stored position of source s cannot be read: no row/u);
  });
});

describe("an instance that stepped back", () => {
  test("counts the owner as gone after three turns of silence, whatever other sources write meanwhile", async () => {
    const [mine, other] = [owner(), owner("t")];
    await mine.acquire();
    await other.acquire();
    const { isFree } = quietOwner({ log, topics, sourceId: "s" });
    const turn = async (...writers: Ownership<At>[]): Promise<boolean> => {
      for (const writer of writers) await writer.publish(rows(), { epoch: 1, events: 0, position: { row: 0 } });
      return isFree();
    };
    expect(await turn(mine)).toBe(false);
    expect([await turn(other), await turn(other)]).toEqual([false, false]);
    // A sign of life: it counts from the beginning.
    expect(await turn(mine, other)).toBe(false);
    expect([await turn(other), await turn(), await turn(other)]).toEqual([false, false, true]);
  });
});

describe("the loop around the sessions", () => {
  type Play = (session: SourceSession<At>, nth: number) => Promise<void>;

  async function run(
    play: Play,
    isFree: () => Promise<boolean> = () => Promise.resolve(true),
  ): Promise<SourceStatus[]> {
    const stop = new AbortController();
    const statuses: SourceStatus[] = [];
    let sessions = 0;
    const onStatus = (status: SourceStatus): void => void statuses.push(status);
    await runSource<At>(
      { log, sourceId: "s", ...TOPICS, signal: stop.signal, onStatus, standbyMs: 1, random: () => 0 },
      {
        codec,
        session: async (session) => {
          await session.ownership.acquire();
          await play(session, (sessions += 1));
          stop.abort();
        },
        standby: () => ({ isFree }),
      },
    );
    return statuses;
  }

  test("what may pass is tried again, says so, and is told apart from a bug", async () => {
    const statuses = await run(async (_, nth) => {
      if (nth < 3) throw new RetryableError("the server is away");
    });
    const retrying = statuses.filter(({ state }) => state === "retrying").map(({ message }) => message);
    expect(new Set(retrying)).toEqual(new Set(["the server is away; next try in 0.1 s"]));
    expect(statuses.at(-1)).toMatchObject({ state: "stopped", restarts: 2 });
    await expect(run(() => Promise.reject(new RangeError("bug")))).rejects.toThrow("bug");
    await expect(run(() => Promise.reject(new FatalError("no", { remedy: "do" })))).rejects.toThrow(FatalError);
  });

  test("EO-13: a session that lost its history is followed by one that is told to distrust the position, once", async () => {
    const distrusts: (string | null)[] = [];
    await run(async ({ distrust, onStreaming }, nth) => {
      distrusts.push(distrust);
      if (nth === 1) throw new ContinuityLostError("the oplog was too short");
      if (nth === 2) throw new RetryableError("not even begun");
      onStreaming();
      if (nth === 3) throw new RetryableError("away");
    });
    expect(distrusts).toEqual([null, "the oplog was too short", "the oplog was too short", null]);
  });

  test("EO-7: one that was fenced waits until the other is gone, also while that cannot be found out", async () => {
    const answers = [false, new RetryableError("nobody answers"), false, true];
    const statuses = await run(
      async (_, nth) => {
        if (nth === 1) throw new FencedError("fenced");
      },
      () => {
        const answer = answers.shift();
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer === true);
      },
    );
    expect(answers).toEqual([]);
    const standby = statuses.filter(({ state }) => state === "standby").map(({ message }) => message);
    expect(standby).toContain("a newer instance of source s took over; waiting until it is gone (nobody answers)");
  });
});

test("an event without a key has no subject: CloudEvents forbids an empty one", () => {
  const event = { id: "1", source: "x/s", type: "t.v1", timeMs: 0, contentType: "application/json", rowId: "r/1" };
  const names = (subject: string): string[] => cloudEventHeaders({ ...event, subject }).map(([name]) => name);
  expect(names("m1")).toContain("ce_subject");
  expect(names("")).not.toContain("ce_subject");
});

test("a value over the limit is cut and named by its digest; its unreadable event is small", () => {
  expect(oversize(Buffer.alloc(MAX_EVENT_BYTES), "the row")).toBeNull();
  const excess = oversize(Buffer.alloc(MAX_EVENT_BYTES + 1, "x"), "the row");
  expect(excess?.problem).toMatch(/^the row is 18874369 bytes, over the limit of 18874368; sha256 [0-9a-f]{64}$/u);
  const { raw, problem } = excess ?? { raw: Buffer.alloc(0), problem: "" };
  const { value } = unreadableEvent("t.v1", { key: "m", file: "f", line: 3, raw, problem });
  expect(value.length).toBeLessThan(100_000);
  expect(JSON.parse(value.toString())).toMatchObject({ match_id: "m", file: "f", line: 3, problem });
});

test("a gap event names the positions on both sides", () => {
  const to = { epoch: 2, events: 7, position: { row: 9 } };
  const gap = { sourceId: "s", codec, to, reason: "lost", action: "snapshot of 3 rows", nowMs: 0 };
  expect(gapEvent({ ...gap, from: { epoch: 1, events: 7, position: { row: 4 } } })).toEqual({
    sourceId: "s",
    epoch: 2,
    from: { row: 4 },
    to: { row: 9 },
    reason: "lost",
    action: "snapshot of 3 rows",
    at: "1970-01-01T00:00:00.000Z",
  });
  expect(gapEvent({ ...gap, from: null }).from).toBeNull();
});
