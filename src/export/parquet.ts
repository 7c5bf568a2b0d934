import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { sqlList } from "../loader/match-rows.ts";
import { sqlText } from "../loader/tables.ts";
import { type ExportedFile, type ExportedPartition, filesOf, type Manifest, sha256Of, syncToDisk } from "./manifest.ts";

/** Tables whose rows belong to a match. */
export const MATCH_TABLES = ["deliveries", "matches", "players"] as const;
/** Tables of the stream itself. */
export const STREAM_TABLES = ["verdict_counts", "verdicts", "quarantine", "gaps"] as const;

const ORDER: Readonly<Record<(typeof MATCH_TABLES)[number], string>> = {
  deliveries: "match_id, innings, over_no, ball_no",
  matches: "match_id",
  players: "match_id, team, player",
};

/** Rows of a partition, of the warehouse and of an earlier export, as SQL. */
export interface PartitionRows {
  readonly matchType: string | null;
  readonly season: string | null;
  readonly content: string;
  /** In the warehouse. */
  readonly matches: readonly string[];
  /** In the earlier export only: kept, for nobody else has them. */
  readonly earlier: readonly { readonly matchIds: readonly string[]; readonly partition: ExportedPartition }[];
}

/** Writes the files of a partition. They are on disk, under names of their content, when this returns. */
export async function writePartition(
  connection: DuckDBConnection,
  dir: string,
  rows: PartitionRows,
): Promise<ExportedPartition> {
  const files: ExportedFile[] = [];
  for (const table of MATCH_TABLES) {
    const parts = [`SELECT * FROM ${table} WHERE match_id IN (${sqlList(rows.matches)})`];
    if (rows.matches.length === 0) parts[0] = `SELECT * FROM ${table} WHERE false`;
    for (const { matchIds, partition } of rows.earlier) {
      const paths = partition.files.filter((file) => file.table === table).map(({ path }) => join(dir, path));
      parts.push(`SELECT * FROM ${parquet(paths)} WHERE match_id IN (${sqlList(matchIds)})`);
    }
    const folder = `${table}/match_type=${hive(rows.matchType)}/season=${hive(rows.season)}`;
    const sql = `SELECT * FROM (${parts.join(" UNION ALL BY NAME ")}) ORDER BY ${ORDER[table]}`;
    files.push(await writeFile(connection, dir, folder, table, sql));
  }
  const { matchType, season, content } = rows;
  const matches = [...rows.matches, ...rows.earlier.flatMap(({ matchIds }) => matchIds)].toSorted();
  return { matchType, season, matches, content, files };
}

/** Writes a table of the stream with what an earlier export has of it beside. */
export async function writeStream(
  connection: DuckDBConnection,
  dir: string,
  table: string,
  earlier: readonly ExportedFile[],
): Promise<ExportedFile> {
  const paths = earlier.filter((file) => file.table === table).map(({ path }) => join(dir, path));
  const kept = paths.length === 0 ? "" : ` UNION BY NAME SELECT * FROM ${parquet(paths)}`;
  return writeFile(connection, dir, table, table, `SELECT * FROM (SELECT * FROM ${table}${kept}) ORDER BY ALL`);
}

/** Files as a table of SQL. The partition's values are in the rows too, as the rows have them. */
export function parquet(paths: readonly string[]): string {
  return `read_parquet([${sqlList(paths)}], union_by_name = true, hive_partitioning = false)`;
}

/** Removes what no manifest names: files of an interrupted export, and those that were replaced. */
export function removeUnnamed(dir: string, manifest: Manifest): void {
  const named = new Set(filesOf(manifest).map(({ path }) => path));
  for (const table of [...MATCH_TABLES, ...STREAM_TABLES]) {
    let found: string[];
    try {
      found = readdirSync(join(dir, table), { recursive: true }).map(String);
    } catch (error) {
      if (error instanceof Error && Reflect.get(error, "code") === "ENOENT") continue;
      throw error;
    }
    for (const name of found) {
      const path = `${table}/${name}`;
      if (/\.(?:parquet|draft)$/u.test(name) && !named.has(path)) rmSync(join(dir, path));
    }
  }
}

async function writeFile(
  connection: DuckDBConnection,
  dir: string,
  folder: string,
  table: string,
  select: string,
): Promise<ExportedFile> {
  const full = join(dir, folder);
  mkdirSync(full, { recursive: true });
  const draft = join(full, "new.draft");
  const copied = await connection.runAndReadAll(
    `COPY (${select}) TO ${sqlText(draft)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  await syncToDisk(draft);
  const sha256 = await sha256Of(draft);
  const name = `${sha256.slice(0, 16)}.parquet`;
  const { size } = await stat(draft);
  await rename(draft, join(full, name));
  await syncToDisk(full);
  return { table, path: `${folder}/${name}`, rows: Number(copied.getRows()[0]?.[0] ?? 0), bytes: size, sha256 };
}

/** A value as Hive writes it in a folder's name: 2016/17 is 2016%2F17. */
function hive(value: string | null): string {
  if (value === null || value === "") return "__HIVE_DEFAULT_PARTITION__";
  return [...Buffer.from(value, "utf8")]
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      return /[A-Za-z0-9_-]/u.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}
