import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HeadObjectCommand, type PutObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import S3rver from "s3rver";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { quietAwsSdk } from "../../../src/aws/quiet.ts";
import { readObjects } from "../../../src/object-store/open.ts";
import type { S3Location } from "../../../src/object-store/s3-client.ts";
import { S3ObjectReader } from "../../../src/object-store/s3-reader.ts";
import { openS3Writer } from "../../../src/object-store/s3-writer.ts";
import type { ObjectWriter } from "../../../src/object-store/store.ts";

/*
 * s3rver keeps buckets as S3 does, but ignores the conditions of a put. Those are looked at here, in the client, before it: enough to see
 * what the writer makes of a refusal, and no proof that AWS refuses the second of two puts at the same instant.
 */
const ALL = Number.MAX_SAFE_INTEGER;
const FRESH = { pass: 0, nextStep: 0, done: false, plan: { seed: 1 }, digest: "d" };

let server: S3rver;
let client: S3Client;
let dir: string;
let location: S3Location;
let worlds = 0;
/** The next put is done and its answer lost, so that the client does it once more. */
let losesAnswer = false;

beforeAll(async () => {
  quietAwsSdk();
  dir = mkdtempSync(join(tmpdir(), "s3-"));
  const buckets = [{ name: "cricket" }];
  server = new S3rver({ port: 0, address: "127.0.0.1", silent: true, directory: dir, configureBuckets: buckets });
  const { port } = await server.run();
  client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: "eu-west-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" },
    // It stores the chunks of a checksummed body as they come.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== "PutObjectCommand") return await next(args);
      await checkConditions(args.input as PutObjectCommandInput);
      if (!losesAnswer) return await next(args);
      losesAnswer = false;
      await next(args);
      throw Object.assign(new Error("At least one of the pre-conditions did not hold"), { name: "PreconditionFailed" });
    },
    { step: "initialize", name: "conditions" },
  );
});

afterAll(async () => {
  client.destroy();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

beforeEach(() => {
  worlds += 1;
  location = { bucket: "cricket", prefix: `world-${worlds}/`, client };
});

async function checkConditions({ Bucket, Key, IfNoneMatch, IfMatch }: PutObjectCommandInput): Promise<void> {
  const tag = await client.send(new HeadObjectCommand({ Bucket, Key })).then(
    (found) => found.ETag,
    () => undefined,
  );
  if ((IfNoneMatch === "*" && tag !== undefined) || (IfMatch !== undefined && tag !== IfMatch))
    throw Object.assign(new Error("At least one of the pre-conditions did not hold"), { name: "PreconditionFailed" });
}

function put(writer: ObjectWriter, step: number): Promise<boolean> {
  const object = { key: `m/é/${step}.yaml`, body: `n: ${step}\n`, contentType: "application/yaml" };
  return writer.append(object, { matchId: "m", pass: 0, step });
}

async function fill(count: number): Promise<ObjectWriter> {
  const writer = await openS3Writer(location);
  await writer.setProgress("m", FRESH);
  const stored = await Promise.all(Array.from({ length: count }, (_, step) => put(writer, step)));
  expect(stored.every(Boolean)).toBe(true);
  return writer;
}

describe("a store in S3", () => {
  it("keeps what the file store keeps: numbers without a hole, bodies, keys of any script", async () => {
    const writer = await fill(25);
    const reader = new S3ObjectReader(location);
    const { store, head, objects } = await reader.list(20, 3, ALL);
    expect([store, head]).toEqual([writer.store, 25]);
    expect(objects.map(({ seq, key, body }) => [seq, key, body?.toString()])).toEqual([
      [21, "m/é/20.yaml", "n: 20\n"],
      [22, "m/é/21.yaml", "n: 21\n"],
      [23, "m/é/22.yaml", "n: 22\n"],
    ]);
    expect(await reader.list(25, 3, ALL)).toEqual({ store, head: 25, objects: [] });
    expect((await reader.list(60, 3, ALL)).head).toBe(25);
    expect((await reader.list(0, 3, 4)).objects).toMatchObject([{ seq: 1, body: null, size: 5 }]);
    expect(await reader.get(26, ALL)).toBeNull();
    const all = [];
    for await (const { seq } of readObjects(reader)) all.push(seq);
    expect(all).toHaveLength(25);
  });

  it("has no id before a writer has been there", async () => {
    expect(await new S3ObjectReader(location).list(0, 3, ALL)).toEqual({ store: "", head: 0, objects: [] });
  });

  it("knows after a crash how far each match is, from what it wrote down and from the objects after that", async () => {
    const { store } = await fill(7); // never closed
    const writer = await openS3Writer(location);
    expect([writer.store, writer.head]).toEqual([store, 7]);
    expect(writer.progress("m")).toEqual({ ...FRESH, nextStep: 7 });
    expect(await put(writer, 6)).toBe(false);
    expect(await put(writer, 7)).toBe(true);
    await writer.close();
  });

  it("takes its own object for its own when the answer to the put was lost", async () => {
    const writer = await fill(2);
    losesAnswer = true;
    expect(await put(writer, 2)).toBe(true);
    expect(writer.head).toBe(3);
    await writer.close();
  });

  it("does not let two writers take one number, and says who must stop", async () => {
    const first = await fill(2);
    const second = await openS3Writer(location);
    expect(await put(second, 2)).toBe(true);
    await expect(put(first, 2)).rejects.toMatchObject({
      message: expect.stringContaining("is being written by another feed") as string,
      remedy: expect.stringContaining("stop the other") as string,
    });
    await expect(put(first, 3)).rejects.toThrow(/must be opened again/u);
    expect((await new S3ObjectReader(location).list(2, 5, ALL)).objects).toHaveLength(1);
    await second.close();
  });
});
