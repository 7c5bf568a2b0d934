import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FatalError, RetryableError } from "../../../src/domain/errors.ts";
import { warehousePaths } from "../../../src/loader/paths.ts";
import { planLoad } from "../../../src/loader/plan.ts";
import { publishSnapshot } from "../../../src/loader/publish.ts";
import { openForReading } from "../../../src/loader/read.ts";
import { restoreDamaged } from "../../../src/loader/restore.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { cleanDelivery, delivery, json, recordBatch, topicsNamed } from "../../support/clean-records.ts";
import { loadPlan } from "../../support/load-plan.ts";

const topics = topicsNamed("t");
const duckdb = createRequire(import.meta.url).resolve("@duckdb/node-api");
let dir: string;
let warehouse: Warehouse | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tu-publish-"));
});

afterEach(() => {
  warehouse?.close();
  warehouse = undefined;
  rmSync(dir, { recursive: true });
});

async function open(): Promise<Warehouse> {
  warehouse = await Warehouse.open(dir, 0);
  if (!warehouse.progress.next.has("t.deliveries/0")) await warehouse.start(new Map([["t.deliveries/0", 0]]), []);
  return warehouse;
}

async function load(to: Warehouse, n: number): Promise<void> {
  const batch = recordBatch(topics.deliveries, 0, [{ offset: n, value: json(cleanDelivery(delivery("m", n), n)) }]);
  await loadPlan(to, planLoad([batch], to.progress, topics));
}

/** Opens the hot file in another process, as a second program would. */
function openElsewhere(options: Record<string, string>): string {
  const script =
    `require(${JSON.stringify(duckdb)}).DuckDBInstance.create(process.argv[1], JSON.parse(process.argv[2]))` +
    `.then(() => console.log("opened"), (error) => console.log(error.message))`;
  return spawnSync(process.execPath, ["-e", script, warehousePaths(dir).hot, JSON.stringify(options)], {
    encoding: "utf8",
  }).stdout;
}

async function rowsRead(prefer: "hot" | "snapshot" = "hot"): Promise<[from: string, rows: number, note: string]> {
  const reading = await openForReading(dir, { prefer });
  const reader = await reading.connection.runAndReadAll("SELECT count(*) FROM deliveries");
  reading.close();
  return [reading.from, Number(reader.getRows()[0]?.[0]), reading.note];
}

describe("publishing", () => {
  test("keeps DuckDB's lock on the file that is being written", async () => {
    const writing = await open();
    await load(writing, 0);
    await writing.checkpoint();
    await publishSnapshot(dir);
    expect(openElsewhere({})).toMatch(/Conflicting lock is held/u);
    expect(openElsewhere({ access_mode: "READ_ONLY" })).toMatch(/Conflicting lock is held/u);
  });

  test("EO-9: readers get the checkpointed prefix while the loader writes on, and the whole when it has ended", async () => {
    const writing = await open();
    await expect(openForReading(dir)).rejects.toThrow(/no warehouse to read .* no snapshot has been published/u);
    await load(writing, 0);
    await writing.checkpoint();
    expect(await publishSnapshot(dir)).toBe("snap-1");
    await load(writing, 1);
    expect(await rowsRead()).toEqual(["snapshot", 1, "the loader in this process writes it"]);
    writing.close();
    warehouse = undefined;
    expect(await rowsRead()).toEqual(["hot", 2, ""]);
    expect(await rowsRead("snapshot")).toEqual(["snapshot", 1, ""]);
  });

  test("a reader that began on a snapshot ends on it, whatever is published meanwhile", async () => {
    const writing = await open();
    await load(writing, 0);
    await writing.checkpoint();
    await publishSnapshot(dir);
    const reading = await openForReading(dir);
    for (let n = 1; n < 7; n++) {
      await load(writing, n);
      await writing.checkpoint();
      await publishSnapshot(dir);
    }
    const reader = await reading.connection.runAndReadAll("SELECT count(*) FROM deliveries");
    expect(reader.getRows()).toEqual([[1n]]);
    reading.close();
    expect(await rowsRead()).toEqual(["snapshot", 7, "the loader in this process writes it"]);
  });

  test("keeps the last four snapshots, each one file without a log, and clears what was left half made", async () => {
    const writing = await open();
    await load(writing, 0);
    await writing.checkpoint();
    const { pubDir } = warehousePaths(dir);
    mkdirSync(join(pubDir, "snap-9.draft"), { recursive: true });
    writeFileSync(join(pubDir, "current.draft"), "");
    for (let n = 0; n < 6; n++) await publishSnapshot(dir);
    expect(readdirSync(pubDir).toSorted()).toEqual(["current", "snap-3", "snap-4", "snap-5", "snap-6"]);
    expect(readdirSync(join(pubDir, "current"))).toEqual(["cricket.duckdb"]);
  });

  test("a failed publication is retryable and leaves readers where they were", async () => {
    const writing = await open();
    await load(writing, 0);
    await writing.checkpoint();
    await publishSnapshot(dir);
    const { hot } = warehousePaths(dir);
    const elsewhere = `${hot}.elsewhere`;
    renameSync(hot, elsewhere);
    await expect(publishSnapshot(dir)).rejects.toThrow(RetryableError);
    renameSync(elsewhere, hot);
    expect(await rowsRead()).toEqual(["snapshot", 1, "the loader in this process writes it"]);
    expect(await publishSnapshot(dir)).toBe("snap-2");
  });
});

describe("the one writer", () => {
  test("a second loader is refused in one line that names the first", async () => {
    await open();
    await expect(Warehouse.open(dir, 0)).rejects.toThrow(
      new RegExp(`another loader \\(pid ${process.pid}\\) writes .*, and there can be only one`, "u"),
    );
    expect(openElsewhere({})).toMatch(/Conflicting lock is held/u);
  });

  test("a damaged file is refused with the command that mends it, and goes on from the newest snapshot", async () => {
    const writing = await open();
    await load(writing, 0);
    await writing.checkpoint();
    await publishSnapshot(dir);
    await load(writing, 1);
    writing.close();
    warehouse = undefined;
    expect(await restoreDamaged(dir)).toBeNull();
    const { hot, hotDir } = warehousePaths(dir);
    writeFileSync(hot, readFileSync(hot).subarray(0, 6000));
    const refused: unknown = await Warehouse.open(dir, 0).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(FatalError);
    expect((refused as FatalError).message).toMatch(/is damaged: /u);
    expect((refused as FatalError).remedy).toContain("loader --restore");
    expect(await restoreDamaged(dir)).toMatch(/goes on from the newest snapshot/u);
    expect(readdirSync(hotDir)).toContain("damaged-1");
    const again = await open();
    expect(again.progress.next.get("t.deliveries/0")).toBe(1);
    await load(again, 1);
    await again.checkpoint();
  });
});
