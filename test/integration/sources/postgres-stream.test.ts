import { afterEach, beforeEach, expect, test } from "vitest";
import { partitionFor } from "../../../src/domain/partition.ts";
import { formatLsn } from "../../../src/sources/postgres/lsn.ts";
import {
  PARTITIONS,
  allRowIds,
  ballsByMatch,
  insertBalls,
  newWorld,
  readTopic,
  settle,
  startSource,
  storedPosition,
  type World,
} from "./harness.ts";

let world: World;
beforeEach(async () => {
  world = await newWorld();
});
afterEach(() => world.close());

const streaming = (status: { state: string }): boolean => status.state === "streaming";

test("EO-11: rows before, during and after the snapshot arrive exactly once, in order per match", async () => {
  await insertBalls(world, 300);
  let from = 300;
  let isWriting = true;
  const writer = (async () => {
    while (isWriting) {
      await insertBalls(world, 5, from);
      from += 5;
    }
  })();
  const source = startSource(world, { maxEvents: 60 });
  await source.until(streaming);
  await insertBalls(world, 100, 1_000_000);
  isWriting = false;
  await writer;
  const position = await settle(world);
  const events = await readTopic(world, world.topics.raw);

  expect(events.map((event) => event.rowId).toSorted()).toEqual((await allRowIds(world)).toSorted());
  expect(position.events).toBe(events.length);
  expect(
    events.filter((event) => event.id.startsWith(`pg:snap:${world.name}:deliveries:`)).length,
  ).toBeGreaterThanOrEqual(300);
  expect(events.filter((event) => /^pg:odi_\w+:[0-9A-F]+\/[0-9A-F]+:0$/u.test(event.id)).length).toBeGreaterThanOrEqual(
    100,
  );
  // Two writers commit beside each other, and an id is taken before its commit: order is each writer's own.
  const writers = [(ball: string) => Number(ball) < 1_000_000, (ball: string) => Number(ball) >= 1_000_000];
  for (const [match, balls] of ballsByMatch(events)) {
    const written = await world.sql<
      { ball: string }[]
    >`select ball from odi.deliveries where match_id = ${match} order by id`;
    for (const its of writers) expect(balls.filter(its)).toEqual(written.map((row) => row.ball).filter(its));
  }
  for (const event of events) expect(event.partition).toBe(partitionFor(Buffer.from(event.key), PARTITIONS));
});

test("EO-11: a source that was stopped goes on where it was, and the server has been told", async () => {
  const first = startSource(world);
  await first.until(streaming);
  await insertBalls(world, 50);
  await settle(world);
  await first.stop();
  await insertBalls(world, 50, 50);
  const position = await storedPosition(world);
  const [slot] = await world.sql<{ at: string }[]>`
    select confirmed_flush_lsn::text as at from pg_replication_slots where slot_name = ${world.name}`;
  expect(slot?.at).toBe(formatLsn(position?.lsn ?? 0n));

  const second = startSource(world);
  await second.until(streaming);
  await settle(world);
  const ids = (await readTopic(world, world.topics.raw)).map((event) => event.rowId);
  expect(ids.toSorted()).toEqual((await allRowIds(world)).toSorted());
  expect(second.current().epoch).toBe(1);
  expect(await readTopic(world, world.topics.gaps, 1)).toEqual([]);
});

test("an update is an event with the whole new row; deletes and truncations are counted, and are no events", async () => {
  const source = startSource(world);
  await source.until(streaming);
  // Random, so that it does not compress, is stored out of line, and is left out of the update.
  await world.sql`
    insert into odi.match_info (match_id, info)
    select 'm1', string_agg(md5(random()::text), '') from generate_series(1, 500)`;
  await world.sql`update odi.match_info set match_id = 'm2'`;
  await insertBalls(world, 1);
  await world.sql`delete from odi.match_info`;
  await world.sql`truncate odi.deliveries`;
  await settle(world);
  const events = await readTopic(world, world.topics.raw);
  const infos = events.filter((event) => event.type === "cricket.odi.match.v1");
  expect(infos.map((event) => event.key).toSorted()).toEqual(["m1", "m2"]);
  expect(infos[0]?.value["info"]).toHaveLength(500 * 32);
  expect(infos[1]?.value["info"]).toBe(infos[0]?.value["info"]);
  expect(events).toHaveLength(3);
  expect(
    await source.until((status) => status.ignored["deletes"] === 1 && status.ignored["truncates"] === 1),
  ).toMatchObject({ epoch: 1 });
});

