/**
 * Superset for real: installed, prepared, started on a snapshot, looked at in Chromium by people without a login while the
 * warehouse is published again and again. The length of the soak: TEST_SOAK_MINUTES (10).
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { localSupervisor, type Supervisor } from "../../src/local/index.ts";
import { freePort } from "../../src/local/ports.ts";
import { runCommand } from "../../src/local/run-command.ts";
import {
  installSuperset,
  prepareSuperset,
  startSuperset,
  supersetAdmin,
  supersetAnswers,
  supersetDir,
  supersetService,
} from "../../src/local/superset.ts";
import { supersetPython } from "../../src/local/superset-install.ts";
import { parseSettings, type Settings } from "../../src/settings.ts";
import { DESCRIPTION } from "../../src/superset/description.ts";
import { uuidOf } from "../../src/superset/uuid.ts";
import { ROOT } from "../support/cli.ts";
import { bundledMatches, type SnapshotMatch, SnapshotWriter } from "../support/warehouse-snapshot.ts";
import { AdminSession } from "./superset-admin.ts";
import { differences } from "./superset-rows.ts";
import { openBrowser, PATIENCE_MS, Viewer } from "./superset-viewer.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Provided by test/browser/chromium.setup.ts. */
    chromium: string;
  }
}

const SOAK_MS = Number(process.env["TEST_SOAK_MINUTES"] ?? 10) * 60_000;
const PUBLISH_MS = 5000;

const say = (line: string): void => void process.stderr.write(`superset: ${line}\n`);

let dir: string;
let settings: Settings;
let supervisor: Supervisor;
let browser: Browser;
let writer: SnapshotWriter;
let base: string;
let firstPassword: string | null;
/** The match that is being played: of a format of its own among the newest. */
let live: SnapshotMatch;
let bowled: number;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "third-umpire-superset-"));
  settings = parseSettings({ TU_LOCAL_DIR: dir, TU_SUPERSET_PORT: String(await freePort()) }, ROOT);
  base = `http://127.0.0.1:${settings.supersetPort}`;
  supervisor = localSupervisor(settings);
  browser = await openBrowser(inject("chromium"));
  // 900 MB that are the same for every stack.
  const project = parseSettings({}, ROOT);
  await installSuperset(project, say);
  mkdirSync(supersetDir(settings), { recursive: true, mode: 0o700 });
  for (const name of readdirSync(supersetDir(project)).filter((each) => each.startsWith("venv-")))
    symlinkSync(join(supersetDir(project), name), join(supersetDir(settings), name));
  // Nothing is loaded yet: the order of the very first start.
  ({ firstPassword } = await startSuperset(supervisor, settings, say));
  writer = await SnapshotWriter.open(settings.warehouseDir);
}, 900_000);

afterAll(async () => {
  await supervisor.stopAll();
  await browser.close();
  writer.close();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}, 120_000);

/** Loads every match but the last balls of the T20 that is live. */
async function publishMatches(): Promise<void> {
  const matches = bundledMatches();
  const t20s = matches.filter(({ source }) => source === "t20i");
  live = t20s.at(-1) as SnapshotMatch;
  let at = Date.now() - 30 * 60_000;
  for (const match of matches.filter((each) => each !== live)) {
    const from = at;
    await writer.match(match, (n) => from + n * 10);
    at += match.deliveries.length * 10;
  }
  bowled = 60;
  await writer.match(
    { ...live, deliveries: live.deliveries.slice(0, bowled) },
    (n) => Date.now() - (bowled - n) * 1000,
  );
  await writer.poison("t20i", Date.now());
  await writer.publish();
}

/** One more ball, and a new snapshot. Begins again, as a correction of itself, when the match is over. */
async function nextBall(): Promise<string> {
  const ball = live.deliveries[bowled % live.deliveries.length];
  if (ball === undefined) throw new Error("the live match has no ball");
  bowled++;
  await writer.balls(live.source, [ball], () => Date.now());
  await writer.publish();
  return `${ball.over}.${ball.ball}`;
}

