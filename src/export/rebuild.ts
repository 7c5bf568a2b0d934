import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { FatalError } from "../domain/errors.ts";
import type { Log } from "../kafka/log.ts";
import { type LoaderStatus, type LoaderTopics, runLoader } from "../loader/index.ts";
import { rebuildMarts } from "../loader/marts.ts";
import { warehousePaths } from "../loader/paths.ts";
import type { PartitionState } from "../loader/start-offsets.ts";
import { inTransaction } from "../loader/transaction.ts";
import { Warehouse } from "../loader/warehouse.ts";
import { filesOf, type Manifest, readManifest, verifyFiles } from "./manifest.ts";
import { MATCH_TABLES, parquet, STREAM_TABLES } from "./parquet.ts";
import { decideSeam, type Seam } from "./seam.ts";

export interface RebuildOptions {
  readonly warehouseDir: string;
  /** Folder of an export. */
  readonly dir: string;
  /** null: the export only. */
  readonly log: Log | null;
  readonly topics: LoaderTopics;
  readonly groupId: string;
  readonly signal: AbortSignal;
  /** What is being done, one line for a person. */
  readonly onProgress: (line: string) => void;
  /** ms since the Unix epoch. */
  readonly now: () => number;
}

export interface RebuildReport {
  readonly exportedAt: string;
  /** Rows by table, from Parquet. */
  readonly restored: Readonly<Record<string, number>>;
  /** Records loaded from the topics. */
  readonly loaded: number;
  /** Topics that do not exist any more. */
  readonly missingTopics: readonly string[];
  readonly gaps: Seam["gaps"];
  readonly incomplete: readonly string[];
}

const KAFKA_MS = 10_000;

/**
 * Makes a warehouse that was lost again, from an export and from what the topics still keep. Until the export is in it
 * the new one stands beside, so a rebuild that is interrupted leaves nothing in the way of the next.
 *
 * Throws a FatalError where there is a warehouse already, where a file of the export is damaged, and where a topic is not
 * the one that was exported.
 */
export async function rebuildWarehouse(options: RebuildOptions): Promise<RebuildReport> {
  const { warehouseDir, dir, onProgress, topics } = options;
  const paths = warehousePaths(warehouseDir);
  if (existsSync(paths.hot)) {
    throw new FatalError(`there is a warehouse already: ${paths.hot}`, {
      remedy: "if it is damaged, `third-umpire loader --restore` keeps more; else move its folder away first",
    });
  }
  const manifest = readManifest(dir);
  if (manifest === null) {
    throw new FatalError(`there is no export in ${dir}`, {
      remedy: "name the folder that `third-umpire export` wrote",
    });
  }
  onProgress(`checking ${filesOf(manifest).length} files of the export of ${manifest.exportedAt}`);
  await verifyFiles(dir, manifest);
  const names = Object.values(topics) as string[];
  const { states, missing } =
    options.log === null ? { states: [], missing: names } : await topicStates(options.log, names);
  const seam = decideSeam(manifest, states, topics, options.now());
  const draftDir = join(warehouseDir, "rebuild");
  await rm(draftDir, { recursive: true, force: true });
  const restored = await restore(draftDir, dir, manifest, seam, options);
  await mkdir(warehouseDir, { recursive: true });
  // An empty folder may be left of the warehouse that was lost.
  await rm(paths.hotDir, { recursive: true, force: true });
  await rename(warehousePaths(draftDir).hotDir, paths.hotDir);
  await rm(draftDir, { recursive: true, force: true });
  const loaded = options.log === null || missing.length > 0 ? 0 : await catchUp(options, options.log);
  return {
    exportedAt: manifest.exportedAt,
    restored,
    loaded,
    missingTopics: options.log === null ? [] : missing,
    gaps: seam.gaps,
    incomplete: seam.incomplete,
  };
}

