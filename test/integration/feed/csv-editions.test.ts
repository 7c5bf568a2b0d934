import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  ensureOdiSchema,
  type FeedStatus,
  type FeedSummary,
  odiScripts,
  postgresTarget,
  runFeed,
} from "../../../src/feed/index.ts";
import { repeatInPostgres } from "../../../src/feed/again/postgres.ts";
import { closeSql, openSql } from "../../../src/postgres/sql.ts";
import { rawRecord, review } from "../../support/cricket-pipeline.ts";
import { csv1Text, csv2Text, write } from "../../unit/feed/files.ts";
import { newWorld, readTopic, type RunningSource, settle, startSource, type World } from "../sources/harness.ts";
import { feedKilledAfter } from "./killed.ts";

/* A CSV file changes after its match was played into a real Postgres: what it does not have any more is deleted, by one row each. */

let world: World;
let dir: string;
let statuses: FeedStatus[];

beforeEach(async () => {
  world = await newWorld();
  dir = mkdtempSync(join(tmpdir(), "tu-csv-editions-"));
  statuses = [];
});

afterEach(async () => {
  await world.close();
  rmSync(dir, { recursive: true });
});

async function feed(dirs: readonly string[] = [dir], acceptDeletions: boolean = false): Promise<FeedSummary> {
  return await runFeed({
    ...{ seed: 1, replayRate: 0.3, correctionRate: 0.2, intervalMs: 0, acceptDeletions },
    scripts: await odiScripts(dirs),
    target: postgresTarget({ connection: world.url }),
    signal: AbortSignal.timeout(60_000),
    onStatus: (status) => statuses.push(status),
  });
}

async function streaming(): Promise<RunningSource> {
  const source = startSource(world);
  await source.until((status) => status.state === "streaming");
  return source;
}

/** What the review makes of all that the source has sent: `innings/over.ball=runs` of what stands at the end. */
async function standing(): Promise<string[]> {
  await settle(world);
  const events = await readTopic(world, world.topics.raw);
  const pipeline = await review(events.map(({ type, key, value }) => rawRecord(type, key, value)));
  const reasons = pipeline.reasons().filter((reason) => !/^info of match|^\d+_info\.csv, line/u.test(reason));
  expect(reasons).toEqual([]);
  const there = new Map<string, string | null>();
  for (const clean of pipeline.deliveries()) {
    const { innings, over, ball } = clean.delivery;
    there.set(`${innings}/${over}.${ball}`, "deleted" in clean ? null : String(clean.delivery.runs.total));
  }
  return [...there].flatMap(([key, runs]) => (runs === null ? [] : [`${key}=${runs}`]));
}

const FORMATS = {
  csv2: { table: "deliveries", text: (balls: number) => csv2Text("10", balls) },
  csv1: { table: "csv1_deliveries", text: csv1Text },
} as const;

/** Rows that say of a ball that it is gone. */
async function deletions(table: string): Promise<Record<string, unknown>[]> {
  const rows = await world.sql`select * from odi.${world.sql(table)} where deleted is not null order by id`;
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).filter(([name, value]) => value !== null && !["id", "inserted_at"].includes(name)),
    ),
  );
}

