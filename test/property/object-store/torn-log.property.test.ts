import { copyFileSync, cpSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTRY_BYTES } from "../../../src/object-store/file-index.ts";
import { openReader, openWriter, readObjects } from "../../../src/object-store/open.ts";

/**
 * A writer that is killed leaves the beginning of what it wrote: of the log up to any byte, and of the index, which is written after
 * the log, up to any byte that is not ahead of it.
 */
const OBJECTS = 40;

let base: string;
let whole: string;
/** Bytes of the log after each object, from none on. */
const ends: number[] = [];

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "torn-"));
  whole = join(base, "whole");
  const writer = await openWriter(whole);
  const log = join(whole, "objects.log");
  const steps = [0, 0, 0];
  for (const [match] of steps.entries()) {
    await writer.setProgress(`m${match}`, { pass: 0, nextStep: 0, done: false, plan: {}, digest: "" });
  }
  ends.push(statSync(log).size);
  for (let n = 0; n < OBJECTS; n += 1) {
    const match = n % 3;
    const at = { matchId: `m${match}`, pass: 0, step: steps[match] ?? 0 };
    steps[match] = at.step + 1;
    await writer.append({ key: `m${match}/${n}`, body: `${n} `.repeat(1 + n * 3), contentType: "text/plain" }, at);
    ends.push(statSync(log).size);
  }
  copyFileSync(log, join(base, "log"));
  copyFileSync(join(whole, "objects.idx"), join(base, "idx"));
  await writer.close();
});

afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

describe("a store whose writer was killed", () => {
  it("holds exactly the whole objects of its log, visible ones never fewer than before, and goes on from there", async () => {
    const total = ends.at(-1) ?? 0;
    const cut = fc.integer({ min: ends[0] ?? 0, max: total });
    await fc.assert(
      fc.asyncProperty(cut, fc.double({ min: 0, max: 1, noNaN: true }), async (bytes, share) => {
        const inLog = ends.filter((end) => end <= bytes).length - 1;
        const indexBytes = Math.floor(share * inLog * ENTRY_BYTES);
        const dir = killedAt(bytes, indexBytes);
        const visible = Math.floor(indexBytes / ENTRY_BYTES);
        const reader = await openReader(dir);
        const before = await reader.list(0, 1000, Number.MAX_SAFE_INTEGER);
        expect(before.head).toBe(visible);
        expect(before.objects).toHaveLength(visible);
        const writer = await openWriter(dir);
        expect(writer.head).toBe(inLog);
        expect(writer.store).toBe(before.store);
        const step = Math.ceil(inLog / 3);
        expect(writer.progress("m0")?.nextStep).toBe(step);
        expect(await append(writer, step)).toBe(true);
        await writer.close();
        const keys: string[] = [];
        for await (const { key } of readObjects(reader)) keys.push(key);
        expect(keys).toEqual([...Array.from({ length: inLog }, (_, n) => `m${n % 3}/${n}`), "m0/new"]);
        rmSync(dir, { recursive: true });
      }),
      { numRuns: 60 },
    );
  });
});

function killedAt(logBytes: number, indexBytes: number): string {
  const dir = mkdtempSync(join(base, "run-"));
  cpSync(join(whole, "store.json"), join(dir, "store.json"));
  copyFileSync(join(base, "log"), join(dir, "objects.log"));
  copyFileSync(join(base, "idx"), join(dir, "objects.idx"));
  truncateSync(join(dir, "objects.log"), logBytes);
  truncateSync(join(dir, "objects.idx"), indexBytes);
  return dir;
}

function append(writer: Awaited<ReturnType<typeof openWriter>>, step: number): Promise<boolean> {
  return writer.append({ key: "m0/new", body: "new", contentType: "text/plain" }, { matchId: "m0", pass: 0, step });
}
