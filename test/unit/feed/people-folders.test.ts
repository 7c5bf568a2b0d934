import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { listMatchIds } from "../../../src/cli/play/choose.ts";
import {
  type FeedConnection,
  type FeedStatus,
  type FeedTarget,
  type FileNote,
  type MatchScript,
  odiScripts,
  runFeed,
  t20iScripts,
  testScripts,
} from "../../../src/feed/index.ts";
import { csv1Text, csv2Text, jsonText, rowsOf, temporaryFolder, write, yamlText } from "./files.ts";

const root = temporaryFolder();

function folder(name: string, files: Readonly<Record<string, string>>): string {
  const dir = join(root, name);
  mkdirSync(dir, { recursive: true });
  for (const [file, text] of Object.entries(files)) write(dir, file, text);
  return dir;
}

type List = (dirs: readonly string[], note?: (note: FileNote) => void) => Promise<readonly MatchScript<never>[]>;

/** Matches that are played, and every other file with "refused" or "passed over" and the reason. */
async function listed(scripts: unknown, dir: string): Promise<{ played: string[]; notes: string[][] }> {
  const notes: string[][] = [];
  const played = await (scripts as List)([dir], ({ path, reason, refused }) =>
    notes.push([basename(path), refused ? "refused" : "passed over", reason]),
  );
  return { played: played.map(({ progressKey }) => progressKey), notes };
}

const files = (notes: readonly string[][]): string[] => notes.map(([file = "", kind = ""]) => `${file}: ${kind}`);

describe("every file of a folder is read, or named with the reason why not", () => {
  test("what lies in archives and on people's disks beside the matches", async () => {
    const dir = folder("extras", {
      "7.json": jsonText(1),
      "README.txt": "x",
      "people.csv": "identifier,name\n1,A",
      "index.json": '{"matches": [7]}',
      "package-lock.json": "{}",
      ".DS_Store": "x",
      "._7.json": "x",
      "Thumbs.db": "x",
      "8.json.zip": "x",
      "9.yaml": yamlText(1),
    });
    mkdirSync(join(dir, "__MACOSX"));
    const { played, notes } = await listed(t20iScripts, dir);
    expect(played).toEqual(["7"]);
    expect(files(notes)).toEqual(
      [".DS_Store", "._7.json", "8.json.zip", "9.yaml", "README.txt", "Thumbs.db", "__MACOSX", "people.csv"]
        .concat("index.json", "package-lock.json")
        .map((file) => `${file}: passed over`),
    );
    for (const [, , reason] of notes) expect(reason).not.toBe("");
  });

  test("lists of people and of matches are no matches, though they are CSV; info files and balls may lie alone", async () => {
    const dir = folder("csv-extras", {
      "people.csv": "identifier,name,unique_name\nabc,A,A\n",
      "names.csv": "identifier,name\nabc,A\n",
      "all_matches.csv": csv2Text("12", 6),
      "7.csv": csv2Text("7", 6),
      "8_info.csv": "version,2.3.0\n",
      "9.csv": csv1Text(6),
      "9_info.csv": "version,2.3.0\n",
    });
    const { played, notes } = await listed(odiScripts, dir);
    expect(played).toEqual(["7", "8", "9#csv1"]);
    expect(files(notes)).toEqual([
      "all_matches.csv: refused",
      "names.csv: passed over",
      "people.csv: passed over",
      "8_info.csv: refused",
      "9_info.csv: refused",
    ]);
    expect(notes[0]?.[2]).toBe("its name says match all_matches, but it holds match 12");
  });

  test("a copy is played where it is alone, left out where it holds the same, and refused where it does not", async () => {
    const dir = folder("copies", {
      "7.json": jsonText(1),
      "7 (1).json": jsonText(1),
      "7 (2).json": jsonText(2),
      "7 - Copy.json": jsonText(1),
      "7 copy 2.json": jsonText(3),
      "Copy of 7.json": jsonText(1),
      "8 (1).JSON": jsonText(1),
      "9.Json": jsonText(1),
    });
    const { played, notes } = await listed(t20iScripts, dir);
    expect(played).toEqual(["7", "8", "9"]);
    expect(files(notes).toSorted()).toEqual([
      "7 (1).json: passed over",
      "7 (2).json: refused",
      "7 - Copy.json: passed over",
      "7 copy 2.json: refused",
      "Copy of 7.json: passed over",
    ]);
    expect(notes.find(([file]) => file === "7 (2).json")?.[2]).toBe(
      "it holds something else than 7.json of the same match: keep one of them",
    );
    expect([...(await listMatchIds("t20i", [dir]))].toSorted()).toEqual(["7", "8", "9"]);
  });

  test("other letter cases and endings, of both files of a match", async () => {
    const csv = folder("cases", {
      "7.CSV": csv2Text("7", 6),
      "7_INFO.CSV": "version,2.3.0\n",
      "8.csv": csv2Text("8", 6),
      "8_info (1).csv": "version,2.3.0\n",
      "8 (1).csv": csv2Text("8", 6),
    });
    const { played, notes } = await listed(odiScripts, csv);
    expect(played).toEqual(["7", "8"]);
    expect(files(notes)).toEqual(["8 (1).csv: passed over"]);
    const yaml = folder("yaml", {
      "7.yaml": yamlText(1),
      "7.yml": yamlText(1),
      "8.YML": yamlText(1),
      "conf.yml": "a: 1\n",
    });
    const tests = await listed(testScripts, yaml);
    expect(tests.played).toEqual(["7", "8"]);
    expect(files(tests.notes)).toEqual(["7.yml: passed over", "conf.yml: passed over"]);
    expect([...(await listMatchIds("test", [yaml]))].toSorted()).toEqual(["7", "8", "conf"]);
  });

  test("links, loops and sockets", async () => {
    const dir = folder("links", { "7.json": jsonText(1) });
    symlinkSync(join(dir, "7.json"), join(dir, "8.json"));
    symlinkSync(join(dir, "nowhere.json"), join(dir, "9.json"));
    symlinkSync(join(dir, "10.json"), join(dir, "10.json"));
    symlinkSync(dir, join(dir, "11.json"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(dir, "12.json"), resolve));
    const { played, notes } = await listed(t20iScripts, dir).finally(() => server.close());
    expect(played).toEqual(["7", "8"]);
    expect(files(notes)).toEqual(["10.json: refused", "11.json: passed over", "12.json: refused", "9.json: refused"]);
  });

  test("a file that is named for one match and holds another", async () => {
    const dir = folder("another", {
      "7.csv": csv2Text("8", 6),
      "9.csv": csv1Text(6).replace("info,team,A\n", "info,team,A\ninfo,match_id,10\n"),
      "11.csv": csv2Text("11", 6),
      "11_info.csv": "version,2.3.0\ninfo,match_id,12\n",
      "13.csv": csv1Text(6).replace("info,team,A\n", "info,team,A\ninfo,match_id,13\n"),
    });
    const { played, notes } = await listed(odiScripts, dir);
    expect(played).toEqual(["11", "13#csv1"]);
    expect(notes).toEqual(
      [
        ["11_info.csv", "11", "12"],
        ["7.csv", "7", "8"],
        ["9.csv", "9", "10"],
      ].map(([file, name, holds]) => [file, "refused", `its name says match ${name}, but it holds match ${holds}`]),
    );
  });

  test("a row of another match within a file goes in as unreadable, and not under this match", async () => {
    const [first, ...rest] = csv2Text("8", 2).trimEnd().split("\n").slice(1);
    const dir = folder("rows", { "7.csv": `${csv2Text("7", 2)}${[first, ...rest].join("\n")}\n` });
    const [script] = await odiScripts([dir]);
    const rows = await rowsOf(script!);
    expect(rows.map(({ content }) => content.table)).toEqual([
      "unreadable_rows",
      "deliveries",
      "deliveries",
      "unreadable_rows",
      "unreadable_rows",
    ]);
    expect(rows[3]?.content).toMatchObject({
      unreadable: { file: "7.csv", line: 4, problem: 'the row is of match "8", the file of another' },
    });
  });

  test("an empty file is a match that cannot be read: it goes in as unreadable, under its name", async () => {
    const dir = folder("empty-files", { "7.json": "", "8.json": jsonText(1) });
    const scripts = await t20iScripts([dir]);
    expect(scripts.map(({ matchId }) => matchId)).toEqual(["7", "8"]);
    expect((await scripts[0]!.record()).content).toMatchObject({
      kind: "unreadable",
      document: { file: "7.json", problem: "the file is empty" },
    });
  });
});