describe.each(["csv2", "csv1"] as const)("an edition of %s", (format) => {
  const { table, text } = FORMATS[format];
  const put = (content: string): void => {
    write(dir, "10.csv", content);
    if (format === "csv2") write(dir, "10_info.csv", "version,2.3.0\ninfo,match_id,10\n");
  };

  test("without a ball deletes it by one row, and a later one brings it back", async () => {
    await streaming();
    put(text(25));
    await feed();
    const all = await standing();
    expect(all).toHaveLength(25);
    const marked = world.sql`select count(*)::int as n from odi.${world.sql(table)} where coalesce(edition, deleted, document) is not null`;
    expect((await marked)[0]).toEqual({ n: 0 });

    put(text(24));
    expect(await feed()).toMatchObject({ editions: 1, deletions: 1, complete: true });
    expect(statuses.at(-1)?.message).toBe("every match is in; a file had changed and played again, 1 ball that is no longer there was deleted"); // prettier-ignore
    const counted = format === "csv1" ? { nth: "1" } : {};
    expect(await deletions(table)).toEqual([{ match_id: "10", innings: "1", ball: "4.1", ...counted, edition: "2", deleted: "true" }]); // prettier-ignore
    expect(await standing()).toEqual(all.slice(0, 24));
    expect(await feed()).toMatchObject({ editions: 0, rowsInserted: 0 });
    // What was said before is said once more, the deletion included.
    expect(await repeatInPostgres(world.url, 20)).toBe(20);
    expect(await deletions(table)).toHaveLength(2);
    expect(await standing()).toEqual(all.slice(0, 24));

    put(text(25));
    expect(await feed()).toMatchObject({ editions: 1, deletions: 0 });
    expect((await standing()).toSorted()).toEqual(all.toSorted());
  });

  test("without a line about its match says which, in every row of it", async () => {
    put(text(25));
    if (format === "csv2") write(dir, "10_info.csv", "version,2.3.0\ninfo,match_id,10\ninfo,city,Perth\n");
    await feed();
    put(text(25).replace("penalty_runs,1,post,5\n", "info,gender,male\n"));
    await feed();
    put(text(25).replace("penalty_runs,1,post,5\n", ""));
    if (format === "csv2") write(dir, "10_info.csv", "version,2.3.0\ninfo,match_id,10\ninfo,toss_winner,A\n");
    await feed();
    const rows = await world.sql<{ edition: string | null; withdrawn: string | null }[]>`
      select distinct edition, withdrawn from odi.${world.sql(table.replace("deliveries", "match_info"))} order by edition nulls first`;
    const gone = format === "csv2" ? ["info,city,Perth\n", "info,city,Perth\n"] : ["penalty_runs,1,post,5\n", "penalty_runs,1,post,5\ninfo,gender,male\n"]; // prettier-ignore
    expect(rows.map(({ edition, withdrawn }) => [edition, withdrawn])).toEqual([[null, null], ["2", gone[0]], ["3", gone[1]]]); // prettier-ignore
  });

  test("with a ball that moved and one that changed ends as the file says", async () => {
    await streaming();
    put(text(25));
    await feed();
    const before = await standing();
    // The last ball was the second of its over; the ninth gave a run more.
    const moved = text(25).replaceAll("4.1", "4.2");
    const changed = format === "csv2" ? moved.replace("1.3,1.3,A,B,X,Y,Z,3,0", "1.3,1.3,A,B,X,Y,Z,4,0") : moved.replace("1.3,A,X,Y,Z,3,0", "1.3,A,X,Y,Z,4,0"); // prettier-ignore
    expect(changed).not.toBe(moved);
    put(changed);
    expect(await feed()).toMatchObject({ editions: 1, deletions: 1 });
    const wanted = before.map((ball) => ball.replace("1/4.1=", "1/4.2=").replace("1/1.3=3", "1/1.3=4"));
    expect((await standing()).toSorted()).toEqual(wanted.toSorted());
  });

  test("that would delete much waits until somebody agrees", async () => {
    await streaming();
    put(text(25));
    await feed();
    put(text(20));
    const held = await feed();
    expect(held).toMatchObject({ deletions: 0 });
    expect(held.files.refused).toEqual([expect.stringContaining("match 10: the new file of match 10 lacks 5 of 25 balls, more than a tenth")]); // prettier-ignore
    expect(await deletions(table)).toEqual([]);
    expect(statuses.at(-1)?.message).toBe("every match is in; a file had changed and played again; a new file would delete much and must wait"); // prettier-ignore
    expect(await feed([dir], true)).toMatchObject({ deletions: 5, editions: 0 });
    expect(statuses.at(-1)?.message).toBe("every match is in; 5 balls that are no longer there were deleted");
    expect(await standing()).toHaveLength(20);
  });

  test("of which a part cannot be read deletes nothing", async () => {
    put(text(25));
    await feed();
    put(text(24).replace(/^(.*)1\.3,(?:1\.3,)?A.*$/mu, "$1broken"));
    expect(await feed([dir], true)).toMatchObject({ editions: 1, deletions: 0, unreadable: 1 });
    expect(await deletions(table)).toEqual([]);
    put(text(24));
    expect(await feed()).toMatchObject({ editions: 1, deletions: 1 });
    expect(await deletions(table)).toMatchObject([{ edition: "3" }]);
  });

  test("whose feed is killed in the middle of its deletions goes on with those that are left", async () => {
    await streaming();
    put(text(120));
    await feed();
    put(text(10));
    expect(await feedKilledAfter(dir, world.url, 7)).toBe("SIGKILL");
    expect((await deletions(table)).length).toBeGreaterThanOrEqual(7);
    const { complete, editions, deletions: left } = await feed([dir], true);
    expect({ complete, editions }).toEqual({ complete: true, editions: 0 });
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(110 - 7);
    const gone = await deletions(table);
    expect(gone).toHaveLength(110);
    expect(new Set(gone.map(({ ball }) => ball)).size).toBe(110);
    expect(await standing()).toHaveLength(10);
  });

  test("deletes nothing that only another folder has said", async () => {
    const [one, other] = [join(dir, "one"), join(dir, "other")];
    for (const [folder, balls] of [
      [one, 24],
      [other, 25],
    ] as const) {
      mkdirSync(folder);
      write(folder, "10.csv", text(balls));
    }
    await streaming();
    await feed([one, other]);
    expect(await standing()).toHaveLength(25);
    write(one, "10.csv", text(23));
    expect(await feed([one, other])).toMatchObject({ editions: 1, deletions: 1 });
    expect(await deletions(table)).toMatchObject([{ ball: "3.6" }]);
    write(other, "10.csv", text(23));
    expect(await feed([one, other])).toMatchObject({ editions: 1, deletions: 2 });
    expect(await deletions(table)).toMatchObject([{ ball: "3.6" }, { ball: "3.6", document: expect.stringContaining("#other") as string }, { ball: "4.1" }]); // prettier-ignore
    expect(await standing()).toHaveLength(23);
  });
});

