import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { open, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { FatalError } from "../domain/errors.ts";

const FILE = "manifest.json";

export interface ExportedFile {
  readonly table: string;
  /** Below the folder of the manifest, with forward slashes. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ExportedPartition {
  /** null where the format does not say. */
  readonly matchType: string | null;
  readonly season: string | null;
  readonly matches: readonly string[];
  /** Equal for equal rows: an unchanged partition is not written again. */
  readonly content: string;
  readonly files: readonly ExportedFile[];
}

interface Place {
  readonly partition: number;
  readonly offset: number;
}

/** A match that was not exported, and its first record in Kafka: what a rebuild needs of the topics. */
export interface OpenMatch {
  readonly matchId: string;
  readonly deliveries: Place | null;
  readonly record: Place | null;
}

export interface Manifest {
  readonly version: 1;
  /** ISO 8601 UTC. */
  readonly exportedAt: string;
  readonly schemaVersion: number;
  /** Next offset of each `<topic>/<partition>`: every record below it was in the warehouse that was exported. */
  readonly offsets: Readonly<Record<string, number>>;
  readonly partitions: readonly ExportedPartition[];
  /** Verdicts, quarantine and gaps: one file for each table. */
  readonly streams: readonly ExportedFile[];
  readonly open: readonly OpenMatch[];
}

const count: z.ZodType<number> = z.number().int().min(0);
const text: z.ZodType<string | null> = z.string().nullable();

const file: z.ZodType<ExportedFile> = z.object({
  table: z.string(),
  // No way out of the folder, and nothing that SQL or a shell would take for anything else.
  path: z.string().regex(/^[\w%=-]+(?:\/[\w%=-]+)*\.parquet$/u),
  rows: count,
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/u),
});

const place: z.ZodType<Place> = z.object({ partition: count, offset: count });

const manifest: z.ZodType<Manifest> = z.object({
  version: z.literal(1),
  exportedAt: z.string(),
  schemaVersion: count,
  offsets: z.record(z.string(), count),
  partitions: z.array(
    z.object({
      matchType: text,
      season: text,
      matches: z.array(z.string()),
      content: z.string(),
      files: z.array(file),
    }),
  ),
  streams: z.array(file),
  open: z.array(z.object({ matchId: z.string(), deliveries: place.nullable(), record: place.nullable() })),
});

export const EMPTY_MANIFEST: Manifest = {
  version: 1,
  exportedAt: new Date(0).toISOString(),
  schemaVersion: 0,
  offsets: {},
  partitions: [],
  streams: [],
  open: [],
};

/** The manifest of an export; null when the folder is new or empty. Throws a FatalError for any other folder. */
export function readManifest(dir: string): Manifest | null {
  const path = join(dir, FILE);
  if (!existsSync(path)) {
    if (existsSync(dir) && readdirSync(dir).length > 0) {
      throw new FatalError(`${dir} holds other files and no ${FILE}`, { remedy: "name an empty or a new folder" });
    }
    return null;
  }
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw damaged(path, "it is no JSON", error);
  }
  const parsed = manifest.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw damaged(path, `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim(), parsed.error);
}

function damaged(path: string, why: string, cause: unknown): FatalError {
  return new FatalError(`${path} is no manifest of an export: ${why}`, {
    cause,
    remedy: "take the folder of another export, or export again into a new one",
  });
}

/** Puts the manifest in place of the last one: from then on, and not before, its files are the export. */
export async function writeManifest(dir: string, value: Manifest): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const draft = join(dir, `${FILE}.draft`);
  await writeFile(draft, `${JSON.stringify(value, null, 1)}\n`);
  await syncToDisk(draft);
  await rename(draft, join(dir, FILE));
  await syncToDisk(dir);
}

/** Every file the manifest names. */
export function filesOf({ partitions, streams }: Manifest): readonly ExportedFile[] {
  return [...partitions.flatMap(({ files }) => files), ...streams];
}

/** Throws a FatalError naming the first file that is missing or not as it was written. */
export async function verifyFiles(dir: string, value: Manifest): Promise<void> {
  for (const { path, bytes, sha256 } of filesOf(value)) {
    const full = join(dir, path);
    const size = existsSync(full) ? (await stat(full)).size : null;
    const wrong =
      size === null
        ? "is missing"
        : size !== bytes
          ? `has ${size} bytes instead of ${bytes}`
          : (await sha256Of(full)) === sha256
            ? null
            : "is not as it was written (SHA-256)";
    if (wrong !== null) {
      throw new FatalError(`${full} ${wrong}`, { remedy: "restore the folder from a copy, or name another export" });
    }
  }
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
