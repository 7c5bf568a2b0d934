/**
 * The whole program as a person uses it: the command line, real servers, one stack for all tests of this file, which
 * build on one another. Nothing is imported from the pipeline: what is asserted is what the commands print.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditReport } from "../../src/audit/index.ts";
import { cardsById, type CliStack, cliStack, eventually, type Finished, ROOT, watchPid } from "../support/cli.ts";
import {
  MODEL_ID,
  T20I_MODEL_ID,
  TEST_MODEL_ID,
  writeGoodDocument,
  writeGoodMatch,
  writeSpoiltDocuments,
  writeSpoiltMatches,
} from "../support/spoilt-matches.ts";

const PLAY_MS = 300_000;
const FOLDERS = ["--odi", "data/odi", "--t20i", "data/t20i", "--test", "data/test"];
/** The one match of the original CSV among the bundled ones. */
const ORIGINAL_CSV_ID = "235831";
const EXPECTED: ReadonlyMap<string, Card> = new Map([
  ...["odi", "t20i", "test"].flatMap((name) => [...cards(name)]),
  ...[...cards("odi_csv1")].filter(([id]) => id === ORIGINAL_CSV_ID),
]);
/** Deliveries and match records of the bundled folders, each one natural key. */
const BUNDLED_KEYS = [...EXPECTED.values()].reduce(
  (sum, { innings }) => sum + innings.reduce((balls, { deliveries }) => balls + deliveries, 1),
  0,
);

interface Card {
  readonly innings: readonly { readonly deliveries: number }[];
}

let stack: CliStack;
let files: string;
/** Records at each source after the last play. */
const recordsSoFar: Record<string, number> = {};

beforeAll(async () => {
  stack = await cliStack();
  files = mkdtempSync(join(tmpdir(), "third-umpire-files-"));
});

afterAll(async () => {
  await stack.remove();
  rmSync(files, { recursive: true, force: true });
});

const PROCESSES = [
  ...["feed-odi", "feed-t20i", "feed-test", "kafka", "lambda", "loader", "mongodb", "postgres"],
  ...["processor-1", "source-odi", "source-t20i", "source-test"],
];

interface Summary {
  readonly complete: boolean;
  readonly sources: Readonly<Record<string, { readonly records: number; readonly events: number }>>;
  readonly kills: Readonly<Record<string, number>>;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly audit: { readonly unexplained: number } | null;
}

interface Processes {
  readonly processes: readonly {
    readonly name: string;
    readonly pid: number | null;
    readonly state: string;
    readonly logFile: string;
  }[];
}

/** Plays folders to their end, at full speed. */
async function playAll(...args: readonly string[]): Promise<Summary> {
  const summary = await stack.json<Summary>(["play", "--interval", "0", "--exit-when-done", ...args], PLAY_MS);
  for (const [id, { records }] of Object.entries(summary.sources)) recordsSoFar[id] = records;
  return summary;
}

/** Without what the reference scorer reports on itself. */
function cards(name: string): ReadonlyMap<string, Card> {
  const all = cardsById(readFileSync(join(ROOT, `test/fixtures/expected/${name}.jsonl`), "utf8"));
  const own = new Set(["id", "info", "innings"]);
  return new Map(
    [...all].map(([id, card]) => [
      id,
      Object.fromEntries(Object.entries(card as object).filter(([key]) => own.has(key))) as unknown as Card,
    ]),
  );
}

