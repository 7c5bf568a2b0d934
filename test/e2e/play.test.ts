/**
 * The whole program as a person uses it: the command line, real servers, one stack for all tests of this file, which
 * build on one another. Nothing is imported from the pipeline: what is asserted is what the commands print.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditReport } from "../../src/audit/index.ts";
import { cardsById, type CliStack, cliStack, eventually, type Finished, ROOT, watchPid } from "../support/cli.ts";
import { MODEL_ID, writeGoodMatch, writeSpoiltMatches } from "../support/spoilt-matches.ts";

const PLAY_MS = 180_000;
const EXPECTED = cardsById(readFileSync(join(ROOT, "test/fixtures/expected/odi.jsonl"), "utf8"));
/** Deliveries and match records of the bundled folder, each one natural key. */
const BUNDLED_KEYS = keysOf(join(ROOT, "data/odi"));

let stack: CliStack;
let files: string;
/** Rows in Postgres after the last play. */
let rowsSoFar = 0;

beforeAll(async () => {
  stack = await cliStack();
  files = mkdtempSync(join(tmpdir(), "third-umpire-files-"));
});

afterAll(async () => {
  await stack.remove();
  rmSync(files, { recursive: true, force: true });
});

interface Summary {
  readonly complete: boolean;
  readonly rows: number;
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

/** Plays a folder to its end, at full speed. */
async function playAll(dir: string, ...more: readonly string[]): Promise<Summary> {
  const summary = await stack.json<Summary>(
    ["play", "--odi", dir, "--interval", "0", "--exit-when-done", ...more],
    PLAY_MS,
  );
  rowsSoFar = summary.rows;
  return summary;
}

/** Rows of the deliveries files without their headers, and one record a match. */
function keysOf(dir: string): number {
  const deliveries = readdirSync(dir).filter((name) => /^\d+\.csv$/u.test(name));
  return deliveries.reduce((sum, name) => sum + readFileSync(join(dir, name), "utf8").trimEnd().split("\n").length, 0);
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

describe("a source that crashes, repeats itself and corrects itself", () => {
  test("EO-2: gives exactly the expected scorecards, and the audit passes", { timeout: PLAY_MS }, async () => {
    const summary = await playAll(
      "data/odi",
      "--replay-rate",
      "0.3",
      "--correction-rate",
      "0.02",
      "--crash",
      "postgres:3s",
    );
    expect(summary).toMatchObject({ complete: true, audit: { unexplained: 0 } });
    expect(summary.kills["postgres"]).toBeGreaterThan(0);
    expect(summary.verdicts["duplicate"]).toBeGreaterThan(500);
    expect(summary.verdicts["correction"]).toBeGreaterThan(20);
    expect(await scorecards()).toEqual(EXPECTED);
  });

  test("leaves nothing running", async () => {
    const { processes } = await stack.json<Processes>(["status"]);
    expect(processes.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["feed", "kafka", "loader", "postgres", "processor-1", "source"]),
    );
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
    expect(ready.toSorted()).toEqual(["kafka", "postgres"]);
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
  test("end in quarantine with a reason; the good match beside them is right", { timeout: PLAY_MS }, async () => {
    const dir = join(files, "bad");
    const spoilt = writeSpoiltMatches(dir);
    writeGoodMatch(dir, "9100001");
    expect(await playAll(dir)).toMatchObject({ complete: true, audit: { unexplained: 0 } });

    const cards = await scorecards();
    const model = EXPECTED.get(MODEL_ID) as object;
    expect(cards.get("9100001")).toEqual({ ...model, id: "9100001" });
    for (const [id, card] of EXPECTED) expect(cards.get(id)).toEqual(card);

    succeeded(await stack.run(["up"], 120_000));
    const quarantined = await stack.json<{ id: string; reason: string; key: string }[]>(["quarantine", "list"]);
    const reasons = quarantined.map(({ key, reason }) => `${Buffer.from(key, "base64").toString()} ${reason}`);
    expect(quarantined).toHaveLength(spoilt.length);
    for (const { id, what, reason } of spoilt) {
      expect(
        reasons.filter((text) => text.startsWith(id) && reason.test(text)),
        what,
      ).toHaveLength(1);
    }
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
    const dir = join(files, "live");
    const deliveries = writeGoodMatch(dir, "9200001");
    const { child, ended, out } = stack.start(["play", "--odi", dir, "--interval", "20ms", "--json"]);
    await eventually(() => /match 0\/1 .* accepted/u.test(out()) || /loaded [1-9]/u.test(out()), 120_000, out);
    const { processes } = await stack.json<Processes>(["status"]);
    const pids = processes.flatMap(({ name, pid }) => (pid === null ? [] : [{ name, ...watchPid(pid) }]));
    expect(pids.map(({ name }) => name).toSorted()).toEqual([
      "feed",
      "kafka",
      "loader",
      "postgres",
      "processor-1",
      "source",
    ]);

    child.kill("SIGINT");
    const { stdout } = await ended;
    expect(JSON.parse(stdout)).toMatchObject({ complete: false });
    expect(pids.filter((process) => process.alive()).map(({ name }) => name)).toEqual([]);

    const rows = rowsSoFar + deliveries + 1;
    expect(await playAll(dir)).toMatchObject({ complete: true, rows, audit: { unexplained: 0 } });
    expect(await playAll(dir)).toMatchObject({ complete: true, rows, audit: { unexplained: 0 } });
    expect((await scorecards()).get("9200001")).toEqual({ ...(EXPECTED.get(MODEL_ID) as object), id: "9200001" });
  });
});

describe("a command that is asked for what cannot be", () => {
  test.each([
    ["an unknown command", ["umpire"]],
    ["an unknown option", ["audit", "--everything"]],
    ["an interval without a unit", ["play", "--odi", "data/odi", "--interval", "5"]],
    ["a rate above one", ["play", "--odi", "data/odi", "--replay-rate", "1.5"]],
    ["a folder that is not there", ["play", "--odi", "data/nothing"]],
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