describe("the first start, before anything is loaded", () => {
  test("answers, and gives a password that is nobody else's, once", async () => {
    expect(await supersetAnswers(settings)).toBe(true);
    expect(firstPassword).toMatch(/^[\w-]{20}$/u);
    for (const name of ["admin_password", "secret_key", "guest_secret"])
      expect(statSync(join(supersetDir(settings), name)).mode & 0o777).toBe(0o600);
    expect(statSync(supersetDir(settings)).mode & 0o777).toBe(0o700);
  });

  test("listens on the loopback address only", async () => {
    const sockets = await runCommand("ss", ["-ltnH", `sport = :${settings.supersetPort}`]);
    expect(
      sockets
        .trim()
        .split("\n")
        .map((line) => line.trim().split(/\s+/u)[3]),
    ).toEqual([`127.0.0.1:${settings.supersetPort}`]);
  });

  test("a second one says who has its port", async () => {
    const second = parseSettings(
      { TU_LOCAL_DIR: join(dir, "second"), TU_SUPERSET_PORT: String(settings.supersetPort) },
      ROOT,
    );
    await expect(startSuperset(localSupervisor(second), second, say)).rejects.toMatchObject({
      message: expect.stringContaining(`port ${settings.supersetPort}, wanted for Superset, is taken`) as unknown,
      remedy: expect.stringContaining("TU_SUPERSET_PORT") as unknown,
    });
  });

  test("without a network says so, and leaves no half-made installation", async () => {
    const blocked = parseSettings({ TU_LOCAL_DIR: join(dir, "blocked") }, ROOT);
    const server = await refusing();
    const { port } = server.address() as { port: number };
    const before = { ...process.env };
    Object.assign(process.env, {
      PIP_INDEX_URL: `http://127.0.0.1:${port}/simple`,
      PIP_RETRIES: "0",
      PIP_NO_CACHE_DIR: "1",
    });
    try {
      await expect(installSuperset(blocked, say)).rejects.toMatchObject({
        message: "Superset could not be fetched: PyPI cannot be reached",
      });
      expect(readdirSync(supersetDir(blocked))).toEqual([]);
    } finally {
      for (const name of ["PIP_INDEX_URL", "PIP_RETRIES", "PIP_NO_CACHE_DIR"]) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
      server.close();
    }
  });
});

/** A server that hangs up on everybody. */
async function refusing(): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}

describe("the dashboards", () => {
  beforeAll(publishMatches, 300_000);

  test.each(DESCRIPTION.dashboards.map((dashboard) => [dashboard.title, dashboard] as const))(
    "%s: a visitor sees every chart, with the rows of the warehouse, and no error",
    async (_, dashboard) => {
      const viewer = await Viewer.open(browser, base, dashboard);
      try {
        await expect.poll(() => viewer.answers.size, { timeout: PATIENCE_MS }).toBe(viewer.charts.length);
        // Filters that choose their first value ask once more.
        await expect
          .poll(() => differences(viewer, settings.warehouseDir), { timeout: PATIENCE_MS, interval: 1000 })
          .toEqual([]);
        expect(await viewer.alerts()).toEqual([]);
        expect(viewer.complaints).toEqual([]);
        expect(await viewer.page.getByText("Edit dashboard").count()).toBe(0);
      } finally {
        await viewer.close();
      }
    },
  );

  test("show a new ball with the next answer after its publication, by themselves", async () => {
    const dashboard = DESCRIPTION.dashboards.find(({ slug }) => slug === "live-match");
    if (dashboard === undefined) throw new Error("no live dashboard");
    const viewer = await Viewer.open(browser, base, dashboard);
    try {
      await expect.poll(() => viewer.text("Now playing"), { timeout: PATIENCE_MS }).toContain(live.match.matchId);
      const id = (await viewer.ids()).get("Last deliveries") ?? -1;
      const latencies: number[] = [];
      for (let n = 0; n < 3; n++) {
        const ball = await nextBall();
        const [from, before] = [performance.now(), viewer.counts.get(id) ?? 0];
        await expect
          .poll(async () => firstLine(await viewer.text("Last deliveries")), { timeout: PATIENCE_MS, interval: 100 })
          .toBe(ball);
        latencies.push(performance.now() - from);
        // One may have been under way; the page asks every ten seconds, and nothing in between keeps an old answer.
        expect((viewer.counts.get(id) ?? 0) - before).toBeLessThanOrEqual(2);
      }
      say(`a new ball is seen after ${latencies.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(", ")}`);
      expect(viewer.complaints).toEqual([]);
    } finally {
      await viewer.close();
    }
  });
});

/** The newest ball of the table: what stands below its five headings. */
function firstLine(table: string): string | undefined {
  return table.split(/\s+/u).find((word) => /^\d+\.\d+$/u.test(word));
}

describe("what a visitor may not", () => {
  test.each([
    ["GET", "/api/v1/database/"],
    ["GET", "/api/v1/dataset/"],
    ["GET", "/api/v1/query/"],
    ["GET", "/api/v1/dashboard/export/?q=!(1)"],
    ["PUT", "/api/v1/dashboard/1"],
    ["DELETE", "/api/v1/dashboard/1"],
    ["PUT", "/api/v1/chart/1"],
    ["POST", "/api/v1/sqllab/execute/"],
    ["POST", "/api/v1/database/"],
    ["POST", "/api/v1/assets/import/"],
  ])("%s %s", async (method, path) => {
    const body = method === "GET" || method === "DELETE" ? {} : { body: "{}" };
    const answer = await fetch(`${base}${path}`, { method, headers: { "content-type": "application/json" }, ...body });
    expect([400, 401, 403]).toContain(answer.status);
    // 400 is the missing token against forged requests: nothing was looked at.
    if (answer.status === 400) expect(await answer.text()).toMatch(/CSRF/u);
  });

  test("SQL Lab asks for the login", async () => {
    const page = await browser.newPage();
    await page.goto(`${base}/sqllab/`);
    await page.getByText("Enter your login and password below").waitFor();
    await page.close();
  });
});

