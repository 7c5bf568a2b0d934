import type { ClientSession } from "mongodb";
import { describe, expect, test } from "vitest";
import { OrderedCommits } from "../../../src/feed/targets/mongo-commits.ts";

/** A server whose disk is written when the test says so. */
class Disk {
  readonly log: string[] = [];
  readonly waits: ((error?: Error) => void)[] = [];
  ended = 0;
  opened = 0;

  readonly client = {
    startSession: (): ClientSession => {
      this.opened += 1;
      const session = {
        commitTransaction: () =>
          new Promise<void>((resolve, reject) => {
            this.log.push("disk");
            this.waits.push((error) => (error === undefined ? resolve() : reject(error)));
          }),
        endSession: () => {
          this.ended += 1;
          return Promise.resolve();
        },
      };
      return session as unknown as ClientSession;
    },
  };

  /** A transaction that is committed in memory at once. */
  transaction(name: string, inserted = true): () => Promise<boolean> {
    return () => {
      this.log.push(name);
      return Promise.resolve(inserted);
    };
  }
}

/** Everything that can go on without the disk has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("EO-11: a document is acknowledged when it is on disk, and the disk is waited for by many at once", () => {
  test("transactions follow one another at once, in order; none is acknowledged before the disk is written", async () => {
    const disk = new Disk();
    const commits = new OrderedCommits({ client: disk.client, groupRows: 4 });
    const acknowledged: number[] = [];
    const all = Array.from({ length: 10 }, async (_, n) => {
      expect(await commits.add(disk.transaction(String(n)))).toBe(true);
      acknowledged.push(n);
    });
    await settled();
    expect(disk.log.filter((entry) => entry !== "disk")).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    expect(acknowledged).toEqual([]);
    expect(disk.waits).toHaveLength(1);
    disk.waits[0]?.();
    await settled();
    expect(acknowledged).toEqual([0, 1, 2, 3]);
    expect(disk.waits).toHaveLength(2);
    disk.waits[1]?.();
    await Promise.all(all);
    // Ten documents, two waits.
    expect(disk.waits).toHaveLength(2);
    await commits.close();
    expect(disk.ended).toBe(disk.opened);
  });

  test("a single document, as in live play, waits for nothing but the disk", async () => {
    const disk = new Disk();
    const commits = new OrderedCommits({ client: disk.client, groupRows: 16 });
    const one = commits.add(disk.transaction("one"));
    await settled();
    expect(disk.waits).toHaveLength(1);
    disk.waits[0]?.();
    expect(await one).toBe(true);
  });

  test("a disk that is not written acknowledges nothing, and whoever waits behind fails with it until the match begins again", async () => {
    const disk = new Disk();
    const commits = new OrderedCommits({ client: disk.client, groupRows: 2 });
    const results = ["a", "b", "c"].map((name) => commits.add(disk.transaction(name)));
    await settled();
    disk.waits[0]?.(new Error("killed"));
    await expect(results[0]).rejects.toThrow("killed");
    await expect(results[1]).rejects.toThrow("killed");
    await settled();
    disk.waits[1]?.(new Error("killed, too"));
    await expect(results[2]).rejects.toThrow("killed, too");
    await expect(commits.add(disk.transaction("d"))).rejects.toThrow("killed");
    expect(disk.log).not.toContain("d");
    commits.begin();
    const again = commits.add(disk.transaction("e"));
    await settled();
    disk.waits[2]?.();
    expect(await again).toBe(true);
  });

  test("a transaction that fails lets none behind it run; one that inserts nothing says so at once", async () => {
    const disk = new Disk();
    const commits = new OrderedCommits({ client: disk.client, groupRows: 2 });
    expect(await commits.add(disk.transaction("elsewhere", false))).toBe(false);
    const failing = commits.add(() => Promise.reject(new Error("refused")));
    const behind = commits.add(disk.transaction("behind"));
    await expect(failing).rejects.toThrow("refused");
    await expect(behind).rejects.toThrow("refused");
    expect(disk.log).toEqual(["elsewhere"]);
    await commits.close();
    expect(disk.ended).toBe(disk.opened);
  });
});
