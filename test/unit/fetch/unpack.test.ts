import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FatalError } from "../../../src/domain/errors.ts";
import { ATTRIBUTION_FILE } from "../../../src/fetch/archives.ts";
import { unpack, type UnpackLimits } from "../../../src/fetch/unpack.ts";
import { type ZipMember, zipOf } from "./server.ts";

const MATCHES: readonly ZipMember[] = [
  { name: "1.json", content: '{"a":1}' },
  { name: "2.json", content: "x".repeat(100_000) },
  { name: "README.txt", content: "from Cricsheet" },
];

let folder = "";
let dir = "";
let archive = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "third-umpire-unpack-"));
  dir = join(folder, "t20i");
  archive = join(folder, "archive.zip");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(content: Buffer | readonly ZipMember[], limits: Partial<UnpackLimits> = {}): Promise<number> {
  writeFileSync(archive, Buffer.isBuffer(content) ? content : zipOf(content));
  const signal = new AbortController().signal;
  return unpack({ archive, dir, extension: ".json", origin: ["sha256 abc"], signal, limits });
}

async function refused(content: Buffer | readonly ZipMember[], limits?: Partial<UnpackLimits>): Promise<string> {
  const error = await run(content, limits).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof FatalError)) throw new Error(`no FatalError but ${String(error)}`);
  expect(error.remedy).toBeDefined();
  return error.message;
}

describe("unpack", () => {
  test("fills the folder, counts the matches and says where they are from", async () => {
    expect(await run(MATCHES)).toBe(2);
    expect(readdirSync(dir).toSorted()).toEqual(["1.json", "2.json", ATTRIBUTION_FILE, "README.txt"]);
    expect(readFileSync(join(dir, "2.json"), "utf8")).toBe(MATCHES[1]?.content);
    expect(readFileSync(join(dir, ATTRIBUTION_FILE), "utf8")).toMatch(/ODC-BY 1\.0.*\nsha256 abc\n/u);
  });

  test("takes the place of an older fetch, with nothing of it left", async () => {
    await run([...MATCHES, { name: "old.json", content: "{}" }]);
    await run(MATCHES);
    expect(existsSync(join(dir, "old.json"))).toBe(false);
    expect(readdirSync(folder).toSorted()).toEqual(["archive.zip", "t20i"]);
  });

  test("removes what a killed run left", async () => {
    mkdirSync(`${dir}.unpacking-1`);
    mkdirSync(`${dir}.replaced-2`);
    await run(MATCHES);
    expect(readdirSync(folder).toSorted()).toEqual(["archive.zip", "t20i"]);
  });

  test("leaves a folder with a user's own files alone", async () => {
    mkdirSync(dir);
    writeFileSync(join(dir, "mine.json"), "{}");
    expect(await refused(MATCHES)).toContain("holds files that were not fetched");
    expect(readdirSync(dir)).toEqual(["mine.json"]);
  });

  const slip = (name: string): ZipMember[] => [...MATCHES, { name, content: "{}" }];
  test.each([
    ["a wrong checksum", [{ name: "1.json", content: "{}", crc: 1 }], {}, "the checksum of 1.json is wrong"],
    ["a name that leads out", slip("../evil.json"), {}, "damaged or no archive of matches"],
    ["an absolute name", slip("/tmp/evil.json"), {}, "damaged or no archive of matches"],
    ["a name with a backslash", slip("a\\..\\evil.json"), {}, "damaged or no archive of matches"],
    ["a folder", slip("more/1.json"), {}, "is none that a match file has"],
    ["a hidden file", slip(".profile"), {}, "is none that a match file has"],
    ["a control character", slip("a\u001B[2Jb.json"), {}, "is none that a match file has"],
    ["a name that occurs twice", slip("1.json"), {}, "damaged or no archive of matches"],
    [
      "a file that is larger than it says",
      [{ name: "1.json", content: "x".repeat(5000), size: 10 }],
      {},
      "damaged or no archive of matches",
    ],
    ["a file that is too large", MATCHES, { bytesPerFile: 50_000 }, "2.json would have 100000 bytes"],
    ["more than may be in all", MATCHES, { bytes: 100_001 }, "more than 100001 bytes"],
    ["too many files", MATCHES, { files: 2 }, "3 files, more than 2"],
    ["no match", [{ name: "README.txt", content: "" }], {}, "it holds no .json file"],
  ] as const)("refuses %s, and the folder stays as it was", async (_, members, limits, complaint) => {
    await run(MATCHES);
    const before = readdirSync(dir);
    expect(await refused(members, limits)).toContain(complaint);
    expect(readdirSync(dir)).toEqual(before);
    expect(readdirSync(folder).toSorted()).toEqual(["archive.zip", "t20i"]);
  });

  test.each([
    ["an archive that is cut off", zipOf(MATCHES).subarray(0, -30)],
    ["a page of HTML instead", Buffer.from("<!doctype html><title>Not found</title>".repeat(20))],
    ["nothing", Buffer.alloc(0)],
  ])("refuses %s", async (_, content) => {
    expect(await refused(content)).toContain("is damaged or no archive of matches");
    expect(existsSync(dir)).toBe(false);
  });

  test("refuses one flipped bit anywhere in the packed data", async () => {
    const good = zipOf([{ name: "1.json", content: Array.from({ length: 400 }, (_, i) => `${i * 7919}`).join(",") }]);
    const dataEnds = good.indexOf("PK\u0001\u0002");
    for (let at = 36; at < dataEnds; at += 37) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 16;
      expect(await refused(bad), `bit in byte ${at}`).toContain("is damaged or no archive of matches");
    }
  });
});
