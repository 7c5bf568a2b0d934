import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runFeed, testScripts, type FeedSummary } from "../../../src/feed/index.ts";
import { objectStoreTarget } from "../../../src/feed/targets/object-store.ts";
import { openReader, readObjects } from "../../../src/object-store/open.ts";
import { packageFile } from "../../../src/local/paths.ts";

const TESTS = packageFile("data", "test");

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "feed-objects-"));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

async function play(location: string, again = false): Promise<FeedSummary> {
  return await runFeed({
    scripts: await testScripts([TESTS]),
    target: objectStoreTarget({ location }),
    intervalMs: 0,
    seed: 11,
    replayRate: 0.3,
    correctionRate: 0.02,
    again,
    signal: new AbortController().signal,
    onStatus: () => undefined,
  });
}

/** The objects of each match in their order, and all numbers. */
async function contents(location: string): Promise<{ matches: Map<string, string[]>; numbers: number[] }> {
  const matches = new Map<string, string[]>();
  const numbers: number[] = [];
  for await (const { seq, key, body } of readObjects(await openReader(location))) {
    const match = key.split("/")[0] ?? "";
    numbers.push(seq);
    matches.set(match, [...(matches.get(match) ?? []), `${key}\n${body?.toString() ?? ""}`]);
  }
  return { matches, numbers };
}

describe("a feed into an object store", () => {
  it("puts in what its plan says, once; a finished folder adds nothing, unless it is played again", async () => {
    const location = join(dir, "a");
    const first = await play(location);
    expect(first).toMatchObject({ complete: true, matchesDone: 3 });
    const { matches, numbers } = await contents(location);
    expect(numbers).toEqual(Array.from({ length: first.rowsInserted }, (_, index) => index + 1));
    expect(matches.size).toBe(3);
    expect((await play(location)).rowsInserted).toBe(0);
    const again = await play(location, true);
    expect(again.complete).toBe(true);
    expect((await contents(location)).numbers).toHaveLength(first.rowsInserted + again.rowsInserted);
  });

  it("killed in the middle of appends, again and again, ends with the same objects in the same order", async () => {
    const undisturbed = join(dir, "undisturbed");
    await play(undisturbed);
    const location = join(dir, "killed");
    for (const inserts of [1, 333, 1000, 0]) {
      const child = fork(
        fileURLToPath(new URL("object-store.child.ts", import.meta.url)),
        [TESTS, location, String(inserts)],
        { execArgv: ["--import", "tsx"], stdio: ["ignore", "ignore", "inherit", "ipc"] },
      );
      const ended: unknown = await once(child, "exit");
      expect(ended).toEqual(inserts === 0 ? [0, null] : [null, "SIGKILL"]);
    }
    const [expected, found] = [await contents(undisturbed), await contents(location)];
    expect(found.matches).toEqual(expected.matches);
    expect(found.numbers).toEqual(expected.numbers.map((_, index) => index + 1));
  });
});
