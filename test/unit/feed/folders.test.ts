import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FatalError } from "../../../src/domain/errors.ts";
import { type MatchScript, odiScripts, t20iScripts, testScripts } from "../../../src/feed/index.ts";
import { csv1Text, csv2Text, jsonText, stepsOf, temporaryFolder, write, yamlText } from "./files.ts";

const root = temporaryFolder();

function folder(name: string, files: Readonly<Record<string, string>>): string {
  const dir = join(root, name);
  mkdirSync(dir, { recursive: true });
  for (const [file, text] of Object.entries(files)) write(dir, file, text);
  return dir;
}

const keys = (scripts: readonly { readonly progressKey: string }[]): string[] =>
  scripts.map((script) => script.progressKey);
const plain = { seed: 1, replayRate: 0, correctionRate: 0 };

describe("folders of one-day internationals", () => {
  const csv2 = folder("csv2", { "7.csv": csv2Text("7", 6), "7_info.csv": "version,2.3.0\n", "10_info.csv": "x" });
  const csv1 = folder("csv1", { "7.csv": csv1Text(6), "8.csv": csv1Text(3) });
  const mixed = folder("mixed", {
    "5.csv": csv1Text(6),
    "6.csv": csv2Text("6", 6),
    "7.csv": csv2Text("7", 6),
    "7_info.csv": "x",
    "notes.txt": "x",
  });

  test("csv2 and the original CSV are told apart file by file", async () => {
    const tables: unknown[] = [];
    for (const script of await odiScripts([mixed])) {
      const last = (await stepsOf(script, plain)).at(-1);
      tables.push([script.matchId, last?.content.table]);
    }
    expect(tables).toEqual([
      ["5", "csv1_deliveries"],
      ["6", "deliveries"],
      ["7", "deliveries"],
    ]);
  });

  test("come one after the other; a match that is there twice has progress for each, whichever comes first", async () => {
    expect(keys(await odiScripts([csv2, csv1]))).toEqual(["7", "10", "7#csv1", "8#csv1"]);
    expect(keys(await odiScripts([csv1, csv2]))).toEqual(["7#csv1", "8#csv1", "7", "10"]);
    expect(keys(await odiScripts([csv2, mixed, csv1]))).toEqual([
      "7",
      "10",
      "5#csv1",
      "6",
      "7#mixed",
      "7#csv1",
      "8#csv1",
    ]);
    expect(keys(await odiScripts([csv2, csv2, join(csv2, "..", "csv2")]))).toEqual(["7", "10"]);
  });

  test("of the same name still have progress of their own", async () => {
    const [a, b] = ["a", "b"].map((name) => folder(join(name, "odi"), { "7_info.csv": "x" }));
    expect(keys(await odiScripts([csv2, a ?? "", b ?? ""]))).toEqual(["7", "10", "7#odi", "7#odi#2"]);
  });
});

test("folders within a folder are left alone, also those with a file's name", async () => {
  const dir = folder("outer", {
    "1.json": jsonText(1),
    "2.yaml": yamlText(1),
    "3.yml": yamlText(1),
    "4.csv": csv1Text(1),
  });
  folder(join("outer", "inner"), { "9.json": jsonText(1) });
  mkdirSync(join(dir, "5.json"));
  mkdirSync(join(dir, "6.csv"));
  expect(keys(await t20iScripts([dir]))).toEqual(["1"]);
  expect(keys(await testScripts([dir]))).toEqual(["2", "3"]);
  expect(keys(await odiScripts([dir]))).toEqual(["4#csv1"]);
});

test.each([
  ["--odi", odiScripts],
  ["--t20i", t20iScripts],
  ["--test", testScripts],
] as const)("%s: a folder that is none, or holds nothing, is refused with the remedy", async (option, scripts) => {
  const empty = folder("empty", {});
  const nowhere: unknown = await scripts([join(root, "nowhere")]).catch((error: unknown) => error);
  expect(nowhere).toBeInstanceOf(FatalError);
  expect(nowhere).toMatchObject({
    message: expect.stringContaining("cannot be read") as unknown,
    remedy: expect.stringContaining(option) as unknown,
  });
  await expect(scripts([empty])).rejects.toThrow(`the folder ${empty} holds no Cricsheet`);
});

test("a file that is gone when its match is played is named, with a remedy", async () => {
  const dir = folder("gone", { "1.json": jsonText(1), "1.yaml": yamlText(1), "1.csv": csv1Text(1) });
  const scripts = [...(await t20iScripts([dir])), ...(await testScripts([dir])), ...(await odiScripts([dir]))];
  rmSync(dir, { recursive: true });
  for (const script of scripts as MatchScript<unknown>[]) {
    for (const call of [() => script.digest(), () => script.record(), () => stepsOf(script, plain)])
      await expect(call()).rejects.toMatchObject({
        reaction: "exit",
        message: expect.stringContaining(`the file ${dir}`) as unknown,
      });
  }
});
