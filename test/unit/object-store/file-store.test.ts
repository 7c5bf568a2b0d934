import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFileWriter } from "../../../src/object-store/file-writer.ts";
import { ensureStore, openReader, openWriter, readObjects } from "../../../src/object-store/open.ts";
import { etagOf, type ObjectReader, type ObjectWriter, type StoredObject } from "../../../src/object-store/store.ts";

const FRESH = { pass: 0, nextStep: 0, done: false, plan: { seed: 7 }, digest: "abc" };
const ALL = Number.MAX_SAFE_INTEGER;

let dir: string;
let reader: ObjectReader;

beforeEach(async () => {
  dir = join(mkdtempSync(join(tmpdir(), "object-store-")), "store");
  reader = await openReader(dir);
});

afterEach(() => {
  rmSync(join(dir, ".."), { recursive: true, force: true });
});

/** Appends objects `from` … `from + count - 1` of match m; returns the writer. */
async function fill(count: number, from = 0): Promise<ObjectWriter> {
  const writer = await openWriter(dir);
  if (writer.progress("m") === undefined) await writer.setProgress("m", FRESH);
  await Promise.all(Array.from({ length: count }, (_, index) => put(writer, from + index)));
  return writer;
}

function put(writer: ObjectWriter, step: number): Promise<boolean> {
  const object = { key: `m/1/${step}.yaml`, body: `n: ${step}\n`, contentType: "application/yaml" };
  return writer.append(object, { matchId: "m", pass: 0, step });
}

async function bodies(): Promise<string[]> {
  const found: StoredObject[] = [];
  for await (const object of readObjects(reader)) found.push(object);
  return found.map((object) => object.body?.toString().trim() ?? "null");
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `n: ${n}`);

describe("a file store", () => {
  it("numbers objects from 1 without a hole and gives them back as they were", async () => {
    const writer = await fill(3);
    const { store, head, objects } = await reader.list(0, 10, ALL);
    expect(store).toBe(writer.store);
    expect(head).toBe(3);
    expect(objects.map(({ seq, key }) => [seq, key])).toEqual([
      [1, "m/1/0.yaml"],
      [2, "m/1/1.yaml"],
      [3, "m/1/2.yaml"],
    ]);
    const [first] = objects;
    expect(first).toMatchObject({ etag: etagOf("n: 0\n"), size: 5, contentType: "application/yaml" });
    expect(first?.at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u);
    expect(await reader.get(2, ALL)).toEqual(objects[1]);
    expect(await reader.get(4, ALL)).toBeNull();
    await writer.close();
  });

  it("keeps the order of appends that are made at once", async () => {
    const writer = await fill(500);
    await writer.close();
    expect(await bodies()).toEqual(numbered(500));
  });

  it("lists at most so many objects, and at most so many bytes but for a first one that is larger", async () => {
    await (await fill(10)).close();
    expect((await reader.list(4, 3, ALL)).objects.map(({ seq }) => seq)).toEqual([5, 6, 7]);
    const one = await reader.list(0, 10, 300);
    expect(one.objects.length).toBeGreaterThan(0);
    expect(one.objects.length).toBeLessThan(10);
    const none = await reader.list(0, 10, 5);
    expect(none.objects).toHaveLength(1);
    expect(none.objects[0]).toMatchObject({ seq: 1, body: null, size: 5, key: "m/1/0.yaml" });
  });

  it("has no id before it is created, one from then on, and another one after it was removed", async () => {
    expect(await reader.list(0, 10, ALL)).toEqual({ store: "", head: 0, objects: [] });
    await Promise.all(Array.from({ length: 5 }, () => ensureStore(dir)));
    const { store } = await reader.list(0, 10, ALL);
    expect(store).toMatch(/^[0-9a-f]{16}$/u);
    const writer = await fill(2);
    expect(writer.store).toBe(store);
    await writer.close();
    rmSync(dir, { recursive: true });
    await (await fill(1)).close();
    expect((await reader.list(0, 10, ALL)).store).not.toBe(store);
  });

  it("inserts nothing when the match does not stand at that step", async () => {
    const writer = await fill(2);
    expect(await put(writer, 3)).toBe(false);
    expect(await put(writer, 1)).toBe(false);
    await writer.setProgress("m", { ...FRESH, nextStep: 2, done: true });
    expect(await put(writer, 2)).toBe(false);
    expect(writer.head).toBe(2);
    await writer.close();
  });

  it("knows after a restart how far each match is, with and without its checkpoint", async () => {
    await (await fill(5)).close();
    for (const forget of [false, true]) {
      if (forget) rmSync(join(dir, "checkpoint.json"));
      const writer = await openWriter(dir);
      expect(writer.progress("m")).toEqual({ ...FRESH, nextStep: 5 });
      expect(writer.head).toBe(5);
      await writer.close();
    }
  });

  it.each(["always", "checkpoints"] as const)("stores what was acknowledged with sync '%s'", async (sync) => {
    const writer = await openFileWriter(dir, { sync });
    await writer.setProgress("m", FRESH);
    await put(writer, 0);
    expect(await bodies()).toEqual(numbered(1)); // before anything is closed
    await writer.close();
  });

  it("has one writer at a time, and says which process it is", async () => {
    const writer = await fill(1);
    await expect(openWriter(dir)).rejects.toMatchObject({
      message: expect.stringContaining(`process ${process.pid}`) as string,
      remedy: expect.stringContaining("stop the other") as string,
    });
    await writer.close();
    await (await openWriter(dir)).close();
  });

  it("is free when the process that wrote it is gone, whatever it left in the lock", async () => {
    await (await fill(1)).close();
    const line = JSON.stringify({ nonce: "x", pid: process.pid, identity: "a process before this one" });
    appendFileSync(join(dir, "writer.lock"), `${line}\n{"nonce":"y","pi`);
    await (await openWriter(dir)).close();
    expect(await bodies()).toEqual(numbered(1));
  });

  it("gets another id before it takes back what was visible", async () => {
    await (await fill(5)).close();
    const before = await reader.list(0, 10, ALL);
    // A loss of power: the index kept what the log lost.
    truncateSync(join(dir, "objects.log"), statSync(join(dir, "objects.log")).size - 10);
    const writer = await openWriter(dir);
    expect(writer.head).toBe(4);
    expect(writer.store).not.toBe(before.store);
    expect(writer.progress("m")).toMatchObject({ nextStep: 4 });
    await writer.close();
    expect(await bodies()).toEqual(numbered(4));
  });

  it("does not hand out a record that is not what was written", async () => {
    await (await fill(3)).close();
    const log = readFileSync(join(dir, "objects.log"));
    log[log.length - 2] = 0;
    writeFileSync(join(dir, "objects.log"), log);
    await expect(reader.list(0, 10, ALL)).rejects.toThrow(/object 3 in the log is not what its index says/u);
    expect((await reader.list(0, 2, ALL)).objects).toHaveLength(2);
  });

  it("refuses a folder that holds something else", async () => {
    await ensureStore(dir);
    writeFileSync(join(dir, "store.json"), "{}");
    await expect(openWriter(dir)).rejects.toMatchObject({
      remedy: expect.stringContaining("TU_OBJECT_STORE") as string,
    });
    await expect(openReader("s3://X")).rejects.toThrow(/names no S3 bucket/u);
  });
});
