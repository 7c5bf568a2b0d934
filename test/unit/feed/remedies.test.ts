import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { t20iScripts } from "../../../src/feed/index.ts";
import { packageFile } from "../../../src/local/paths.ts";
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
