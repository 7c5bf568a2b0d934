import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { ScoredMatch } from "../domain/cricket/scorecard.ts";
import type { Match } from "../domain/cricket/types.ts";
import { FatalError } from "../domain/errors.ts";
import { lockHolder } from "./duckdb-errors.ts";
import { isHeldHere } from "./hot-file.ts";
import { readMatchIds, readStoredMatches, type StoredMatch } from "./match-rows.ts";
import { scoreStored } from "./marts.ts";
import { DATABASE_FILE, warehousePaths } from "./paths.ts";
import { snapshotsOf } from "./publish.ts";

/** The warehouse, open for reading. Close it soon when it is `hot`: no loader can start meanwhile. */
export interface ReadableWarehouse {
  readonly connection: DuckDBConnection;
  /** `hot`: the loader's own file, complete. `snapshot`: a published prefix of it. */
  readonly from: "hot" | "snapshot";
  /** Name of the snapshot, or of the hot file. */
  readonly name: string;
  /** When it was last changed, ms since the Unix epoch. */
  readonly asOf: number;
  /** Why it is not the other one, in words for a person. */
  readonly note: string;
  close(): void;
}

/**
 * Opens what is freshest: the hot file when nobody writes it, else the newest published snapshot, else an older one.
 * With `prefer: "snapshot"` the snapshot comes first, so that a long query keeps no loader waiting.
 *
 * Throws a FatalError when there is no warehouse yet, or other programs hold all of it.
 */
export async function openForReading(
  warehouseDir: string,
  options: { readonly prefer?: "hot" | "snapshot" } = {},
): Promise<ReadableWarehouse> {
  const newest = options.prefer === "snapshot" ? [openSnapshot, openHot] : [openHot, openSnapshot];
  const order = [...newest, openOlderSnapshot];
  const notes: string[] = [];
  for (const attempt of order) {
    const opened = await attempt(warehouseDir);
    if (typeof opened !== "string") return { ...opened, note: notes.join("; ") };
    if (opened !== "") notes.push(opened);
  }
  if (notes.some((note) => note.includes(HELD))) {
    throw new FatalError(`the warehouse in ${warehouseDir} cannot be read: ${notes.join("; ")}`, {
      remedy: "close it in that program, which should open it read-only (access_mode=read_only, duckdb -readonly)",
    });
  }
  throw new FatalError(`there is no warehouse to read in ${warehouseDir}: ${notes.join("; ")}`, {
    remedy: "`third-umpire play` loads some matches; a running loader publishes within seconds",
  });
}

type Opened = Omit<ReadableWarehouse, "note">;

/** Opens the hot file, or says why not. */
async function openHot(warehouseDir: string): Promise<Opened | string> {
  const { hot } = warehousePaths(warehouseDir);
  if (isHeldHere(warehouseDir)) return "the loader in this process writes it";
  if (!existsSync(hot)) return "nothing has been loaded";
  const asOf = Math.max(modifiedAt(hot), modifiedAt(`${hot}.wal`));
  try {
    const opened = await openReadOnly(hot);
    if (await hasTables(opened.connection)) return { ...opened, from: "hot", name: basename(hot), asOf };
    opened.close();
    return "nothing has been loaded";
  } catch (error) {
    const holder = lockHolder(error);
    if (holder !== null) return `a loader (pid ${holder.pid}) writes it`;
    return `the hot file cannot be read (${firstLine(error)})`;
  }
}

/** Opens the newest snapshot, or says why not. */
async function openSnapshot(warehouseDir: string): Promise<Opened | string> {
  const { current, published } = warehousePaths(warehouseDir);
  if (!existsSync(published)) return "no snapshot has been published";
  return await openSnapshotNamed(warehouseDir, basename(realpathSync(current)));
}

/** Opens the newest of the other snapshots that opens, or says why none does. */
async function openOlderSnapshot(warehouseDir: string): Promise<Opened | string> {
  const { current, published } = warehousePaths(warehouseDir);
  if (!existsSync(published)) return "";
  const newest = basename(realpathSync(current));
  const notes: string[] = [];
  for (const name of (await snapshotsOf(warehouseDir)).toReversed()) {
    const opened = name === newest ? "" : await openSnapshotNamed(warehouseDir, name);
    if (typeof opened !== "string") return opened;
    if (opened !== "") notes.push(opened);
  }
  return notes.join("; ");
}

/** What a note says of a file that another program has opened to write. */
const HELD = "opened for writing by";

async function openSnapshotNamed(warehouseDir: string, name: string): Promise<Opened | string> {
  const file = join(warehousePaths(warehouseDir).pubDir, name, DATABASE_FILE);
  try {
    return { ...(await openReadOnly(file)), from: "snapshot", name, asOf: modifiedAt(file) };
  } catch (error) {
    const holder = lockHolder(error);
    if (holder !== null) return `${name} has been ${HELD} ${basename(holder.program)} (pid ${holder.pid})`;
    return `${name} cannot be read (${firstLine(error)})`;
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

async function openReadOnly(path: string): Promise<Pick<Opened, "connection" | "close">> {
  const instance = await DuckDBInstance.create(path, {
    access_mode: "READ_ONLY",
    autoinstall_known_extensions: "false",
    threads: "2",
  });
  try {
    const connection = await instance.connect();
    return {
      connection,
      close: () => {
        connection.closeSync();
        instance.closeSync();
      },
    };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

/** A loader that was killed at its very first start leaves a file without tables. */
async function hasTables(connection: DuckDBConnection): Promise<boolean> {
  const reader = await connection.runAndReadAll("SELECT 1 FROM duckdb_tables() WHERE table_name = 'offsets'");
  return reader.currentRowCount > 0;
}

function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** A match and its scorecard, made from its deliveries by the domain. */
export interface Scorecard {
  readonly matchId: string;
  /** null while the match's own record is missing: the card then knows its innings only. */
  readonly match: Match | null;
  readonly scored: ScoredMatch;
}

const MATCHES_AT_ONCE = 50;

/** The stored match; undefined when the warehouse has neither its record nor a delivery of it. */
export async function readMatch(connection: DuckDBConnection, matchId: string): Promise<StoredMatch | undefined> {
  const [stored] = await readStoredMatches(connection, [matchId]);
  return stored === undefined || (stored.match === null && stored.deliveries.length === 0) ? undefined : stored;
}

/** The scorecards of one match or of all, sorted by match id. Reads a few matches at a time, so that the warehouse may be large. */
export async function* readScorecards(connection: DuckDBConnection, matchId?: string): AsyncGenerator<Scorecard> {
  if (matchId !== undefined) {
    const stored = await readMatch(connection, matchId);
    if (stored !== undefined) yield toScorecard(stored);
    return;
  }
  const ids = await readMatchIds(connection);
  for (let at = 0; at < ids.length; at += MATCHES_AT_ONCE) {
    for (const stored of await readStoredMatches(connection, ids.slice(at, at + MATCHES_AT_ONCE)))
      yield toScorecard(stored);
  }
}

function toScorecard(stored: StoredMatch): Scorecard {
  return { matchId: stored.matchId, match: stored.match, scored: scoreStored(stored).scored };
}