describe("a file that cannot be read", () => {
  test("never stops the others, and the end says so", async () => {
    const dir = folder("broken", { "7.json": jsonText(3), "8.json": jsonText(3), "9.json": jsonText(3) });
    const notes: FileNote[] = [];
    const scripts = await t20iScripts([dir], (note) => notes.push(note));
    rmSync(join(dir, "8.json"));
    const rows: string[] = [];
    const statuses: FeedStatus[] = [];
    const summary = await runFeed({
      scripts: scripts as MatchScript<unknown>[],
      notes: [...notes, { path: "a", reason: "b", refused: false }],
      target: targetOf(rows),
      intervalMs: 0,
      seed: 1,
      replayRate: 0,
      correctionRate: 0,
      signal: new AbortController().signal,
      onStatus: (status) => statuses.push(status),
    });
    expect([...new Set(rows)].toSorted()).toEqual(["7", "9"]);
    expect(summary).toMatchObject({ complete: true, matchesDone: 2, matchesTotal: 3, files: { passedOver: 1 } });
    expect(summary.files.refused).toEqual([
      expect.stringContaining(`match 8: the file ${join(dir, "8.json")} cannot be read`),
    ]);
    expect(statuses.at(-1)).toMatchObject({
      state: "done",
      message: "every match is in but one, whose file cannot be read",
      files: summary.files,
    });
  });
});

/** Takes everything, and keeps which match each row was of. */
function targetOf(rows: string[]): FeedTarget<unknown> {
  const done = new Map<string, string>();
  const digests = new Map<string, string>();
  const connection: FeedConnection<unknown> = {
    windowRows: 1,
    begin: (key, plan, digest) => {
      digests.set(key, digest);
      return Promise.resolve({ pass: 0, nextStep: 0, done: false, plan, filesSha256: digest });
    },
    restart: () => Promise.resolve(),
    insert: ({ matchId }) => Promise.resolve(rows.push(matchId) > 0),
    finish: (key) => Promise.resolve(done.set(key, digests.get(key) ?? "").size > 0),
    close: () => Promise.resolve(),
  };
  return {
    prepare: () => Promise.resolve(),
    finished: () => Promise.resolve(new Map(done)),
    again: () => Promise.resolve(),
    connect: () => Promise.resolve(connection),
    classify: (error) => error as Error,
    close: () => Promise.resolve(),
  };
}
