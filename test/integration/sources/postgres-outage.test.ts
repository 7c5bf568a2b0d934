import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type FeedSummary, odiScripts, postgresTarget, runFeed } from "../../../src/feed/index.ts";
import { localSupervisor, postgresService, type Supervisor } from "../../../src/local/index.ts";
import type { Settings } from "../../../src/settings.ts";
import { makeSuperuser } from "../../support/postgres.ts";
import { settingsOnFreePorts } from "../../support/stack.ts";
import { expectation, insertedRows, makeMatches } from "../feed/matches.ts";
import {
  allRowIds,
  ballsByMatch,
  insertBalls,
  newWorld,
  readTopic,
  settle,
  startSource,
  type World,
} from "./harness.ts";

/* A Postgres of its own, to be killed. */

let settings: Settings;
let supervisor: Supervisor;
let world: World;
let superuserUrl = "";
const base = mkdtempSync(join(tmpdir(), "tu-outage-"));

beforeAll(async () => {
  settings = await settingsOnFreePorts(base);
  superuserUrl = await makeSuperuser(settings);
  supervisor = localSupervisor(settings);
  await supervisor.start(postgresService(settings));
});
afterAll(async () => {
  await supervisor.stopAll();
  rmSync(base, { recursive: true, force: true });
});
beforeEach(async () => {
  world = await newWorld(superuserUrl);
});
afterEach(() => world.close());

const streaming = (status: { state: string }): boolean => status.state === "streaming";
const messy = { seed: 3, replayRate: 0.3, correctionRate: 0.05 };

/** Feeds matches while Postgres is killed several times; both feed and source come back by themselves. */
async function feedThroughKills(dir: string, kills: number): Promise<FeedSummary> {
  let left = kills;
  return await runFeed({
    scripts: await odiScripts([dir]),
    target: postgresTarget({ connection: world.url }),
    intervalMs: 0,
    ...messy,
    connections: 4,
    signal: AbortSignal.timeout(100_000),
    onStatus: (status) => {
      if (left > 0 && status.state === "playing" && status.rowsInserted > (kills - left + 1) * 300) {
        left -= 1;
        supervisor.kill("postgres", "SIGKILL");
      }
    },
  });
}

test.each(["position", "slot"] as const)(
  "EO-11: Postgres is killed three times under feed and source (start from the %s): nothing lost, order kept, all back by itself",
  async (startFrom) => {
    const ids = ["1", "2", "3", "4", "5", "6"];
    const dir = makeMatches(ids, 250);
    const source = startSource(world, { startFrom });
    await source.until(streaming);
    const summary = await feedThroughKills(dir, 3);
    expect(summary.complete).toBe(true);
    await settle(world);
    expect(source.current().restarts).toBeGreaterThanOrEqual(3);
    for (const id of ids) expect(await insertedRows(world.sql, id)).toEqual(await expectation(dir, id, messy));

    const events = await readTopic(world, world.topics.raw);
    expect([...new Set(events.map((event) => event.rowId))].toSorted()).toEqual((await allRowIds(world)).toSorted());
    for (const [match, balls] of ballsByMatch(events)) {
      const written = await world.sql<
        { ball: string }[]
      >`select ball from odi.deliveries where match_id = ${match} order by id`;
      expect(balls).toEqual(written.map((row) => row.ball));
    }
    // A replay of the server comes under the id it had; from our own position there is none.
    expect(new Set(events.map((event) => event.id)).size).toBe(new Set(events.map((event) => event.rowId)).size);
    if (startFrom === "position") expect(events).toHaveLength((await allRowIds(world)).length);
    expect(await readTopic(world, world.topics.gaps, 1)).toEqual([]);
    rmSync(dir, { recursive: true, force: true });
  },
);

test("a slot that goes back repeats rows under the ids they had, when the stream starts from the slot", async () => {
  // Before a checkpoint the slot's position is in memory alone: a kill takes it back.
  const source = startSource(world, { startFrom: "slot" });
  await source.until(streaming);
  await insertBalls(world, 200);
  await settle(world);
  supervisor.kill("postgres", "SIGKILL");
  await source.until((status) => status.state === "retrying");
  await source.until(streaming);
  await insertBallsPatiently(5);
  await settle(world);
  const events = await readTopic(world, world.topics.raw);
  expect(events.length).toBeGreaterThan(205);
  expect(new Set(events.map((event) => event.rowId)).size).toBe(205);
  expect(new Set(events.map((event) => event.id)).size).toBe(205);
});

test("an ordinary stop of Postgres does not wait for the source, which says what it waits for and comes back", async () => {
  const source = startSource(world);
  await source.until(streaming);
  await insertBalls(world, 20);
  const stopping = Date.now();
  await supervisor.stop("postgres");
  expect(Date.now() - stopping).toBeLessThan(10_000);
  const status = await source.until(
    (current) => current.state === "retrying" && /cannot be reached/u.test(current.message),
  );
  expect(status.message).toMatch(/next try in \d/u);
  await supervisor.start(postgresService(settings));
  await source.until(streaming);
  await insertBallsPatiently(20);
  await settle(world);
  expect((await readTopic(world, world.topics.raw)).map((event) => event.rowId).toSorted()).toEqual(
    (await allRowIds(world)).toSorted(),
  );
});

test("wal_level below logical is named, with the remedy", async () => {
  await world.sql`alter system set wal_level = 'replica'`;
  try {
    await supervisor.stop("postgres");
    await supervisor.start(postgresService(settings));
    const error: unknown = await startSource(world).ended.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      message: "Postgres runs with wal_level = replica, a source needs logical",
      reaction: "exit",
    });
  } finally {
    await world.sql`alter system reset wal_level`;
    await supervisor.stop("postgres");
    await supervisor.start(postgresService(settings));
  }
});

/** Lost connections of the test's own pool are not what is tested. */
async function insertBallsPatiently(count: number): Promise<void> {
  for (let n = 0; n < count;) {
    try {
      await insertBalls(world, 1, 500_000 + n);
      n += 1;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
