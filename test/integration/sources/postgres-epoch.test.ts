import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  allRowIds,
  insertBalls,
  newWorld,
  readTopic,
  settle,
  startSource,
  storedPosition,
  type World,
  writeOldPosition,
} from "./harness.ts";

let world: World;
beforeEach(async () => {
  world = await newWorld();
});
afterEach(() => world.close());

const streaming = (status: { state: string }): boolean => status.state === "streaming";

/** Streams some rows, stops, lets `harm` happen to the slot, and starts again. */
async function breakSlot(harm: () => Promise<unknown>): Promise<void> {
  const first = startSource(world);
  await first.until(streaming);
  await insertBalls(world, 20);
  await settle(world);
  await first.stop();
  await insertBalls(world, 10, 20);
  await harm();
  await insertBalls(world, 10, 30);
  await startSource(world).until(streaming);
  await insertBalls(world, 5, 40);
  await settle(world);
}

describe("EO-13: a slot that cannot prove continuity begins a new epoch, says so, and takes a snapshot", () => {
  test.each<[string, (slot: string) => Promise<unknown>, RegExp]>([
    ["dropped", (slot) => world.sql`select pg_drop_replication_slot(${slot})`, /is gone/u],
    [
      "dropped and made anew by somebody",
      async (slot) => {
        await world.sql`select pg_drop_replication_slot(${slot})`;
        await world.sql`select pg_create_logical_replication_slot(${slot}, 'pgoutput')`;
      },
      /was acknowledged up to .*, beyond our position/u,
    ],
    [
      "moved on by somebody",
      (slot) => world.sql`select pg_replication_slot_advance(${slot}, pg_current_wal_lsn())`,
      /was acknowledged up to .*, beyond our position/u,
    ],
  ])("%s", async (_, harm, reason) => {
    await breakSlot(() => harm(world.name));
    const events = await readTopic(world, world.topics.raw);
    expect([...new Set(events.map((event) => event.rowId))].toSorted()).toEqual((await allRowIds(world)).toSorted());
    const position = await storedPosition(world);
    expect(position).toMatchObject({ epoch: 2, events: events.length });
    const gaps = await readTopic(world, world.topics.gaps, 1);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.value).toMatchObject({
      sourceId: world.name,
      epoch: 2,
      from: { phase: "stream", slot: world.name },
      to: { slot: world.name },
      action: "snapshot of 40 rows",
    });
    expect(gaps[0]?.value["reason"]).toMatch(reason);
  });

  test("a publication that is younger than the slot's position: the source mends itself", async () => {
    await breakSlot(async () => {
      // Where the position tells what was published, the start finds it out before the stream does.
      await writeOldPosition(world);
      await world.sql`drop publication odi`;
      await insertBalls(world, 1, 90);
      await world.sql`create publication odi for tables in schema odi`;
    });
    const gaps = await readTopic(world, world.topics.gaps, 1);
    expect(gaps.map((gap) => gap.value["reason"])).toEqual([
      `publication odi did not exist where slot ${world.name} stood`,
    ]);
    const events = await readTopic(world, world.topics.raw);
    expect([...new Set(events.map((event) => event.rowId))].toSorted()).toEqual((await allRowIds(world)).toSorted());
  });
});

test("a crash of the source within the snapshot of a new epoch repeats neither the epoch nor the gap event", async () => {
  const first = startSource(world);
  await first.until(streaming);
  await insertBalls(world, 30);
  await settle(world);
  await first.stop();
  await world.sql`select pg_drop_replication_slot(${world.name})`;
  const crashing = startSource(world, {
    maxEvents: 10,
    at: (point) => {
      if (point === "snapshot-rows") throw new TypeError("crash");
    },
  });
  await expect(crashing.ended).rejects.toThrow("crash");
  expect(await storedPosition(world)).toMatchObject({ epoch: 2, phase: "snapshot" });
  await startSource(world).until(streaming);
  expect(await storedPosition(world)).toMatchObject({ epoch: 2, phase: "stream" });
  expect(await readTopic(world, world.topics.gaps, 1)).toHaveLength(1);
});
