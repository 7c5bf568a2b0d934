import { fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type FeedOptions,
  type FeedStatus,
  type FeedSummary,
  type OdiContent,
  type Step,
  odiScripts,
  postgresTarget,
  runFeed,
} from "../../../src/feed/index.ts";
import { postgresConnection } from "../../../src/feed/targets/postgres.ts";
import { newWorld, type World } from "../sources/harness.ts";
import { HEADER, ballLine, expectation, insertedRows, makeMatches, writeMatch } from "./matches.ts";

const messy = { seed: 5, replayRate: 0.3, correctionRate: 0.1 };
const plain = { seed: 5, replayRate: 0, correctionRate: 0 };
const ids = ["101", "102", "103", "104", "105"];

let world: World;
let dir: string;
beforeEach(async () => {
  world = await newWorld();
  dir = makeMatches(ids, 120);
});
afterEach(async () => {
  await world.close();
  rmSync(dir, { recursive: true, force: true });
});

async function feed(change: Partial<FeedOptions> = {}): Promise<{ summary: FeedSummary; statuses: FeedStatus[] }> {
  const statuses: FeedStatus[] = [];
  const summary = await runFeed({
    scripts: await odiScripts([dir]),
    target: postgresTarget({ connection: world.url }),
    intervalMs: 0,
    ...messy,
    signal: AbortSignal.timeout(60_000),
    onStatus: (status) => statuses.push(status),
    ...change,
  });
  return { summary, statuses };
}

async function countRows(): Promise<number> {
  const [row] = await world.sql<{ n: number }[]>`
    select ((select count(*) from odi.deliveries) + (select count(*) from odi.match_info) + (select count(*) from odi.unreadable_rows))::int as n`;
  return row?.n ?? 0;
}

test("every step of the plan is inserted exactly once, each in its own transaction, EO-3: in order per match", async () => {
  const { summary } = await feed();
  expect(summary).toMatchObject({ complete: true, matchesDone: 5, matchesTotal: 5, unreadable: 0 });
  expect(summary.replays).toBeGreaterThan(100);
  expect(summary.wrongs).toBe(2 * summary.corrections);
  expect(summary.rowsInserted).toBe(await countRows());
  for (const id of ids) expect(await insertedRows(world.sql, id)).toEqual(await expectation(dir, id, messy));
  const [transactions] =
    await world.sql`select count(distinct xmin::text)::int as n, count(*)::int as rows from odi.deliveries`;
  expect(transactions?.["n"]).toBe(transactions?.["rows"]);
});

test("a finished folder inserts nothing more; again plays another pass; one new match is played alone", async () => {
  const first = await feed(plain);
  expect(first.summary.rowsInserted).toBe(5 * 121);
  expect((await feed(plain)).summary).toMatchObject({ rowsInserted: 0, complete: true, matchesDone: 5 });
  expect((await feed({ ...plain, again: true })).summary.rowsInserted).toBe(5 * 121);
  writeMatch(dir, "106", 10);
  expect((await feed(plain)).summary).toMatchObject({ rowsInserted: 11, matchesDone: 6 });
});

