/**
 * The whole program as a person uses it: the command line, real servers, one stack for all tests of this file, which
 * build on one another. Nothing is imported from the pipeline: what is asserted is what the commands print.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditReport } from "../../src/audit/index.ts";
import type { PipelineView, VerdictCounts } from "../../src/dashboard/api.ts";
import { cardsById, type CliStack, cliStack, eventually, type Finished, ROOT, watchPid } from "../support/cli.ts";
import { type LivePage, livePage } from "../support/live-page.ts";
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
  readonly pages: readonly { readonly name: string; readonly url: string; readonly up: boolean }[];
  readonly processes: readonly {
    readonly name: string;
    readonly pid: number | null;
    readonly state: string;
    readonly logFile: string;
  }[];
}

/** Plays folders to their end, at full speed. */
async function playAll(...args: readonly string[]): Promise<Summary> {
  return stack.json<Summary>(["play", "--interval", "0", "--exit-when-done", ...args], PLAY_MS);
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

const SOURCES = ["odi", "t20i", "test"] as const;
/** Long enough to be still on when everything has been tried. */
const T20I_LIVE_ID = "1459387";
/** Matches under ids of their own, of which a live play sees the beginning and a later one the end. */
const LIVE = { "9200001": MODEL_ID, "9200002": T20I_LIVE_ID, "9200003": TEST_MODEL_ID };
/** The last rows of a store that a button repeats. */
const REPEATED = 20;

function liveFolders(): string[] {
  const dirs = { odi: join(files, "live-odi"), t20i: join(files, "live-t20i"), test: join(files, "live-test") };
  writeGoodMatch(dirs.odi, "9200001");
  mkdirSync(dirs.t20i, { recursive: true });
  copyFileSync(join(ROOT, `data/t20i/${T20I_LIVE_ID}.json`), join(dirs.t20i, "9200002.json"));
  writeGoodDocument(dirs.test, "test", "9200003");
  return ["--odi", dirs.odi, "--t20i", dirs.t20i, "--test", dirs.test];
}

/** Duplicates after the live play: whatever is played next must not add to them. */
let duplicatesSoFar = 0;

describe("a live play", () => {
  let play: ReturnType<CliStack["start"]>;
  let page: LivePage;
  beforeAll(async () => {
    page = livePage(stack.settings);
    play = stack.start(["play", ...liveFolders(), "--interval", "500ms", "--json"]);
    const isPlaying = (id: string): boolean => new RegExp(`${id} fed [1-9]\\d*, match 0/1`, "u").test(play.out());
    const { out } = play;
    await eventually(() => SOURCES.every(isPlaying) && /loaded [1-9]/u.test(out()), 120_000, out);
  }, 150_000);

  test("prints the link of its page, which shows every source ball by ball", { timeout: PLAY_MS }, async () => {
    expect(play.out()).toContain(`live page: ${page.url}`);
    const html = await fetch(page.url);
    expect(html.status).toBe(200);
    expect(await html.text()).toMatch(/<script type="module"/u);
    const balls = await page.ballsOfEach(SOURCES);
    expect(balls.map(({ matchId }) => matchId).toSorted()).toEqual(Object.keys(LIVE));
    const { processes, sources, canMisbehave } = await page.pipeline();
    expect(processes?.map(({ name }) => name).toSorted()).toEqual(PROCESSES);
    expect(sources.map(({ id, health }) => [id, health])).toEqual(SOURCES.map((id) => [id, "working"]));
    expect(canMisbehave).toBe(true);
  });

  test("EO-2: a button makes each store send its last rows again: duplicates, and nothing else", async () => {
    // From here on the last rows are those of this play, which repeats nothing by itself.
    const hasEnough = ({ sources }: PipelineView): boolean => sources.every(({ fed }) => (fed ?? 0) > REPEATED);
    await eventually(async () => hasEnough(await page.pipeline()), 60_000, play.out);
    const before = (await page.pipeline()).verdicts;
    for (const id of SOURCES) {
      const { ok, text } = await page.misbehave(id, "repeat");
      expect({ ok, text }).toEqual({ ok: true, text: expect.stringMatching(/^20 .* again$/u) });
    }
    const { duplicate, ...others } = before;
    const now = async (): Promise<VerdictCounts> => (await page.pipeline()).verdicts;
    await eventually(async () => (await now()).duplicate >= duplicate + REPEATED * 3, 60_000, play.out);
    expect(await now()).toMatchObject({ duplicate: duplicate + REPEATED * 3, ...others, accepted: expect.any(Number) });
  });

  test(
    "a button kills the server of each source: it comes back, and the balls go on",
    { timeout: PLAY_MS },
    async () => {
      for (const id of SOURCES) {
        const { ok, text } = await page.misbehave(id, "crash");
        expect({ ok, text }).toEqual({
          ok: true,
          text: expect.stringMatching(/was killed and is being started again$/u),
        });
      }
      await eventually(
        () => (play.out().match(/killed by the live page, back after/gu) ?? []).length === 3,
        60_000,
        play.out,
      );
      expect(await page.ballsOfEach(SOURCES)).toHaveLength(3);
    },
  );

  test("Ctrl-C stops everything", { timeout: PLAY_MS }, async () => {
    const { processes, pages } = await stack.json<Processes>(["status"]);
    const pids = processes.flatMap(({ name, pid }) => (pid === null ? [] : [{ name, ...watchPid(pid) }]));
    expect(pids.map(({ name }) => name).toSorted()).toEqual(PROCESSES);
    expect(pages.map(({ name, url, up }) => [name, url === page.url, up])).toEqual([
      ["live page", true, true],
      ["Superset", false, false],
    ]);
    play.child.kill("SIGINT");
    const { stdout } = await play.ended;
    expect(JSON.parse(stdout)).toMatchObject({ complete: false, kills: { postgres: 1, mongo: 1, lambda: 1 } });
    expect(pids.filter((process) => process.alive()).map(({ name }) => name)).toEqual([]);
  });
});

describe("the commands that look, after Ctrl-C, with the servers up again", () => {
  let keysSoFar = 0;
  beforeAll(async () => void succeeded(await stack.run(["up"], 120_000)), 120_000);
  afterAll(async () => void succeeded(await stack.run(["down"], 60_000)), 60_000);

  test("status lists every process", async () => {
    const { processes } = await stack.json<Processes>(["status"]);
    const ready = processes.filter(({ state }) => state === "ready").map(({ name }) => name);
    expect(ready.toSorted()).toEqual(["kafka", "lambda", "mongodb", "postgres"]);
    expect(processes.every(({ logFile }) => logFile.startsWith(stack.settings.localDir))).toBe(true);
  });

  test("audit proves that nothing was lost: what was under way had been taken to its end", async () => {
    const report = await stack.json<AuditReport>(["audit"], 120_000);
    expect(report).toMatchObject({ proved: true, unexplained: 0, unchecked: [], differences: [] });
    const warehouse = report.arrows.find(({ name }) => name === "warehouse");
    expect(warehouse?.from.count).toBeGreaterThan(BUNDLED_KEYS);
    expect(warehouse?.to.count).toBe(warehouse?.from.count);
    keysSoFar = warehouse!.to.count;
    duplicatesSoFar = report.verdicts.duplicate;
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
    expect(states.reduce((sum, { entries }) => sum + entries, 0)).toBe(keysSoFar);
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

describe("a play that goes on where one was stopped, with files that are bad", () => {
  test(
    "ends with right cards; nothing went in twice; what cannot be read is in quarantine",
    { timeout: PLAY_MS },
    async () => {
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
      const bad = ["--odi", dirs.odi, "--t20i", dirs.t20i, "--test", dirs.test];
      const summary = await playAll(...liveFolders(), ...bad);
      expect(summary).toMatchObject({ complete: true, audit: { unexplained: 0 } });
      expect(summary.verdicts["duplicate"]).toBe(duplicatesSoFar);

      const after = await scorecards();
      for (const [id, model] of Object.entries({ ...good, ...LIVE }))
        expect(after.get(id)).toEqual({ ...EXPECTED.get(model), id });
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
    },
  );

  /** The impossible ball, repaired by hand and sent again. */
  async function repairOne(id: string): Promise<void> {
    const value = succeeded(await stack.run(["quarantine", "show", id, "--raw"]));
    const file = join(files, "repaired.json");
    writeFileSync(file, value.replace('"runs_off_bat":"77"', '"runs_off_bat":"0"'));
    expect(await stack.json(["quarantine", "retry", id, "--value", file])).toMatchObject({ id, repaired: true });
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
