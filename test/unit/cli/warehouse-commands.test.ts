import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { interruptible } from "../../../src/cli/interrupt.ts";
import { MatchWatcher } from "../../../src/cli/watch/match-view.ts";
import { WatchScreen } from "../../../src/cli/watch/screen.ts";
import { publishSnapshot } from "../../../src/loader/publish.ts";
import { planLoad } from "../../../src/loader/plan.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import {
  cleanDelivery,
  cleanMatch,
  delivery,
  json,
  match,
  recordBatch,
  topicsNamed,
} from "../../support/clean-records.ts";
import { loadPlan } from "../../support/load-plan.ts";

const MAIN = resolve(import.meta.dirname, "../../../src/cli/main.ts");
const topics = topicsNamed("t");

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let root: string;
let warehouseDir: string;

function start(...args: string[]): { child: ChildProcess; ended: Promise<Finished>; out: () => string } {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, TU_LOCAL_DIR: root };
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<Finished>((done) => child.once("close", (code) => done({ code, stdout, stderr })));
  return { child, ended, out: () => stdout };
}

const run = (...args: string[]): Promise<Finished> => start(...args).ended;

async function load(warehouse: Warehouse, id: string, balls: number): Promise<void> {
  const name = `${topics.deliveries}/0`;
  const from = warehouse.progress.next.get(name) ?? 0;
  const record = warehouse.progress.next.get(`${topics.matches}/0`) ?? 0;
  await loadPlan(
    warehouse,
    planLoad(
      [
        recordBatch(topics.matches, 0, [{ offset: record, value: json(cleanMatch(match(id), record)) }]),
        recordBatch(
          topics.deliveries,
          0,
          Array.from({ length: balls }, (_, n) => ({
            offset: from + n,
            value: json(cleanDelivery(delivery(id, n), from + n)),
          })),
        ),
      ],
      warehouse.progress,
      topics,
    ),
  );
}

async function openWarehouse(dir: string): Promise<Warehouse> {
  const warehouse = await Warehouse.open(dir, 0);
  await warehouse.start(new Map([topics.deliveries, topics.matches].map((topic) => [`${topic}/0`, 0])), []);
  return warehouse;
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "tu-commands-"));
  warehouseDir = join(root, "warehouse");
  const warehouse = await openWarehouse(warehouseDir);
  await load(warehouse, "m1", 40);
  await load(warehouse, "m2", 25);
  await warehouse.checkpoint();
  await publishSnapshot(warehouseDir);
  warehouse.close();
});

afterAll(() => {
  rmSync(root, { recursive: true });
});

describe("third-umpire sql", () => {
  test("answers as a table, as JSON and as CSV", async () => {
    const query = "SELECT match_id, count(*) AS balls FROM deliveries GROUP BY ALL ORDER BY ALL";
    const answers = await Promise.all([run("sql", query), run("sql", query, "--json"), run("sql", query, "--csv")]);
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0]);
    const [table, asJson, csv] = answers.map(({ stdout }) => stdout);
    expect(table).toBe("match_id  balls\nm1           40\nm2           25\n");
    expect(JSON.parse(asJson ?? "")).toEqual([
      { match_id: "m1", balls: 40 },
      { match_id: "m2", balls: 25 },
    ]);
    expect(csv).toBe("match_id,balls\nm1,40\nm2,25\n");
  });

  test("refuses what writes, reads other files, or undoes that, in one line each", async () => {
    const other = join(root, "other.csv");
    writeFileSync(other, "secret\n1\n");
    const refused = await Promise.all(
      [
        "DELETE FROM deliveries",
        `SELECT * FROM read_csv('${other}')`,
        `COPY deliveries TO '${join(root, "out.csv")}'`,
        `ATTACH '${join(root, "new.duckdb")}'`,
        "SET enable_external_access = true",
        "SELECT nothing FROM deliveries",
      ].map((query) => run("sql", query)),
    );
    expect(refused.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 2]);
    for (const { stdout, stderr } of refused) {
      expect(stdout).toBe("");
      expect(stderr.trim().split("\n").at(-1)).toMatch(/^error: .+ \(remedy: .+\)$/u);
    }
  });

  test("Ctrl-C ends a long query, and one that has not begun when it is pressed", async () => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const long =
      "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range = b.range % 7 + 1 AND a.range < b.range";
    const pressed = AbortSignal.abort();
    await expect(interruptible(connection, pressed, async () => connection.run(long))).rejects.toThrow(/interrupt/iu);
    const controller = new AbortController();
    const answered = interruptible(connection, controller.signal, async () => {
      const running = connection.run(long);
      controller.abort();
      return running;
    });
    await expect(answered).rejects.toThrow(/interrupt/iu);
    expect((await connection.runAndReadAll("SELECT 1")).getRows()).toEqual([[1]]);
    connection.closeSync();
    instance.closeSync();
  });
});