async function scorecards(): Promise<ReadonlyMap<string, unknown>> {
  const { code, stdout, stderr } = await stack.run(["scorecards", "--jsonl"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return cardsById(stdout);
}

function succeeded({ code, stdout, stderr }: Finished): string {
  expect({ code, stderr }).toEqual({ code: 0, stderr });
  return stdout;
}

describe("three sources that crash, repeat themselves and correct themselves", () => {
  test("EO-2: give exactly the expected scorecards, and the audit passes", { timeout: PLAY_MS }, async () => {
    const unreliable = ["--replay-rate", "0.3", "--correction-rate", "0.02", "--lambda-faults", "0.05"];
    const summary = await playAll(...FOLDERS, ...unreliable, "--crash", "postgres:5s", "--crash", "mongo:8s");
    expect(summary).toMatchObject({ complete: true, audit: { unexplained: 0 } });
    expect(summary.kills["postgres"]).toBeGreaterThan(0);
    expect(Object.keys(summary.sources)).toEqual(["odi", "t20i", "test"]);
    expect(summary.verdicts["duplicate"]).toBeGreaterThan(1000);
    expect(summary.verdicts["correction"]).toBeGreaterThan(40);
    expect(await scorecards()).toEqual(EXPECTED);
  });

  test("leave nothing running", async () => {
    const { processes } = await stack.json<Processes>(["status"]);
    expect(processes.map(({ name }) => name).toSorted()).toEqual(PROCESSES);
    expect(processes.filter(({ pid }) => pid !== null)).toEqual([]);
  });

  test("shows a card that a cricket follower can read", async () => {
    const card = succeeded(await stack.run(["scorecards", "1144530"]));
    expect(card).toMatch(/England/u);
    expect(card).toMatch(/Stokes/u);
  });
});

describe("the commands that look, on a stopped pipeline with its servers up", () => {
  beforeAll(async () => void succeeded(await stack.run(["up"], 120_000)), 120_000);
  afterAll(async () => void succeeded(await stack.run(["down"], 60_000)), 60_000);

  test("status lists every process", async () => {
    const { processes } = await stack.json<Processes>(["status"]);
    const ready = processes.filter(({ state }) => state === "ready").map(({ name }) => name);
    expect(ready.toSorted()).toEqual(["kafka", "lambda", "mongodb", "postgres"]);
    expect(processes.every(({ logFile }) => logFile.startsWith(stack.settings.localDir))).toBe(true);
  });

  test("audit proves that nothing was lost", async () => {
    const report = await stack.json<AuditReport>(["audit"], 120_000);
    expect(report).toMatchObject({ proved: true, unexplained: 0, unchecked: [], differences: [] });
    const warehouse = report.arrows.find(({ name }) => name === "warehouse");
    expect(warehouse).toMatchObject({ from: { count: BUNDLED_KEYS }, to: { count: BUNDLED_KEYS } });
    expect(succeeded(await stack.run(["audit"], 120_000))).toMatch(/Nothing was lost/u);
  });

  test("verdicts, quarantine and state print JSON", async () => {
    const verdicts = await stack.json<{ inputs: number; matching: number; records: unknown[] }>([
      "verdicts",
      "--verdict",
      "correction",
    ]);
    expect(verdicts.records.length).toBeGreaterThan(0);
    expect(await stack.json(["quarantine", "list"])).toEqual([]);
    const states = await stack.json<{ entries: number; sound: boolean }[]>(["state"]);
    expect(states.reduce((sum, { entries }) => sum + entries, 0)).toBe(BUNDLED_KEYS);
    expect(states.every(({ sound }) => sound)).toBe(true);
  });

  test("EO-9: audit finds a row that somebody changed in the warehouse, and exits with 1", async () => {
    const { DuckDBInstance } = await import("@duckdb/node-api");
    const instance = await DuckDBInstance.create(join(stack.settings.warehouseDir, "hot", "cricket.duckdb"));
    const connection = await instance.connect();
    const where = "WHERE match_id = '65258' AND innings = 1 AND over_no = 3 AND ball_no = 2";
    await connection.run(`UPDATE deliveries SET runs_batter = runs_batter + 1, runs_total = runs_total + 1 ${where}`);
    try {
      connection.closeSync();
      instance.closeSync();
      const { code, stdout } = await stack.run(["audit"], 120_000);
      expect(code).toBe(1);
      expect(stdout).toMatch(/65258\/1\/3\.2 was changed/u);
      expect(stdout).not.toMatch(/Nothing was lost/u);
    } finally {
      const again = await DuckDBInstance.create(join(stack.settings.warehouseDir, "hot", "cricket.duckdb"));
      const repair = await again.connect();
      await repair.run(`UPDATE deliveries SET runs_batter = runs_batter - 1, runs_total = runs_total - 1 ${where}`);
      repair.closeSync();
      again.closeSync();
    }
  });
});

describe("files that are bad", () => {
  test("end in quarantine with a reason; the good matches beside them are right", { timeout: PLAY_MS }, async () => {
    const dirs = { odi: join(files, "bad-odi"), t20i: join(files, "bad-t20i"), test: join(files, "bad-test") };
    const spoilt = [
      ...writeSpoiltMatches(dirs.odi),
      ...writeSpoiltDocuments(dirs.t20i, "t20i"),
      ...writeSpoiltDocuments(dirs.test, "test"),
    ];
    const good = { "9100001": MODEL_ID, "9100002": T20I_MODEL_ID, "9100003": TEST_MODEL_ID };
    writeGoodMatch(dirs.odi, "9100001");
    writeGoodDocument(dirs.t20i, "t20i", "9100002");
    writeGoodDocument(dirs.test, "test", "9100003");
    const summary = await playAll("--odi", dirs.odi, "--t20i", dirs.t20i, "--test", dirs.test);
    expect(summary).toMatchObject({ complete: true, audit: { unexplained: 0 } });

    const after = await scorecards();
    for (const [id, model] of Object.entries(good)) expect(after.get(id)).toEqual({ ...EXPECTED.get(model), id });
    for (const [id, card] of EXPECTED) expect(after.get(id)).toEqual(card);

    succeeded(await stack.run(["up"], 120_000));
    const quarantined = await stack.json<{ id: string; reason: string; key: string }[]>(["quarantine", "list"]);
    const reasons = quarantined.map(({ key, reason }) => `${Buffer.from(key, "base64").toString()} ${reason}`);
    for (const { id, what, reason } of spoilt) {
      expect(
        reasons.filter((text) => text.startsWith(id) && reason.test(text)),
        `${what}: ${reasons.filter((text) => text.startsWith(id)).join("; ")}`,
      ).toHaveLength(1);
    }
    expect(quarantined).toHaveLength(spoilt.length);
    await repairOne(quarantined.find(({ key }) => Buffer.from(key, "base64").toString() === "9000004")!.id);
    succeeded(await stack.run(["down"], 60_000));
  });

  /** The impossible ball, repaired by hand and sent again. */
  async function repairOne(id: string): Promise<void> {
    const value = succeeded(await stack.run(["quarantine", "show", id, "--raw"]));
    const file = join(files, "repaired.json");
    writeFileSync(file, value.replace('"runs_off_bat":"77"', '"runs_off_bat":"0"'));
    expect(await stack.json(["quarantine", "retry", id, "--value", file])).toMatchObject({ id, repaired: true });
  }
});

describe("Ctrl-C", () => {
  test("stops everything; running it again goes on and inserts nothing twice", { timeout: PLAY_MS }, async () => {
    const dirs = { odi: join(files, "live-odi"), t20i: join(files, "live-t20i"), test: join(files, "live-test") };
    writeGoodMatch(dirs.odi, "9200001");
    writeGoodDocument(dirs.t20i, "t20i", "9200002");
    writeGoodDocument(dirs.test, "test", "9200003");
    const folders = ["--odi", dirs.odi, "--t20i", dirs.t20i, "--test", dirs.test];
    const models = { "9200001": MODEL_ID, "9200002": T20I_MODEL_ID, "9200003": TEST_MODEL_ID };
    const { child, ended, out } = stack.start(["play", ...folders, "--interval", "250ms", "--json"]);
    const isPlaying = (id: string): boolean => new RegExp(`${id} fed [1-9]\\d*, match 0/1`, "u").test(out());
    await eventually(() => ["odi", "t20i", "test"].every(isPlaying) && /loaded [1-9]/u.test(out()), 120_000, out);
    const { processes } = await stack.json<Processes>(["status"]);
    const pids = processes.flatMap(({ name, pid }) => (pid === null ? [] : [{ name, ...watchPid(pid) }]));
    expect(pids.map(({ name }) => name).toSorted()).toEqual(PROCESSES);

    child.kill("SIGINT");
    const { stdout } = await ended;
    expect(JSON.parse(stdout)).toMatchObject({ complete: false });
    expect(pids.filter((process) => process.alive()).map(({ name }) => name)).toEqual([]);

    const before = { ...recordsSoFar };
    expect(await playAll(...folders)).toMatchObject({ complete: true, audit: { unexplained: 0 } });
    const once = { ...recordsSoFar };
    expect(once).toEqual({
      odi: before["odi"]! + keysOf(MODEL_ID),
      t20i: before["t20i"]! + keysOf(T20I_MODEL_ID),
      test: before["test"]! + keysOf(TEST_MODEL_ID),
    });
    expect(await playAll(...folders)).toMatchObject({ complete: true, audit: { unexplained: 0 } });
    expect(recordsSoFar).toEqual(once);
    const after = await scorecards();
    for (const [id, model] of Object.entries(models)) expect(after.get(id)).toEqual({ ...EXPECTED.get(model), id });
  });

  /** The match record, and its deliveries. */
  function keysOf(id: string): number {
    return EXPECTED.get(id)!.innings.reduce((sum, { deliveries }) => sum + deliveries, 1);
  }
});

describe("a command that is asked for what cannot be", () => {
  test.each([
    ["an unknown command", ["umpire"]],
    ["an unknown option", ["audit", "--everything"]],
    ["an interval without a unit", ["play", "--odi", "data/odi", "--interval", "5"]],
    ["a rate above one", ["play", "--odi", "data/odi", "--replay-rate", "1.5"]],
    ["a folder that is not there", ["play", "--odi", "data/nothing"]],
    ["no folder at all", ["play", "--interval", "0"]],
    ["a match that no folder holds", ["play", "--t20i", "data/t20i", "--live", "1144530"]],
    ["a feed of two sources", ["feed", "--odi", "data/odi", "--test", "data/test"]],
    ["a source that does not exist", ["source", "ipl"]],
    ["something that cannot be killed", ["play", "--odi", "data/odi", "--crash", "umpire:5s"]],
  ])("%s: one line on stderr, exit code 2", async (_what, args) => {
    const { code, stdout, stderr } = await stack.run(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(/^error: /u);
  });

  test("audit without servers says how to start them, exit code 1", async () => {
    const { code, stderr } = await stack.run(["audit"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*third-umpire up/u);
  });
});
