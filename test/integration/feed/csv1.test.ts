import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureOdiSchema, type FeedSummary, odiScripts, postgresTarget, runFeed } from "../../../src/feed/index.ts";
import { planMatch } from "../../../src/feed/plan.ts";
import { CSV1_COLUMNS } from "../../../src/pipelines/cricket/sources/odi.ts";
import { closeSql, openSql } from "../../../src/postgres/sql.ts";
import { csv1Text } from "../../unit/feed/files.ts";
import { newWorld, readTopic, settle, startSource, type World } from "../sources/harness.ts";
import { makeMatches } from "./matches.ts";

const messy = { seed: 5, replayRate: 0.3, correctionRate: 0.1 };

let world: World;
let dir: string;
beforeEach(async () => {
  world = await newWorld();
  dir = mkdtempSync(join(tmpdir(), "tu-csv1-"));
});
afterEach(async () => {
  await world.close();
  rmSync(dir, { recursive: true, force: true });
});

async function feed(dirs: readonly string[], abortAfter = Number.POSITIVE_INFINITY): Promise<FeedSummary> {
  const abort = new AbortController();
  return await runFeed({
    scripts: await odiScripts(dirs),
    target: postgresTarget({ connection: world.url }),
    intervalMs: 0,
    ...messy,
    signal: AbortSignal.any([abort.signal, AbortSignal.timeout(60_000)]),
    now: clock(),
    onStatus: (status) => (status.rowsInserted >= abortAfter ? abort.abort() : undefined),
  });
}

/** Every row is told: no two come at the same time. */
function clock(): () => number {
  let ms = 0;
  return () => (ms += 1000);
}

/** The rows of a table in the order of their ids, as text. */
async function rowsOf(table: string, columns: readonly string[]): Promise<string[]> {
  const rows = await world.sql.unsafe(`select ${columns.join(", ")} from odi.${table} order by id`);
  return rows.map((row) => JSON.stringify(Object.values(row)));
}

async function plannedRows(dirs: readonly string[], table: string): Promise<string[]> {
  const rows: string[] = [];
  for (const script of await odiScripts(dirs)) {
    for await (const { content } of planMatch(script, 0, messy)) {
      if (content.table !== table) continue;
      rows.push(JSON.stringify("columns" in content ? content.columns : "info" in content ? [content.info] : []));
    }
  }
  return rows;
}

test("EO-3: the original CSV goes in row by row, also when the feed is stopped again and again", async () => {
  writeFileSync(join(dir, "7.csv"), csv1Text(150));
  let runs = 0;
  for (let complete = false; !complete; runs += 1) complete = (await feed([dir], 20)).complete;
  expect(runs).toBeGreaterThan(3);
  expect(await rowsOf("csv1_deliveries", CSV1_COLUMNS)).toEqual(await plannedRows([dir], "csv1_deliveries"));
  expect(await rowsOf("csv1_match_info", ["info"])).toEqual(await plannedRows([dir], "csv1_match_info"));
  expect((await feed([dir])).rowsInserted).toBe(0);
});

test("a match that comes in csv2 and in the original CSV is played from both, one after the other", async () => {
  const csv2 = makeMatches(["7", "8"], 30);
  writeFileSync(join(dir, "7.csv"), csv1Text(30));
  const summary = await feed([csv2, dir]);
  expect(summary).toMatchObject({ complete: true, matchesTotal: 3, matchesDone: 3, unreadable: 0 });
  const [order] = await world.sql<{ apart: boolean }[]>`
    select (select max(inserted_at) from odi.deliveries where match_id = '7')
         < (select min(inserted_at) from odi.csv1_match_info where match_id = '7') as apart`;
  expect(order?.apart).toBe(true);
  // In the other order nothing is new: each has progress of its own.
  expect((await feed([dir, csv2])).rowsInserted).toBe(0);
  rmSync(csv2, { recursive: true });
});

test("the schema of an earlier version gets what is missing, publication included, and keeps its rows", async () => {
  await world.sql`insert into odi.match_info (match_id, info) values ('1', 'version,2.3.0')`;
  await world.sql`drop table odi.csv1_deliveries, odi.csv1_match_info`;
  await Promise.all([ensureOdiSchema(world.sql), ensureOdiSchema(world.sql)]);
  const published = await world.sql`select tablename from pg_publication_tables where pubname = 'odi' order by 1`;
  expect(published.map((row) => String(row["tablename"]))).toEqual([
    "csv1_deliveries",
    "csv1_match_info",
    "deliveries",
    "match_info",
    "unreadable_rows",
  ]);
  expect(await rowsOf("match_info", ["match_id"])).toEqual(['["1"]']);
});

test("the table of an earlier version gets the columns of longer ball lines; a source that streams goes on", async () => {
  const earlier = CSV1_COLUMNS.slice(0, 12).map((name) => `${name} text`);
  await world.sql.unsafe(`drop table odi.csv1_deliveries;
    create table odi.csv1_deliveries (id bigserial primary key, inserted_at timestamptz not null default now(), ${earlier.join(", ")});
    alter table odi.csv1_deliveries replica identity full;
    alter publication odi add table odi.csv1_deliveries`);
  await world.sql`insert into odi.csv1_deliveries (match_id, ball) values ('1', '0.1')`;
  const source = startSource(world);
  await source.until((status) => status.state === "streaming");
  writeFileSync(join(dir, "7.csv"), 'version,1.8.0\nball,1,0.1,A,X,Y,Z,0,1,,1,,,,"","",0.1,,,,\n');
  await feed([dir]);
  await settle(world);
  const events = await readTopic(world, world.topics.raw);
  const sent = events.filter((event) => event.type === "cricket.odi.csv1-delivery.v1");
  expect(sent.map(({ value }) => [value["match_id"], value["noballs"], value["fielder_3"]])).toEqual([
    ["1", undefined, undefined],
    ["7", "1", ""],
  ]);
});

test("where the schema is complete nothing needs the right to create", async () => {
  const role = `reader_${world.name}`;
  await world.sql.unsafe(`create role ${role} login password 'p'; grant usage on schema odi to ${role}`);
  const url = new URL(world.url);
  [url.username, url.password] = [role, "p"];
  const sql = openSql(url.href, { applicationName: "test" });
  try {
    await expect(ensureOdiSchema(sql)).resolves.toBeUndefined();
    await expect(ensureOdiSchema(sql, "other")).rejects.toMatchObject({ code: "42501" });
  } finally {
    await closeSql(sql);
    await world.sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  }
});

test("the rows of the original CSV leave the source in order, with event types of their own", async () => {
  writeFileSync(join(dir, "7.csv"), csv1Text(20));
  const source = startSource(world);
  await source.until((status) => status.state === "streaming");
  await feed([dir]);
  await settle(world);
  const events = await readTopic(world, world.topics.raw);
  const types = new Set(events.map((event) => event.type));
  expect(types).toEqual(new Set(["cricket.odi.csv1-match.v1", "cricket.odi.csv1-delivery.v1"]));
  const sent = events.filter((event) => event.type === "cricket.odi.csv1-delivery.v1");
  const planned = await plannedRows([dir], "csv1_deliveries");
  expect(sent.map(({ value }) => JSON.stringify(CSV1_COLUMNS.map((name) => value[name])))).toEqual(planned);
});