async function topicStates(
  log: Log,
  names: readonly string[],
): Promise<{ states: readonly PartitionState[]; missing: string[] }> {
  const admin = log.admin();
  const reader = log.reader({ isolation: "read_committed" });
  try {
    await reader.open();
    const described = await admin.describeTopics(names);
    const partitions = names.flatMap((topic) =>
      Array.from({ length: described.get(topic)?.partitions ?? 0 }, (_, partition) => ({ topic, partition })),
    );
    const states = await Promise.all(
      partitions.map(async (partition) => ({ ...partition, watermarks: await reader.watermarks(partition, KAFKA_MS) })),
    );
    return { states, missing: names.filter((name) => !described.has(name)) };
  } finally {
    await Promise.allSettled([reader.close(), admin.close()]);
  }
}

async function restore(
  draftDir: string,
  dir: string,
  manifest: Manifest,
  seam: Seam,
  { now, onProgress }: RebuildOptions,
): Promise<Record<string, number>> {
  const warehouse = await Warehouse.open(draftDir, now());
  try {
    const { connection } = warehouse;
    const restored: Record<string, number> = {};
    await inTransaction(connection, async () => {
      for (const table of [...MATCH_TABLES, ...STREAM_TABLES]) {
        const paths = filesOf(manifest).flatMap((file) => (file.table === table ? [join(dir, file.path)] : []));
        restored[table] = paths.length === 0 ? 0 : await insert(connection, table, paths);
      }
    });
    onProgress(`${restored["deliveries"] ?? 0} deliveries of ${restored["matches"] ?? 0} matches restored`);
    await refuseDoubles(connection);
    await rebuildMarts(connection);
    await warehouse.start(seam.offsets, seam.gaps);
    await warehouse.checkpoint();
    return restored;
  } finally {
    warehouse.close();
  }
}

/** By name, so that an export of an earlier schema can be read: what it did not have is null. */
async function insert(connection: DuckDBConnection, table: string, paths: readonly string[]): Promise<number> {
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${parquet(paths)}`);
  const columns = described.getRows().map(([name]) => String(name));
  const list = columns.map((name) => `"${name.replaceAll('"', '""')}"`).join(", ");
  const reader = await connection.runAndReadAll(`INSERT INTO ${table} (${list}) SELECT ${list} FROM ${parquet(paths)}`);
  return Number(reader.getRows()[0]?.[0] ?? 0);
}

/** An event id is made of the natural key, so two rows of one fact are two rows of one key: a damaged export. */
async function refuseDoubles(connection: DuckDBConnection): Promise<void> {
  for (const [table, key] of [
    ["deliveries", "match_id, innings, over_no, ball_no"],
    ["matches", "match_id"],
    ["verdict_counts", "input_topic, input_partition, from_offset"],
    ["verdicts", "input_topic, input_partition, input_offset"],
  ] as const) {
    const reader = await connection.runAndReadAll(
      `SELECT ${key} FROM ${table} GROUP BY ALL HAVING count(*) > 1 LIMIT 1`,
    );
    const double = reader.getRowsJson()[0];
    if (double === undefined) continue;
    throw new FatalError(`the export holds two rows of ${table} with ${key} = ${double.map(String).join(", ")}`, {
      remedy: "it was changed by hand: take another copy of it",
    });
  }
}

/** Runs the loader until it has read what the topics hold, and publishes. */
async function catchUp({ signal, ...options }: RebuildOptions, log: Log): Promise<number> {
  const stop = new AbortController();
  let last: LoaderStatus | undefined;
  let said = "";
  await runLoader({
    log,
    warehouseDir: options.warehouseDir,
    topics: options.topics,
    groupId: options.groupId,
    signal: AbortSignal.any([signal, stop.signal]),
    onStatus: (status) => {
      last = status;
      if (status.state === "retrying" && status.message !== said) options.onProgress((said = status.message));
      if (status.state === "running" && status.lag === 0) stop.abort();
    },
  });
  signal.throwIfAborted();
  return last?.rows ?? 0;
}