describe("third-umpire watch", () => {
  const folders = (): { warehouseDir: string; runDir: string } => ({ warehouseDir, runDir: join(root, "run") });

  test("without a loader it shows the match loaded last, and says so", async () => {
    const view = await new MatchWatcher(folders(), [], () => 0).look();
    expect(view.live).toEqual([]);
    expect(view.note).toMatch(/no loader runs/u);
    expect(view.card).toContain("Zimbabwe v West Indies");
  });

  test("shows the named match with what the loader reports of it, and the card of each new snapshot", async () => {
    const own = { warehouseDir: join(root, "live"), runDir: join(root, "live-run") };
    mkdirSync(own.runDir);
    const report = (line: string): void => {
      const live = {
        raw: { matchId: "m1", title: "Zimbabwe v West Indies", line },
        other: { matchId: "m9", title: "elsewhere", line: "0/0" },
      };
      const file = { name: "loader", pid: 1, at: 1000, status: { state: "running", live } };
      writeFileSync(join(own.runDir, "loader.status.json"), JSON.stringify(file));
    };
    report("Zimbabwe 1/0");
    const watcher = new MatchWatcher(own, ["m1"], () => 1500);
    expect((await watcher.look()).card).toBe("");
    const warehouse = await openWarehouse(own.warehouseDir);
    await load(warehouse, "m1", 10);
    await warehouse.checkpoint();
    await publishSnapshot(own.warehouseDir);
    const first = await watcher.look();
    expect(first.live).toEqual(["Zimbabwe v West Indies: Zimbabwe 1/0"]);
    report("Zimbabwe 40/2");
    await load(warehouse, "m1", 20);
    await warehouse.checkpoint();
    await publishSnapshot(own.warehouseDir);
    const second = await watcher.look();
    expect(second.live).toEqual(["Zimbabwe v West Indies: Zimbabwe 40/2"]);
    expect(second.card).not.toBe(first.card);
    expect(second.note).toBe("");
    warehouse.close();
  });

  test("two matches that are meant are named, and none is said", async () => {
    await expect(new MatchWatcher(folders(), ["zimbabwe"], () => 0).look()).rejects.toThrow(
      /2 matches are meant by "zimbabwe": m1, m2/u,
    );
    await expect(new MatchWatcher(folders(), ["mars"], () => 0).look()).rejects.toThrow(/no match in the warehouse/u);
  });

  test("elsewhere than on a terminal it prints the card once and then a line for each ball", () => {
    const written: string[] = [];
    const screen = new WatchScreen({ write: (text: string) => written.push(text) });
    const view = (line: string, card = "CARD\n"): void => screen.show({ live: [line], card, note: "" });
    view("0/0", "");
    view("4/0");
    view("4/0", "NEWER\n");
    view("4/1", "NEWER\n");
    screen.close();
    expect(written).toEqual(["0/0\n", "CARD\n", "4/0\n", "4/1\n"]);
  });

  test("on a terminal it draws in place, within its size, and gives the terminal back", () => {
    const written: string[] = [];
    const screen = new WatchScreen({ isTTY: true, columns: 8, rows: 4, write: (text: string) => written.push(text) });
    const card = Array.from({ length: 20 }, (_, n) => `line ${n} of the card`).join("\n");
    screen.show({ live: ["Zimbabwe 4/0"], card, note: "end" });
    const frames = written.length;
    screen.show({ live: ["Zimbabwe 4/0"], card, note: "end" });
    expect(written.length).toBe(frames);
    const drawn = (written.at(-1) ?? "").replaceAll(/\u001B\[[?\d]*[a-zA-Z]/gu, "");
    expect(drawn.split("\r\n")).toEqual(["Zimbabwe", "", "end"]);
    screen.close();
    expect(written.at(-1)).toContain("?1049l");
  });

  test("a child that watches ends at SIGTERM, with the card printed", async () => {
    const { child, ended, out } = start("watch", "m1");
    await new Promise<void>((printed) => child.stdout?.on("data", () => out().includes("Total") && printed()));
    child.kill("SIGTERM");
    const { code, stdout } = await ended;
    expect([code, stdout.includes("no loader runs")]).toEqual([0, true]);
  });
});

describe("third-umpire export and rebuild", () => {
  test("a warehouse that is lost comes back from its export, by command", async () => {
    const archive = join(root, "archive");
    const done = await run("export", "--parquet", archive, "--closed-after", "0");
    expect([done.code, done.stdout.split("\n")[0]]).toEqual([
      0,
      expect.stringMatching(/^2 matches with 65 deliveries, /u),
    ]);
    const there = await run("rebuild", "--parquet", archive, "--without-topics");
    expect([there.code, there.stderr]).toEqual([1, expect.stringMatching(/^error: there is a warehouse already/u)]);
    rmSync(join(warehouseDir, "hot"), { recursive: true });
    const back = await run("rebuild", "--parquet", archive, "--without-topics");
    expect([back.code, back.stdout.split("\n")[0]]).toEqual([
      0,
      expect.stringMatching(/: 2 matches with 65 deliveries, /u),
    ]);
    const cards = await run("scorecards", "--jsonl");
    expect(cards.stdout.trim().split("\n")).toHaveLength(2);
  });
});
