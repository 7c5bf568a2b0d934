import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Document } from "mongodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { FatalError } from "../../../src/domain/errors.ts";
import { type FeedStatus, type FeedSummary, runFeed, t20iScripts } from "../../../src/feed/index.ts";
import type { T20iContent } from "../../../src/feed/formats/json.ts";
import { mongoTarget } from "../../../src/feed/targets/mongo.ts";
import { newDatabase, type TestDatabase } from "../../support/mongodb.ts";
import { remedyWorks } from "../../support/remedies/works.ts";
import { jsonText, write } from "../../unit/feed/files.ts";
import { feedKilledAfter } from "./killed.ts";

/* A file changes after its match was played into a real MongoDB: what it does not have any more is deleted, by one document each. */

let database: TestDatabase;
let dir: string;
let statuses: FeedStatus[];

beforeAll(async () => {
  database = await newDatabase();
  dir = mkdtempSync(join(tmpdir(), "tu-editions-"));
});

beforeEach(() => {
  statuses = [];
});

afterAll(async () => {
  rmSync(dir, { recursive: true });
  await database.close();
});

async function feed(dirs: readonly string[], acceptDeletions: boolean = false): Promise<FeedSummary> {
  const rates = { seed: 1, replayRate: 0.3, correctionRate: 0.2 };
  return await runFeed<T20iContent>({
    ...rates,
    acceptDeletions,
    scripts: await t20iScripts(dirs),
    target: mongoTarget<T20iContent>({ connection: database.url }),
    intervalMs: 0,
    signal: AbortSignal.timeout(60_000),
    onStatus: (status) => statuses.push(status),
  });
}

function folder(name: string): string {
  const path = join(dir, name);
  mkdirSync(path, { recursive: true });
  return path;
}

async function deletions(matchId: string): Promise<Document[]> {
  const options = { projection: { _id: 0 }, sort: { _id: 1 as const } };
  return await database.db.collection("deliveries").find({ match_id: matchId, deleted: true }, options).toArray();
}

/** `innings/over.ball` of what stands at the end, by the last edition that says anything of it. */
async function standing(matchId: string): Promise<string[]> {
  const there = new Map<string, boolean>();
  const found = database.db.collection("deliveries").find({ match_id: matchId }, { sort: { edition: 1, _id: 1 } });
  for await (const { innings, over, ball, deleted } of found) there.set(`${innings}/${over}.${ball}`, deleted !== true);
  return [...there].flatMap(([key, isThere]) => (isThere ? [key] : [])).toSorted();
}

test("a ball that an edition does not have is deleted by one document, and a later edition brings it back", async () => {
  const at = folder("back");
  write(at, "10.json", jsonText(25));
  await feed([at]);
  const all = await standing("10");
  expect(all).toHaveLength(25);
  expect(await deletions("10")).toEqual([]);

  write(at, "10.json", jsonText(24));
  expect(await feed([at])).toMatchObject({ editions: 1, deletions: 1, complete: true });
  expect(statuses.at(-1)?.message).toBe(
    "every match is in; a file had changed and played again, 1 ball that is no longer there was deleted",
  );
  const [gone, ...more] = await deletions("10");
  expect(more).toEqual([]);
  expect(gone).toEqual({ match_id: "10", innings: 1, over: expect.any(Number) as number, ball: expect.any(Number) as number, edition: 2, deleted: true }); // prettier-ignore
  expect(await standing("10")).toHaveLength(24);
  expect(await feed([at])).toMatchObject({ editions: 0, rowsInserted: 0 });

  write(at, "10.json", jsonText(25));
  expect(await feed([at])).toMatchObject({ editions: 1, deletions: 0 });
  expect(await standing("10")).toEqual(all);
});

test("an edition that would delete much waits until somebody agrees", async () => {
  const at = folder("much");
  write(at, "11.json", jsonText(25));
  await feed([at]);
  write(at, "11.json", jsonText(20));
  let accepts = false;
  const attempt = async (): Promise<FeedSummary> => {
    const summary = await feed([at], accepts);
    const [held] = summary.files.refused;
    if (held === undefined) return summary;
    expect(held).toContain("match 11: the new file of match 11 lacks 5 of 25 balls, more than a tenth");
    expect(statuses.at(-1)?.message).toContain("a new file would delete much and must wait");
    expect(await deletions("11")).toEqual([]);
    throw new FatalError(held, { remedy: held.slice(held.indexOf("; ") + 2) });
  };
  const agrees = (): void => void (accepts = true);
  const summary = await remedyWorks("feed/deletions-held", {
    attempt,
    does: { "play it with --accept-deletions": agrees },
  });
  expect(summary).toMatchObject({ deletions: 5, editions: 0 });
  expect(await standing("11")).toHaveLength(20);
});

test("a feed that is killed in the middle of its deletions goes on with those that are left", async () => {
  const at = folder("killed");
  write(at, "13.json", jsonText(120));
  await feed([at]);
  write(at, "13.json", jsonText(10));
  expect(await feedKilledAfter(at, database.url, 7)).toBe("SIGKILL");
  expect((await deletions("13")).length).toBeGreaterThanOrEqual(7);
  const { complete, editions, deletions: left } = await feed([at], true);
  expect({ complete, editions }).toEqual({ complete: true, editions: 0 });
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(110 - 7);
  const gone = await deletions("13");
  expect(gone).toHaveLength(110);
  expect(new Set(gone.map(({ over, ball }) => `${over}.${ball}`)).size).toBe(110);
  expect(await standing("13")).toHaveLength(10);
});

test("an edition deletes nothing when its file cannot be read, and nothing that only another folder has said", async () => {
  const [one, other] = [folder("one"), folder("other")];
  write(one, "12.json", jsonText(24));
  write(other, "12.json", jsonText(25));
  await feed([one, other]);
  expect(await standing("12")).toHaveLength(25);
  write(one, "12.json", `${jsonText(24)} `);
  expect(await feed([one, other], true)).toMatchObject({ editions: 1, deletions: 0 });
  write(one, "12.json", jsonText(24).slice(0, 300));
  expect(await feed([one, other], true)).toMatchObject({ editions: 1, deletions: 0, unreadable: 1 });
  expect(await standing("12")).toHaveLength(25);
});
