import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LoaderStatus, openForReading } from "../../../src/loader/index.ts";
import { warehousePaths } from "../../../src/loader/paths.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { brokers } from "../kafka/harness.ts";
import {
  cleanTopics,
  committedDeliveries,
  expectMartsAsRebuilt,
  expectPrefix,
  produceMatches,
  select,
} from "./harness.ts";

/** `just prove-loader` sets a larger number. */
const KILLS = Number(process.env["TEST_KILLS"] ?? 12);
/** So many that none of the kills but the last few can meet a loader with nothing left to load. */
const MATCHES = KILLS * 11;
const seed = Number(process.env["TEST_SEED"] ?? Date.now() % 1_000_000);

let dir: string;
const childUrl = new URL("loader.child.ts", import.meta.url);
const children = new Set<ChildProcess>();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tu-kill-"));
});

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

function startLoader(prefix: string): ChildProcess {
  const child = fork(childUrl, [brokers(), prefix, dir], {
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** As `third-umpire down` does it. */
async function stop(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  expect(await exit).toEqual([0, null]);
}

async function expectAllLoaded(clean: Awaited<ReturnType<typeof cleanTopics>>): Promise<void> {
  const logged = await committedDeliveries(clean);
  const reading = await openForReading(dir);
  expect(await expectPrefix(reading.connection, logged, clean.topics)).toBe(logged.length);
  reading.close();
}

async function until(child: ChildProcess, wanted: (status: LoaderStatus) => boolean): Promise<LoaderStatus> {
  return await new Promise((resolve, reject) => {
    let said = "";
    child.stderr?.on("data", (data: Buffer) => (said += data.toString()));
    child.once("exit", (code) => reject(new Error(`the loader ended with ${code}: ${said}`)));
    child.on("message", (message) => {
      const status = message as LoaderStatus;
      if (wanted(status)) resolve(status);
    });
  });
}

/** mulberry32 */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test(
  `EO-9: ${KILLS} × SIGKILL at random instants: rows = offsets = marts, nothing lost, nothing twice (seed ${seed})`,
  { timeout: 120_000 + KILLS * 30_000 },
  async () => {
    const clean = await cleanTopics();
    await produceMatches(
      clean,
      Array.from({ length: MATCHES }, (_, n) => `m${n}`),
    );
    const logged = await committedDeliveries(clean);
    expect(logged.length).toBeGreaterThan(MATCHES * 40);
    const random = randomFrom(seed);
    const progress: number[] = [];

    for (let kill = 0; kill < KILLS; kill++) {
      const child = startLoader(clean.prefix);
      // Some before the first commit, most among the transactions and publications that follow it.
      await until(child, (status) =>
        kill % 6 === 5 ? status.state === "opening" : status.batches > 0 || status.lag === 0,
      );
      await sleep(random() * 120);
      child.kill("SIGKILL");
      await once(child, "exit");

      const hot = await DuckDBInstance.create(warehousePaths(dir).hot, { access_mode: "READ_ONLY" }).catch(() => null);
      // Killed before it had made the tables.
      if (hot === null) continue;
      const connection = await hot.connect();
      if ((await select(connection, "SELECT 1 FROM duckdb_tables() WHERE table_name = 'offsets'")).length > 0) {
        progress.push(await expectPrefix(connection, logged, clean.topics));
      }
      connection.closeSync();
      hot.closeSync();
      const published = await openForReading(dir, { prefer: "snapshot" });
      if (published.from === "snapshot") await expectPrefix(published.connection, logged, clean.topics);
      published.close();
    }
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    // A test that only ever killed an idle loader would prove nothing.
    expect(
      progress.filter((records) => records > 0 && records < logged.length).length,
      `loaded at each kill: ${progress.join(" ")} of ${logged.length}`,
    ).toBeGreaterThanOrEqual(Math.floor(KILLS * 0.8));

    const last = startLoader(clean.prefix);
    await until(last, (status) => status.lag === 0);
    await stop(last);
    const warehouse = await Warehouse.open(dir, 0);
    expect(await expectPrefix(warehouse.connection, logged, clean.topics)).toBe(logged.length);
    await expectMartsAsRebuilt(warehouse.connection);
    warehouse.close();
  },
);

test("a second loader process is refused in one line that names the first, which goes on", async () => {
  const clean = await cleanTopics();
  await produceMatches(clean, ["m1"]);
  const first = startLoader(clean.prefix);
  await until(first, (status) => status.lag === 0);
  const second = startLoader(clean.prefix);
  await expect(until(second, (status) => status.state === "running")).rejects.toThrow(
    new RegExp(
      `^the loader ended with 1: another loader \\(pid ${first.pid}\\) writes .*, and there can be only one\\n$`,
      "u",
    ),
  );
  const loadedMore = until(first, (status) => status.lag === 0 && status.rows > 50);
  await produceMatches(clean, ["m2"], { judged: false });
  await loadedMore;
  await stop(first);
});

/** What somebody does who opens the file with the DuckDB program: holds it until told to let go. */
const HOLDER = `
import { DuckDBInstance } from "@duckdb/node-api";
const instance = await DuckDBInstance.create(process.argv[1]);
process.on("disconnect", () => { instance.closeSync(); process.exit(0); });
process.send("open");
`;

test("a warehouse that another program has opened is waited for, by name and pid, and nothing is lost", async () => {
  const clean = await cleanTopics();
  await produceMatches(clean, ["m1"]);
  const { hot, hotDir } = warehousePaths(dir);
  mkdirSync(hotDir, { recursive: true });
  const holder = spawn(process.execPath, ["--input-type=module", "-e", HOLDER, hot], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  children.add(holder);
  await once(holder, "message");

  const loader = startLoader(clean.prefix);
  const waiting = await until(loader, (status) => status.state === "retrying");
  expect(waiting.message).toMatch(
    new RegExp(`is open in .*node.* \\(pid ${holder.pid}\\): waiting until it is closed$`, "u"),
  );
  const loaded = until(loader, (status) => status.lag === 0);
  holder.disconnect();
  await loaded;
  await stop(loader);
  await expectAllLoaded(clean);
});

test("a full disk is a state, not an end: it waits, and nothing is lost", async () => {
  const clean = await cleanTopics();
  await produceMatches(
    clean,
    Array.from({ length: 60 }, (_, n) => `m${n}`),
  );
  // No file may grow beyond 1 MB, so that writing fails as on a disk that is full.
  const limited = spawn(
    "sh",
    [
      "-c",
      'ulimit -S -f 2048 && exec "$@"',
      "sh",
      process.execPath,
      "--import",
      "tsx",
      fileURLToPath(childUrl),
      brokers(),
      clean.prefix,
      dir,
    ],
    { stdio: ["ignore", "ignore", "pipe", "ipc"] },
  );
  children.add(limited);
  const waiting = await until(limited, (status) => status.state === "retrying");
  expect(waiting.message).toMatch(/^the disk is full: .* loading goes on by itself when there is space$/u);
  limited.kill("SIGKILL");
  await once(limited, "exit");

  const roomy = startLoader(clean.prefix);
  await until(roomy, (status) => status.lag === 0);
  await stop(roomy);
  await expectAllLoaded(clean);
});