describe("the administrator", () => {
  test("edits with the first password, and what he made survives the next start", async () => {
    const admin = await AdminSession.login(base, supersetAdmin, firstPassword ?? "");
    await admin.send("POST", "/api/v1/dashboard/", { dashboard_title: "My own", slug: "my-own", published: true });
    await supervisor.stop("superset");
    const before = await metadata();
    expect(await prepareSuperset(settings, say)).toEqual({ firstPassword: null });
    expect(await metadata()).toEqual(before);
    expect(before).toContain("my-own");
    await supervisor.start(supersetService(settings));
    expect(await supersetAnswers(settings)).toBe(true);
  });

  test("reads the warehouse in SQL Lab, and nothing else of the machine", async () => {
    const admin = await AdminSession.login(base, supersetAdmin, firstPassword ?? "");
    const database = await admin.idOf("database", uuidOf("database", "Cricket"));
    const run = (sql: string): Promise<{ status: number; text: string }> =>
      admin.send("POST", "/api/v1/sqllab/execute/", { database_id: database, sql, runAsync: false, schema: "main" });
    const counted = await run("SELECT count(*) AS n FROM deliveries");
    expect(counted.status).toBe(200);
    const target = join(dir, "stolen.csv");
    for (const sql of [
      "SELECT * FROM read_text('/etc/hostname')",
      `COPY (SELECT 1) TO '${target}'`,
      "SET enable_external_access = true",
      "ATTACH '/etc/passwd'",
      "DELETE FROM deliveries",
    ])
      expect((await run(sql)).status, sql).toBeGreaterThanOrEqual(400);
    expect(existsSync(target)).toBe(false);
    expect((await run("SELECT current_setting('memory_limit') AS m")).text).toContain("488.2 MiB");
  });
});

/** What the import makes, but when it was made; which charts are on a dashboard is written anew each time. */
async function metadata(): Promise<string> {
  const script = `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for table in ["dbs", "tables", "table_columns", "sql_metrics", "slices", "dashboards", "dashboard_slices", "dashboard_roles", "ab_user_role"]:
    names = [row[1] for row in db.execute(f"pragma table_info({table})") if row[1] not in ("changed_on", "last_saved_at")
             and (table, row[1]) != ("dashboard_slices", "id")]
    for row in sorted(map(repr, db.execute(f"select {', '.join(names)} from {table}"))): print(table, row)
`;
  const python = supersetPython(settings) ?? "python3";
  return runCommand(python, ["-c", script, join(supersetDir(settings), "superset.db")]);
}

test(
  `four viewers over ${SOAK_MS / 60_000} minutes of publishing: no error, and the newest ball at the end`,
  async () => {
    const viewers = await Promise.all(DESCRIPTION.dashboards.map((dashboard) => Viewer.open(browser, base, dashboard)));
    try {
      const end = performance.now() + SOAK_MS;
      let snapshots = 0;
      let ball = "";
      while (performance.now() < end) {
        ball = await nextBall();
        snapshots++;
        await delay(PUBLISH_MS);
        for (const viewer of viewers) expect(await viewer.alerts(), viewer.dashboard.title).toEqual([]);
      }
      const [first] = viewers;
      await expect
        .poll(async () => firstLine((await first?.text("Last deliveries")) ?? ""), {
          timeout: PATIENCE_MS,
          interval: 100,
        })
        .toBe(ball);
      const answers = viewers.reduce((sum, { answered }) => sum + answered, 0);
      say(`${snapshots} snapshots, ${viewers.length} viewers, ${answers} charts answered`);
      // A page that has stopped asking complains of nothing: each has to be answered once more.
      const before = viewers.map(({ answered }) => answered);
      for (const [index, viewer] of viewers.entries()) {
        await expect
          .poll(() => viewer.answered - (before[index] ?? 0), { timeout: PATIENCE_MS })
          .toBeGreaterThanOrEqual(viewer.charts.length);
        expect(viewer.complaints, viewer.dashboard.title).toEqual([]);
      }
    } finally {
      await Promise.all(viewers.map((viewer) => viewer.close()));
    }
  },
  SOAK_MS + 900_000,
);