test("a match without an info file deletes what its balls' file does not have any more", async () => {
  write(dir, "10.csv", csv2Text("10", 25));
  await feed();
  write(dir, "10.csv", csv2Text("10", 24));
  expect(await feed()).toMatchObject({ editions: 1, deletions: 1, unreadable: 1 });
});

test("tables of an earlier version get the columns, their rows are of the first edition, and a source that streams goes on", async () => {
  const added = `alter table odi.feed_progress drop column edition;
    alter table odi.match_info drop column edition, drop column withdrawn, drop column document;
    alter table odi.csv1_match_info drop column edition, drop column withdrawn, drop column document;
    alter table odi.deliveries drop column edition, drop column deleted, drop column document;
    alter table odi.csv1_deliveries drop column edition, drop column deleted, drop column document`;
  await world.sql.unsafe(added);
  const role = `reader_${world.name}`;
  await world.sql.unsafe(`create role ${role} login password 'p'; grant usage on schema odi to ${role}`);
  const url = new URL(world.url);
  [url.username, url.password] = [role, "p"];
  const reader = openSql(url.href, { applicationName: "test" });
  try {
    // Who only reads does without; the feed cannot.
    await expect(ensureOdiSchema(reader, "odi", "reader")).resolves.toBeUndefined();
    await expect(ensureOdiSchema(reader)).rejects.toMatchObject({ code: "42501" });
  } finally {
    await closeSql(reader);
    await world.sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  }
  // As the version before wrote it.
  const source = await streaming();
  await world.sql`insert into odi.match_info (match_id, info) values ('10', 'version,2.3.0')`;
  for (const line of csv2Text("10", 25).trim().split("\n").slice(1)) {
    const [match_id = "", , , , innings = "", ball = "", , batting_team = "", , striker = "", non_striker = "", bowler = "", runs_off_bat = "", extras = "", wides = ""] = line.split(","); // prettier-ignore
    await world.sql`insert into odi.deliveries ${world.sql({ match_id, innings, ball, batting_team, striker, non_striker, bowler, runs_off_bat, extras, wides })}`; // prettier-ignore
  }
  await world.sql`insert into odi.feed_progress (match_id, pass, next_step, done, plan, files_sha256) values ('10', 0, 26, true, '{"seed":1,"replayRate":0,"correctionRate":0}', 'x')`;
  expect(await standing()).toHaveLength(25);
  const indexes = async (): Promise<unknown[]> =>
    (
      await world.sql`select indexname from pg_indexes where schemaname = 'odi' and indexdef like '%(match_id)' order by 1`
    )
      .map((row) => row["indexname"] as unknown)
      .filter((name) => name !== "feed_progress_pkey");
  // Each row would pay for an index: it is made when somebody looks a match up.
  expect(await indexes()).toEqual([]);
  write(dir, "10.csv", csv2Text("10", 24));
  write(dir, "10_info.csv", "version,2.3.0\ninfo,match_id,10\n");
  expect(await feed()).toMatchObject({ editions: 1, deletions: 1 });
  expect(await deletions("deliveries")).toMatchObject([{ ball: "4.1", edition: "2" }]);
  expect(await indexes()).toEqual(["deliveries_match_id", "match_info_match_id"]);
  expect(await standing()).toHaveLength(24);
  expect(source.current()).toMatchObject({ state: "streaming" });
});