test("EO-11: a transaction larger than a batch arrives whole, and its position only with its end", async () => {
  const source = startSource(world, { maxEvents: 100 });
  await source.until(streaming);
  await world.sql`insert into odi.deliveries (match_id, ball) select 'big', n::text from generate_series(1, 5000) as n`;
  await settle(world);
  // The position stands in Kafka a moment before the source says so.
  await source.until((status) => status.events === 5000);
  const events = await readTopic(world, world.topics.raw);
  expect(ballsByMatch(events).get("big")).toEqual(Array.from({ length: 5000 }, (_, n) => String(n + 1)));
  const midway = source.statuses.filter((status) => status.events > 0 && status.events < 5000);
  expect(midway.length).toBeGreaterThan(5);
  // It stays where it was when the transaction began (idle time may have moved it before), until its last part.
  const positions = new Set(midway.map((status) => status.positionText));
  expect(positions.size).toBe(1);
  expect(positions.has(source.current().positionText)).toBe(false);
  expect(source.current().transactions).toBe(1);
});

test("a field of 10 MB passes, a row above the record limit becomes an unreadable row with its reason", async () => {
  await world.sql`insert into odi.deliveries (match_id, venue) select 'snap', string_agg(md5(n::text), '') from generate_series(1, 320000) as n`;
  const source = startSource(world);
  await source.until(streaming);
  await world.sql`insert into odi.deliveries (match_id, venue) select 'live', string_agg(md5(n::text), '') from generate_series(1, 320000) as n`;
  await world.sql`insert into odi.deliveries (match_id, venue) select 'huge', repeat('x', 25000000)`;
  await insertBalls(world, 3);
  await settle(world);
  const events = await readTopic(world, world.topics.raw);
  expect(events).toHaveLength(6);
  for (const key of ["snap", "live"])
    expect(events.find((event) => event.key === key)?.bytes).toBeGreaterThan(10_000_000);
  const huge = events.find((event) => event.key === "huge");
  expect(huge?.type).toBe("cricket.odi.unreadable.v1");
  expect(huge?.value["problem"]).toMatch(/^the row as JSON is 250\d+ bytes, over the limit/u);
});

test("bytes that could not be mapped travel as base64", async () => {
  await startSource(world).until(streaming);
  const raw = Buffer.from([0, 255, 10, 92, 9]);
  await world.sql`
    insert into odi.unreadable_rows (match_id, file, line, raw, problem) values ('m1', 'm1.csv', 7, ${raw}, 'invalid UTF-8')`;
  await settle(world);
  const [event] = await readTopic(world, world.topics.raw);
  expect(event?.value).toEqual({
    match_id: "m1",
    file: "m1.csv",
    line: 7,
    raw: raw.toString("base64"),
    problem: "invalid UTF-8",
  });
});

test("EO-11: while Kafka does not commit, the source holds little, keeps its connection, and then loses nothing", async () => {
  // Shorter than the outage: only the heartbeat keeps the connection.
  await world.sql.unsafe(`alter database ${world.name} set wal_sender_timeout = '2s'`);
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isHeld = false;
  const source = startSource(world, {
    maxEvents: 200,
    maxBytes: 2_000_000,
    transactionTimeoutMs: 60_000,
    at: async (point) => {
      if (point === "produced" && isHeld) await gate;
    },
  });
  await source.until(streaming);
  isHeld = true;
  for (let n = 0; n < 80; n += 1) {
    await world.sql`insert into odi.deliveries (match_id, ball, venue) values ('m', ${String(n)}, repeat('v', 1000000))`;
  }
  const before = process.memoryUsage().rss;
  await new Promise((resolve) => setTimeout(resolve, 5000));
  expect(process.memoryUsage().rss - before).toBeLessThan(40_000_000);
  const [slot] = await world.sql<{ behind: string }[]>`
    select pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn) as behind from pg_replication_slots where slot_name = ${world.name}`;
  expect(Number(slot?.behind)).toBeGreaterThan(100_000);
  release();
  await settle(world);
  const events = await readTopic(world, world.topics.raw);
  expect(ballsByMatch(events).get("m")).toEqual(Array.from({ length: 80 }, (_, n) => String(n)));
  expect(events).toHaveLength(80);
  expect(source.current().restarts).toBe(0);
});
