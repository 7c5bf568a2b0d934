import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runMongoSource } from "../../../src/sources/mongo/index.ts";
import type { SourceStatus } from "../../../src/sources/kit/index.ts";
import { readGaps, readRaw, type SourceWorld } from "../../contract/source-harness.ts";
import { delivery, mongoOptions, newMongoWorld, PARTITIONS, type MongoWorld } from "./mongo-harness.ts";

let world: MongoWorld;
beforeEach(async () => {
  world = await newMongoWorld();
});
afterEach(() => world.database.close());

/** Runs the source until `enough`, then stops it. */
async function runUntil(enough: (status: SourceStatus) => boolean): Promise<void> {
  const abort = new AbortController();
  await runMongoSource({
    ...mongoOptions(world),
    signal: abort.signal,
    onStatus: (status) => {
      if (enough(status)) abort.abort();
    },
  });
}

describe("EO-13: a collection that was another one, or away, while the source was away: a new epoch, said so", () => {
  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "dropped; we make it anew",
      () => world.database.db.collection("deliveries").drop(),
      /deliveries dropped and made anew/u,
    ],
    [
      "dropped and put back",
      async () => {
        await world.database.db.collection("deliveries").drop();
        await world.database.db.createCollection("deliveries");
      },
      /deliveries dropped and made anew/u,
    ],
    [
      "swapped with another one",
      async () => {
        const { db } = world.database;
        await db.collection("other").insertOne(delivery("m", 50));
        await db.collection("deliveries").rename("gone");
        await db.collection("other").rename("deliveries");
      },
      /deliveries dropped and made anew/u,
    ],
    [
      "renamed and renamed back",
      async () => {
        const { db } = world.database;
        await db.collection("deliveries").rename("gone");
        await db.collection<object>("gone").insertOne(delivery("m", 50));
        await db.collection("gone").rename("deliveries");
      },
      /a collection was renamed from or to one of ours/u,
    ],
  ])("%s", async (_, harm, reason) => {
    const { db } = world.database;
    await db.collection("deliveries").insertMany([1, 2, 3].map((n) => delivery("m", n)));
    await runUntil(({ state }) => state === "streaming");
    await db.collection("deliveries").insertOne(delivery("m", 4));
    await harm();
    await db.collection("deliveries").insertOne(delivery("m", 60));
    await runUntil(({ state, epoch }) => state === "streaming" && epoch === 2);
    const reading = { ...world, partitions: PARTITIONS } as unknown as SourceWorld;
    expect((await readGaps(reading)).map((gap) => gap.reason)).toEqual([expect.stringMatching(reason)]);
    const arrived = (await readRaw(reading)).map(({ value }) => numberIn(value.toString()));
    for (const document of await db.collection("deliveries").find().toArray())
      expect(arrived).toContain(numberIn(JSON.stringify(document)));
  });
});

function numberIn(json: string): number {
  return (JSON.parse(json) as { delivery: { n: number } }).delivery.n;
}
