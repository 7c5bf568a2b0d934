import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runFeed, t20iScripts, testScripts } from "../../../src/feed/index.ts";
import { objectStoreTarget } from "../../../src/feed/targets/object-store.ts";
import { packageFile } from "../../../src/local/paths.ts";
import { openWriter } from "../../../src/object-store/open.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

/* Folders that cannot be fed: the remedy is done, and their matches are found. */

const MATCH = "1415706";
let root: string;
let dir: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tu-feed-"));
  dir = join(root, "empty");
  mkdirSync(dir);
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

const ids = async (): Promise<string[]> => (await t20iScripts([dir])).map(({ matchId }) => matchId);
const good = (): void => void (dir = packageFile("data/t20i"));

test("a folder that is not there is another one", async () => {
  dir = join(root, "nothing");
  expect(await remedyWorks("feed/no-folder", { attempt: ids, does: { "give a folder of": good } })).toContain(MATCH);
});

test("a folder without matches is one that has some", async () => {
  const attempt = ids;
  expect(
    await remedyWorks("feed/folder-of-nothing", { attempt, does: { "give a folder that does with --t20i": good } }),
  ).toContain(MATCH);
});

test("a file that is gone is put back", async () => {
  const file = join(dir, `${MATCH}.json`);
  const put = (): void => copyFileSync(packageFile("data/t20i", `${MATCH}.json`), file);
  put();
  const [script] = await t20iScripts([dir]);
  rmSync(file);
  await remedyWorks("feed/file-gone", {
    attempt: () => script!.digest(),
    does: { "put the file back, or make it readable, and start the feed again": put },
  });
});

test("a match that is not there is one that is", async () => {
  let matches = ["1"];
  const attempt = async (): Promise<unknown> =>
    runFeed({
      scripts: await testScripts([packageFile("data/test")]),
      matches,
      target: objectStoreTarget({ location: dir }),
      intervalMs: 0,
      seed: 1,
      replayRate: 0,
      correctionRate: 0,
      signal: new AbortController().signal,
      onStatus: () => undefined,
    });
  const choose = async (): Promise<void> => {
    const remedy = await attempt().catch((error: unknown) => String(Reflect.get(error as Error, "remedy")));
    matches = [/e\.g\. (?<id>\d+)/u.exec(String(remedy))!.groups!["id"]!];
  };
  expect(
    await remedyWorks("feed/no-such-match", { attempt, does: { "choose one that is there, e.g. ": choose } }),
  ).toMatchObject({ matchesDone: 1 });
});

test("a store that another feed writes is written when that one was stopped", async () => {
  const other = await openWriter(dir);
  const attempt = async (): Promise<void> => (await openWriter(dir)).close();
  await remedyWorks("feed/second-feed", {
    attempt,
    does: { "stop the other `third-umpire feed` first": () => other.close() },
  });
});
