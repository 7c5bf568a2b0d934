import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type CrashAt,
  allRowIds,
  ballsByMatch,
  forkSource,
  insertBalls,
  newWorld,
  readTopic,
  settle,
  startSource,
  storedPosition,
  type World,
} from "./harness.ts";

let world: World;
/** Number of the next ball: every ball is another one. */
let written: number;
beforeEach(async () => {
  written = 1_000_000;
  world = await newWorld();
});
afterEach(() => world.close());

/** Runs a source that kills itself at `point`, while rows are being written. */
async function crash(at: CrashAt): Promise<void> {
  const child = forkSource(world, at);
  const exited = once(child, "exit");
  let isAlive = true;
  void exited.then(() => {
    isAlive = false;
  });
  while (isAlive) {
    await insertBalls(world, 5, written);
    written += 5;
  }
  const [, signal] = await exited;
  expect(signal).toBe("SIGKILL");
}

async function expectEverythingInOrder(): Promise<void> {
  const events = await readTopic(world, world.topics.raw);
  const rows = await allRowIds(world);
  expect([...new Set(events.map((event) => event.rowId))].toSorted()).toEqual(rows.toSorted());
  for (const [match, balls] of ballsByMatch(events)) {
    const rowsOfMatch = await world.sql<
      { ball: string }[]
    >`select ball from odi.deliveries where match_id = ${match} order by id`;
    expect(balls).toEqual(rowsOfMatch.map((row) => row.ball));
  }
}

describe("EO-11: SIGKILL between two durable steps of the stream", () => {
  test.each(["taken", "produced", "committed", "acknowledged"])(
    "after '%s': nothing lost, nothing repeated",
    async (point) => {
      await insertBalls(world, 20);
      for (const nth of [4, 0, 1]) {
        await crash({ point, nth, in: "stream" });
        expect((await storedPosition(world))?.phase).toBe("stream");
      }
      await startSource(world).until((status) => status.state === "streaming");
      await insertBalls(world, 10, 500);
      const position = await settle(world);
      await expectEverythingInOrder();
      const events = await readTopic(world, world.topics.raw);
      // Position and events are one transaction, and the stream starts at the position: not one event comes twice.
      const streamed = events.filter((event) => !event.id.startsWith("pg:snap:")).map((event) => event.rowId);
      expect(new Set(streamed).size).toBe(streamed.length);
      expect(position.events).toBe(events.length);
      expect(position.epoch).toBe(1);
    },
  );
});

describe("SIGKILL within the first start", () => {
  test.each([
    ["slot-created", 0],
    ["taken", 0],
    ["produced", 1],
    ["committed", 0],
    ["snapshot-rows", 0],
    ["snapshot-rows", 1],
  ])(
    "after '%s' (%i times passed): the copy starts over, under the same event ids, and is no gap",
    async (point, nth) => {
      await insertBalls(world, 120);
      await crash({ point, nth, in: "start" });
      expect((await storedPosition(world))?.phase).not.toBe("stream");
      await startSource(world, { maxEvents: 50 }).until((status) => status.state === "streaming");
      const position = await settle(world);
      await expectEverythingInOrder();
      const events = await readTopic(world, world.topics.raw);
      const idsOfRow = new Map<string, Set<string>>();
      for (const event of events) {
        const ids = idsOfRow.get(event.rowId) ?? new Set();
        idsOfRow.set(event.rowId, ids.add(event.id));
      }
      // A row that was copied twice has one id; the crash made no row both copied and streamed.
      for (const ids of idsOfRow.values()) expect(ids.size).toBe(1);
      expect(position.epoch).toBe(1);
      expect(await readTopic(world, world.topics.gaps, 1)).toEqual([]);
    },
  );
});

test("EO-11: five kills at random instants under a live writer: nothing lost, nothing streamed twice", async () => {
  await insertBalls(world, 50);
  let n = 50;
  for (let kill = 0; kill < 5; kill += 1) {
    const child = forkSource(world, null);
    const streaming = new Promise<void>((resolve) => {
      child.on("message", (status: { state: string }) => {
        if (status.state === "streaming") resolve();
      });
    });
    await streaming;
    const until = Date.now() + Math.random() * 400;
    do {
      await insertBalls(world, 5, n);
      n += 5;
    } while (Date.now() < until);
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
  await startSource(world).until((status) => status.state === "streaming");
  await settle(world);
  await expectEverythingInOrder();
  const ids = (await readTopic(world, world.topics.raw)).map((event) => event.rowId);
  expect(new Set(ids).size).toBe(ids.length);
});
