import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CRICKET_EVENT } from "../../../src/domain/cricket/topics.ts";
import { type FeedStatus, type FeedSummary, runFeed, testScripts } from "../../../src/feed/index.ts";
import { objectStoreTarget } from "../../../src/feed/targets/object-store.ts";
import { openReader, readObjects } from "../../../src/object-store/open.ts";
import { rawRecord, review } from "../../support/cricket-pipeline.ts";
import { write, yamlText } from "./files.ts";

/* A YAML file changes after its match was played into a store: what it does not have any more is deleted, by one object each. */

let root: string;
let folder: string;
let location: string;
let statuses: FeedStatus[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tu-yaml-editions-"));
  folder = mkdtempSync(join(root, "folder-"));
  location = join(root, "store");
  statuses = [];
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

async function feed(dirs: readonly string[] = [folder]): Promise<FeedSummary> {
  return await runFeed({
    scripts: await testScripts(dirs),
    target: objectStoreTarget({ location }),
    intervalMs: 0,
    seed: 1,
    replayRate: 0.3,
    correctionRate: 0.2,
    signal: AbortSignal.timeout(60_000),
    onStatus: (status) => statuses.push(status),
  });
}

async function objects(): Promise<{ key: string; body: string }[]> {
  const all: { key: string; body: string }[] = [];
  for await (const { key, body } of readObjects(await openReader(location)))
    all.push({ key, body: body?.toString() ?? "" });
  return all;
}

/** What the review makes of all objects: the last word on each delivery. */
async function standing(): Promise<string[]> {
  const records = (await objects()).map(({ body }) => rawRecord(CRICKET_EVENT.testObject, "20", body));
  const pipeline = await review(records);
  expect(pipeline.reasons()).toEqual([]);
  const there = new Map<string, boolean>();
  for (const clean of pipeline.deliveries()) {
    const { innings, over, ball } = clean.delivery;
    there.set(`${innings}/${over}.${ball}`, !("deleted" in clean));
  }
  return [...there].flatMap(([key, isThere]) => (isThere ? [key] : [])).toSorted();
}

test("a ball that an edition does not have is deleted by one object, and a later edition brings it back", async () => {
  write(folder, "20.yaml", yamlText(25));
  await feed();
  const all = await standing();
  expect(all).toHaveLength(25);
  expect((await objects()).filter(({ body }) => body.includes("edition"))).toEqual([]);

  write(folder, "20.yaml", yamlText(24));
  expect(await feed()).toMatchObject({ editions: 1, deletions: 1, complete: true });
  expect(statuses.at(-1)?.message).toContain("1 ball that is no longer there was deleted");
  const [gone, ...more] = (await objects()).filter(({ key }) => key.endsWith(".deleted.yaml"));
  expect(more).toEqual([]);
  expect(gone?.body).toMatch(/^match_id: "?'?20"?'?\ninnings: 1\nlabel: \d+\.\d+\nedition: 2\ndeleted: true\n$/u);
  expect(await standing()).toHaveLength(24);
  expect(await feed()).toMatchObject({ editions: 0, rowsInserted: 0 });

  write(folder, "20.yaml", yamlText(25));
  expect(await feed()).toMatchObject({ editions: 1, deletions: 0 });
  expect(await standing()).toEqual(all);
});

test("of a match that several folders hold nothing is deleted, and that is said: objects do not tell where they came from", async () => {
  const other = mkdtempSync(join(root, "other-"));
  write(folder, "20.yaml", yamlText(25));
  write(other, "20.yaml", yamlText(24));
  await feed([folder, other]);
  write(folder, "20.yaml", yamlText(24));
  expect(await feed([folder, other])).toMatchObject({ editions: 1, deletions: 0 });
  expect(statuses.at(-1)?.message).toContain("balls that are no longer in a file stay on the card");
});