test("SIGKILL of the feed at random instants: it goes on where it was, and no step is inserted twice or left out", async () => {
  const childPath = fileURLToPath(new URL("feed.child.ts", import.meta.url));
  const arguments_ = [dir, world.url, JSON.stringify(messy)];
  let kills = 0;
  for (let finished = false; !finished;) {
    const child = fork(childPath, arguments_, {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const exited = once(child, "exit");
    const target = (await countRows()) + 60 + Math.floor(Math.random() * 150);
    while (kills < 5 && child.exitCode === null && (await countRows()) < target)
      await new Promise((resolve) => setTimeout(resolve, 2));
    if (kills < 5 && child.exitCode === null) {
      kills += 1;
      child.kill("SIGKILL");
    }
    const [code] = await exited;
    finished = code === 0;
  }
  expect(kills).toBeGreaterThanOrEqual(2);
  for (const id of ids) expect(await insertedRows(world.sql, id)).toEqual(await expectation(dir, id, messy));
});

test("a match that was begun is finished by the plan it was begun with", async () => {
  const abort = new AbortController();
  await feed({
    matches: ["101"],
    live: ["101"],
    intervalMs: 10,
    signal: abort.signal,
    onStatus: (status) => (status.rowsInserted > 50 ? abort.abort() : undefined),
  });
  const begun = await world.sql<
    { match_id: string }[]
  >`select match_id from odi.feed_progress where not done and next_step > 0`;
  expect(begun.length).toBeGreaterThan(0);
  await feed({ ...plain, seed: 99 });
  for (const { match_id } of begun)
    expect(await insertedRows(world.sql, match_id)).toEqual(await expectation(dir, match_id, messy));
});

test("a file that changed since its match was begun is played from its start", async () => {
  const abort = new AbortController();
  const only = { matches: ["101"] };
  await feed({
    ...plain,
    ...only,
    // Ball by ball: at full speed a quick machine is through before the first status says so.
    live: ["101"],
    intervalMs: 10,
    signal: abort.signal,
    onStatus: (status) => (status.rowsInserted > 20 ? abort.abort() : undefined),
  });
  const before = (await insertedRows(world.sql, "101")).deliveries.length;
  expect(before).toBeLessThan(120);
  appendFileSync(join(dir, "101.csv"), `${ballLine("101", 120)}\n`);
  expect((await feed({ ...plain, ...only })).summary.complete).toBe(true);
  const { deliveries } = await insertedRows(world.sql, "101");
  expect(deliveries.slice(before)).toEqual((await expectation(dir, "101", plain, 1)).deliveries);
});

test("finished matches go in at full speed, then the live ones one after the other, a ball an interval", async () => {
  writeMatch(dir, "104", 6);
  writeMatch(dir, "102", 4);
  const { summary, statuses } = await feed({ ...plain, live: ["104", "102"], intervalMs: 60 });
  expect(summary.complete).toBe(true);
  const rows = await world.sql<
    { match_id: string; at: Date }[]
  >`select match_id, inserted_at as at from odi.deliveries order by id`;
  expect(rows.slice(-10).map((row) => row.match_id)).toEqual([...Array(6).fill("104"), ...Array(4).fill("102")]);
  const times = rows.slice(-10, -4).map((row) => row.at.getTime());
  // Each waits for its own instant, so early ones make up for late ones: the sum counts, not each gap.
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(4.5 * 60);
  expect(statuses.some((status) => status.state === "playing")).toBe(true);
  expect(statuses.findLast((status) => status.state === "live")).toMatchObject({ match: "102", line: 4 });
});

describe("bad input lands where it should, and the rest goes on", () => {
  test("wrong columns, quoting, UTF-8, NUL, a 21 MB line, a 10 MB field, a truncated end, an unreadable info file", async () => {
    const lines = [
      HEADER,
      ballLine("101", 0),
      "1,2,3",
      ballLine("101", 1).replace('é"', "é"),
      Buffer.concat([Buffer.from(ballLine("101", 2)), Buffer.from([0xff])]),
      `${ballLine("101", 3)}\0`,
      `101,${"x".repeat(21 * 1024 * 1024)}`,
      ballLine("101", 4).replace("V, é", "v".repeat(10_000_000)),
      ballLine("101", 5),
      ballLine("101", 6).slice(0, 20),
    ];
    writeFileSync(
      join(dir, "101.csv"),
      Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from("\n")]).slice(0, -1)),
    );
    writeFileSync(join(dir, "101_info.csv"), Buffer.from([0x76, 0xc3, 0x28]));
    const { summary } = await feed({ ...plain, matches: ["101"] });
    expect(summary).toMatchObject({ complete: true, unreadable: 7, rowsInserted: 10 });
    const unreadable = await world.sql<{ file: string; line: number; length: number; problem: string }[]>`
      select file, line, length(raw)::int, problem from odi.unreadable_rows order by id`;
    expect(
      unreadable.map((row) => [row.file, row.line, row.problem.replace(/sha256 [0-9a-f]{64}/u, "sha256 …")]),
    ).toEqual([
      ["101_info.csv", 1, "invalid UTF-8"],
      ["101.csv", 3, "3 columns instead of 27"],
      ["101.csv", 4, expect.stringMatching(/^broken quoting/u)],
      ["101.csv", 5, "invalid UTF-8"],
      ["101.csv", 6, expect.stringMatching(/^NUL byte at byte/u)],
      ["101.csv", 7, `${21 * 1024 * 1024 + 4} bytes in one line; sha256 …`],
      ["101.csv", 10, expect.stringMatching(/never closed|the file ends within this line/u)],
    ]);
    expect(unreadable[5]?.length).toBe(65_536);
    const [venue] = await world.sql`select max(length(venue))::int as n from odi.deliveries`;
    expect(venue?.["n"]).toBe(10_000_000);
  });
});

test("a step that is not the next one inserts nothing: what is pipelined behind a failure cannot overtake it", async () => {
  const target = postgresConnection(world.sql);
  const begun = await target.begin("101", plain, "digest");
  const step: Step<OdiContent> = {
    content: { table: "match_info", matchId: "101", info: "x" },
    cause: "file",
    line: 0,
    bytes: 1,
  };
  const at = { matchId: "101", pass: begun.pass };
  expect(await target.insert({ ...at, step: 1 }, step)).toBe(false);
  expect(await target.insert({ ...at, step: 0 }, step)).toBe(true);
  expect(await target.insert({ ...at, step: 0 }, step)).toBe(false);
  expect(await target.insert({ ...at, pass: 1, step: 1 }, step)).toBe(false);
  expect(await countRows()).toBe(1);
  expect(await target.finish("101", begun.pass, 2)).toBe(false);
});

test("a match that is not in the folder is refused with a remedy", async () => {
  await expect(feed({ live: ["999"] })).rejects.toMatchObject({
    reaction: "exit",
    message: expect.stringContaining("no match 999"),
  });
});
