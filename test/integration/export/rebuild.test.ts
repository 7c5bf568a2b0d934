import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exportParquet, rebuildWarehouse } from "../../../src/export/index.ts";
import { openForReading, runLoader } from "../../../src/loader/index.ts";
import { TABLES } from "../../../src/loader/tables.ts";
import { findJava } from "../../../src/local/run-command.ts";
import { kafkaDir, kafkaVersion } from "../../../src/local/paths.ts";
import { loadSettings } from "../../../src/settings.ts";
import { brokers } from "../kafka/harness.ts";
import { type Clean, cleanTopics, produceMatches, select } from "../loader/harness.ts";

/* On a real broker: what was exported is deleted from the topics, the warehouse is lost, and comes back. */

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tu-rebuild-"));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

async function load(clean: Clean, warehouseDir: string): Promise<void> {
  const stop = new AbortController();
  await runLoader({
    log: clean.log,
    warehouseDir,
    topics: clean.topics,
    groupId: `${clean.prefix}-group`,
    signal: stop.signal,
    onStatus: (status) => {
      if (status.state === "running" && status.lag === 0) stop.abort();
    },
  });
}

/** Deletes records below these offsets with Kafka's own tool. */
async function truncate(offsets: Readonly<Record<string, number>>): Promise<void> {
  const partitions = Object.entries(offsets).map(([name, offset]) => {
    const slash = name.lastIndexOf("/");
    return { topic: name.slice(0, slash), partition: Number(name.slice(slash + 1)), offset };
  });
  const file = join(root, "offsets.json");
  writeFileSync(file, JSON.stringify({ version: 1, partitions }));
  const jars = join(kafkaDir(loadSettings()), kafkaVersion, "*");
  const command = ["org.apache.kafka.tools.DeleteRecordsCommand", "--bootstrap-server", brokers()];
  await promisify(execFile)(findJava() ?? "java", ["-cp", jars, ...command, "--offset-json-file", file]);
}

async function contents(warehouseDir: string): Promise<Record<string, unknown>> {
  const warehouse = await openForReading(warehouseDir);
  const found: Record<string, unknown> = {};
  for (const { name } of TABLES) {
    found[name] = (await warehouse.connection.runAndReadAll(`SELECT * FROM ${name} ORDER BY ALL`)).getRowsJson();
  }
  warehouse.close();
  return found;
}

test("EO-9: a warehouse lost after the topics were truncated equals the one that was never lost", async () => {
  const clean = await cleanTopics();
  const warehouseDir = join(root, "warehouse");
  const dir = join(root, "archive");
  await produceMatches(clean, ["m1", "m2", "m3"]);
  await load(clean, warehouseDir);
  const { manifest } = await exportParquet({ warehouseDir, dir, closedAfterMs: 0, now: Date.now() });
  expect(manifest.open).toEqual([]);
  await truncate(manifest.offsets);
  await produceMatches(clean, ["m4"], { judged: false });
  await load(clean, warehouseDir);
  const before = await contents(warehouseDir);
  rmSync(warehouseDir, { recursive: true });

  const report = await rebuildWarehouse({
    warehouseDir,
    dir,
    log: clean.log,
    topics: clean.topics,
    groupId: `${clean.prefix}-group`,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    now: Date.now,
  });
  expect([report.gaps, report.incomplete, report.missingTopics]).toEqual([[], [], []]);
  expect(await contents(warehouseDir)).toEqual(before);
  const reading = await openForReading(warehouseDir);
  expect(await select(reading.connection, "SELECT count(*)::INTEGER FROM deliveries")).toEqual([[160]]);
  reading.close();
});
