import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FatalError } from "../../../src/domain/errors.ts";
import { ensureOdiSchema } from "../../../src/feed/index.ts";
import {
  allRowIds,
  insertBalls,
  newWorld,
  readTopic,
  type RunningSource,
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

/** As the command line starts it: what is missing is made first. */
const start = (): RunningSource => startSource(world, { prepare: () => ensureOdiSchema(world.sql) });

type Harm = readonly [name: string, sql: string, reason: RegExp];

const BALL = "insert into odi.deliveries (match_id, ball) values ('m0', 'between')";

const HARMS: readonly Harm[] = [
  [
    "the publication is dropped; we make it anew",
    `drop publication odi; ${BALL}`,
    /publication odi was dropped and made anew/u,
  ],
  [
    "the publication is dropped and put back",
    `drop publication odi; ${BALL}; create publication odi for tables in schema odi`,
    /publication odi was dropped and made anew/u,
  ],
  [
    "a table is taken out and put back",
    `alter publication odi drop table odi.deliveries; ${BALL}; alter publication odi add table odi.deliveries`,
    /table odi\.deliveries was taken out of publication odi/u,
  ],
  [
    "a table is taken out; we put it back",
    `alter publication odi drop table odi.deliveries; ${BALL}`,
    /deliveries was taken out/u,
  ],
  [
    "inserts are left out for a while",
    `alter publication odi set (publish = 'update'); ${BALL}; alter publication odi set (publish = 'insert, update, delete, truncate')`,
    /publication odi was changed/u,
  ],
  [
    "rows are left out for a while",
    `alter publication odi drop table odi.deliveries; alter publication odi add table odi.deliveries where (match_id = 'x');
     ${BALL}; alter publication odi drop table odi.deliveries; alter publication odi add table odi.deliveries`,
    /table odi\.deliveries was taken out of publication odi, or its part in it was changed/u,
  ],
  [
    "a table is dropped; we make it anew",
    `drop table odi.match_info; ${BALL}`,
    /table odi\.match_info is another one than before/u,
  ],
  [
    "a table is swapped with another one",
    `create table odi.other (like odi.deliveries including all); alter table odi.deliveries rename to gone;
     alter table odi.other rename to deliveries; ${BALL}`,
    /table odi\.deliveries is another one than before/u,
  ],
];

describe("EO-13: a publication or a table that was another one, or away, while the source was away: a new epoch, said so", () => {
  test.each(HARMS)("%s", async (_, harm, reason) => {
    const first = start();
    await first.until(streaming);
    await insertBalls(world, 20);
    await settle(world);
    await first.stop();
    await insertBalls(world, 10, 20);
    for (const statement of harm.split(";")) await world.sql.unsafe(statement);
    await insertBalls(world, 5, 30);
    await start().until(streaming);
    await insertBalls(world, 5, 40);
    await settle(world);
    await expectMended(reason);
  });

  test.each<[string, string]>([
    ["nothing", "select 1"],
    ["the table was truncated: what was in it has been sent", "truncate odi.deliveries"],
    ["another replica identity", "alter table odi.deliveries replica identity default"],
    [
      "an index, a right, a comment",
      "create index on odi.deliveries (ball); grant select on odi.deliveries to public; comment on table odi.deliveries is 'x'",
    ],
    [
      "a table that is rewritten",
      "alter table odi.deliveries alter ball type varchar(50); vacuum full odi.deliveries; analyze odi.deliveries",
    ],
  ])("negative control, it goes on: %s", async (_, change) => {
    const first = start();
    await first.until(streaming);
    await insertBalls(world, 20);
    await settle(world);
    await first.stop();
    for (const statement of change.split(";")) await world.sql.unsafe(statement);
    await start().until(streaming);
    await insertBalls(world, 5, 40);
    expect(await settle(world)).toMatchObject({ epoch: 1, events: 25 });
    expect(await readTopic(world, world.topics.gaps, 1)).toEqual([]);
  });

  test("a position of an earlier version does not know: it goes on, and knows from then on", async () => {
    const first = start();
    await first.until(streaming);
    await insertBalls(world, 5);
    const { published } = await settle(world);
    await first.stop();
    expect(published?.tables).toMatch(/deliveries=\d+\/\d+\.\d+/u);
    await writeOldPosition(world);
    const second = start();
    await second.until(streaming);
    await insertBalls(world, 5, 5);
    expect(await settle(world)).toMatchObject({ epoch: 1, events: 10, published });
  });
});

describe("EO-13: the same while the source streams", () => {
  test.each(HARMS.filter(([name]) => name.includes("put back") || name.includes("swapped")))(
    "%s",
    async (_, harm, reason) => {
      const source = start();
      await source.until(streaming);
      await insertBalls(world, 20);
      await settle(world);
      for (const statement of harm.split(";")) await world.sql.unsafe(statement);
      await source.until((status) => status.epoch === 2 && status.state === "streaming");
      await insertBalls(world, 5, 40);
      await settle(world);
      await expectMended(reason);
    },
  );
});

describe("what a publication leaves out for good is refused, and the remedy mends it", () => {
  const partitioned = `drop table odi.deliveries;
    create table odi.deliveries (id bigserial, inserted_at timestamptz default now(), match_id text, ball text, striker text, primary key (id)) partition by hash (id);
    create table odi.deliveries_0 partition of odi.deliveries for values with (modulus 1, remainder 0);
    alter table odi.deliveries replica identity full; alter table odi.deliveries_0 replica identity full;
    alter publication odi add table odi.deliveries`;
  test.each<Harm>([
    [
      "rows",
      "alter publication odi drop table odi.deliveries; alter publication odi add table odi.deliveries where (match_id = 'x')",
      /leaves out rows of odi\.deliveries/u,
    ],
    [
      "columns",
      "alter table odi.deliveries replica identity default; alter publication odi drop table odi.deliveries; alter publication odi add table odi.deliveries (id, match_id)",
      /leaves out columns of odi\.deliveries: season, /u,
    ],
    ["actions", "alter publication odi set (publish = 'delete')", /leaves out inserts or updates/u],
    [
      "the name of a partitioned table",
      partitioned,
      /publishes the partitions of odi\.deliveries under their own names/u,
    ],
  ])("%s", async (_, harm, message) => {
    const first = start();
    await first.until(streaming);
    await insertBalls(world, 5);
    await settle(world);
    await first.stop();
    for (const statement of harm.split(";")) await world.sql.unsafe(statement);
    await world.sql.unsafe(BALL);
    const error = await start().ended.catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(FatalError);
    expect((error as FatalError).message).toMatch(message);
    for (const statement of ((error as FatalError).remedy ?? "").split(";")) await world.sql.unsafe(statement);
    await start().until(streaming);
    await insertBalls(world, 5, 40);
    await settle(world);
    const arrived = new Set((await readTopic(world, world.topics.raw)).map((event) => event.rowId));
    for (const row of await allRowIds(world)) expect(arrived).toContain(row);
  });
});

/** A new epoch with its reason, and every row that is there now has an event. */
async function expectMended(reason: RegExp): Promise<void> {
  expect(await storedPosition(world)).toMatchObject({ epoch: 2, phase: "stream" });
  const gaps = await readTopic(world, world.topics.gaps, 1);
  expect(gaps.map(({ value }) => value["reason"])).toEqual([expect.stringMatching(reason)]);
  const arrived = new Set((await readTopic(world, world.topics.raw)).map((event) => event.rowId));
  for (const row of await allRowIds(world)) expect(arrived).toContain(row);
}
