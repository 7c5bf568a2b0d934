import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { FatalError } from "../domain/errors.ts";
import { openForReading } from "../loader/index.ts";
import { SCHEMA_VERSION } from "../loader/migrations.ts";
import { EMPTY_MANIFEST, type Manifest, type OpenMatch, readManifest, writeManifest } from "./manifest.ts";
import { type PartitionRows, removeUnnamed, STREAM_TABLES, writePartition, writeStream } from "./parquet.ts";

export interface ExportOptions {
  readonly warehouseDir: string;
  /** Folder of the export: new, empty, or of an earlier export that this one goes on with. */
  readonly dir: string;
  /** A match with a result is closed when nothing of it came for this long, in ms of event time. */
  readonly closedAfterMs: number;
  /** ms since the Unix epoch. */
  readonly now: number;
}

export interface ExportReport {
  readonly manifest: Manifest;
  /** Name of the snapshot, or of the hot file, that was read. */
  readonly from: string;
  readonly written: number;
  readonly unchanged: number;
}

/**
 * Writes the closed matches of the newest snapshot as Parquet, by type of match and season, and the tables of the stream
 * whole. A match is closed when its record has a result and nothing of it came for `closedAfterMs`; once exported it
 * stays in the export, with whatever corrections came later.
 *
 * The manifest is swapped last, by rename: an export that is interrupted leaves the one before as it was. Throws a
 * FatalError where the folder holds a later export than the warehouse.
 */
export async function exportParquet(options: ExportOptions): Promise<ExportReport> {
  const { dir } = options;
  const earlier = readManifest(dir);
  const warehouse = await openForReading(options.warehouseDir, { prefer: "snapshot" });
  try {
    const { connection } = warehouse;
    const offsets = await readOffsets(connection);
    if (earlier === null) await writeManifest(dir, EMPTY_MANIFEST);
    const before = earlier ?? EMPTY_MANIFEST;
    refuseOlder(before, offsets, dir, options.warehouseDir);
    const { partitions: wanted, open } = await chooseMatches(connection, before, options);
    const partitions = [];
    let written = 0;
    for (const rows of wanted) {
      const same = before.partitions.find(
        (known) => known.matchType === rows.matchType && known.season === rows.season && known.content === rows.content,
      );
      if (same === undefined) written++;
      partitions.push(same ?? (await writePartition(connection, dir, rows)));
    }
    const streams = [];
    for (const table of STREAM_TABLES) streams.push(await writeStream(connection, dir, table, before.streams));
    const manifest: Manifest = {
      version: 1,
      exportedAt: new Date(options.now).toISOString(),
      schemaVersion: SCHEMA_VERSION,
      offsets,
      partitions,
      streams,
      open,
    };
    await writeManifest(dir, manifest);
    removeUnnamed(dir, manifest);
    return { manifest, from: warehouse.name, written, unchanged: partitions.length - written };
  } finally {
    warehouse.close();
  }
}

async function readOffsets(connection: DuckDBConnection): Promise<Record<string, number>> {
  const reader = await connection.runAndReadAll("SELECT topic, partition, next_offset FROM offsets ORDER BY ALL");
  return Object.fromEntries(
    reader.getRows().map(([topic, partition, next]) => [`${String(topic)}/${String(partition)}`, Number(next)]),
  );
}

function refuseOlder(
  before: Manifest,
  offsets: Readonly<Record<string, number>>,
  dir: string,
  warehouse: string,
): void {
  for (const [name, next] of Object.entries(before.offsets)) {
    const here = offsets[name] ?? 0;
    if (here >= next) continue;
    throw new FatalError(
      `${dir} holds an export up to offset ${next} of ${name}, the warehouse ${warehouse} is at ${here}`,
      {
        remedy: "it is of another or a later warehouse: export into a new folder",
      },
    );
  }
}

interface Choice {
  readonly partitions: readonly PartitionRows[];
  readonly open: readonly OpenMatch[];
}

interface Found extends OpenMatch {
  readonly matchType: string | null;
  readonly season: string | null;
  readonly hash: string;
}

async function chooseMatches(
  connection: DuckDBConnection,
  before: Manifest,
  { closedAfterMs, now }: ExportOptions,
): Promise<Choice> {
  const exported = new Set(before.partitions.flatMap(({ matches }) => matches));
  const reader = await connection.runAndReadAll(
    `WITH balls AS (
       SELECT match_id, max(source_time) AS touched, any_value(log_partition) AS part, min(log_offset) AS first,
         bit_xor(hash(event_id, log_partition, log_offset)) AS content
       FROM deliveries GROUP BY match_id)
     SELECT match_id, m.match_type, m.season, b.part, b.first, m.log_partition, m.log_offset,
       coalesce(m.winner, m.result, m.eliminator, m.bowl_out) IS NOT NULL AND m.match_id IS NOT NULL
         AND epoch_ms(greatest(coalesce(b.touched, m.source_time), m.source_time)) < ${Math.trunc(now - closedAfterMs)},
       coalesce(b.content, 0)::VARCHAR || coalesce(hash(m.event_id, m.log_partition, m.log_offset), 0)::VARCHAR
     FROM balls b FULL JOIN matches m USING (match_id) ORDER BY match_id`,
  );
  const groups = new Map<string, Found[]>();
  const open: OpenMatch[] = [];
  const here = new Set<string>();
  for (const row of reader.getRows()) {
    const matchId = String(row[0]);
    const found: Found = {
      matchId,
      matchType: row[1] === null ? null : String(row[1]),
      season: row[2] === null ? null : String(row[2]),
      deliveries: row[3] === null ? null : { partition: Number(row[3]), offset: Number(row[4]) },
      record: row[5] === null ? null : { partition: Number(row[5]), offset: Number(row[6]) },
      hash: String(row[8]),
    };
    here.add(matchId);
    if (row[7] !== true && !exported.has(matchId)) {
      open.push({ matchId, deliveries: found.deliveries, record: found.record });
      continue;
    }
    const key = JSON.stringify([found.matchType, found.season]);
    groups.set(key, [...(groups.get(key) ?? []), found]);
  }
  const lost = new Map<string, { matchIds: string[]; partition: Manifest["partitions"][number] }[]>();
  for (const partition of before.partitions) {
    const matchIds = partition.matches.filter((id) => !here.has(id));
    const key = JSON.stringify([partition.matchType, partition.season]);
    if (matchIds.length > 0) lost.set(key, [...(lost.get(key) ?? []), { matchIds, partition }]);
  }
  const keys = [...new Set([...groups.keys(), ...lost.keys()])].toSorted();
  return {
    partitions: keys.map((key) => partitionRows(key, groups.get(key) ?? [], lost.get(key) ?? [])),
    open,
  };
}

function partitionRows(key: string, found: readonly Found[], earlier: PartitionRows["earlier"]): PartitionRows {
  const [matchType, season] = JSON.parse(key) as [string | null, string | null];
  const kept = earlier.flatMap(({ matchIds }) => matchIds.map((id) => `${id} kept`));
  return {
    matchType,
    season,
    content: digest([`schema ${SCHEMA_VERSION}`, ...found.map(({ matchId, hash }) => `${matchId} ${hash}`), ...kept]),
    matches: found.map(({ matchId }) => matchId),
    earlier,
  };
}

function digest(lines: readonly string[]): string {
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}
