import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { FatalError, RetryableError } from "../domain/errors.ts";
import { duckdbReaction, lockHolder } from "./duckdb-errors.ts";
import { warehousePaths } from "./paths.ts";

/** The one connection that writes the warehouse, and the lock that makes it the only one. */
export interface HotFile {
  readonly path: string;
  readonly connection: DuckDBConnection;
  /** A further connection of the same instance, to be closed before the file is. */
  connect(): Promise<DuckDBConnection>;
  close(): void;
}

interface HotOwner {
  readonly pid: number;
}

const OPTIONS: Readonly<Record<string, string>> = {
  // The default of 16 MB rewrites the last row group too often. What the log holds stands in memory too, uncompressed: with 32 MB
  // DuckDB comes to its limit while it compresses, and spills to the disk, which costs a quarter of all rows a second.
  checkpoint_threshold: "24MB",
  // By default DuckDB takes 80 % of the machine, which it shares with Kafka and Postgres. What it reads again it need not keep:
  // with 384 MB the process took 180 MB more beside 3 million rows, and was no faster.
  memory_limit: "96MB",
  // Every column of every table keeps a block open. With blocks of 256 KB that is 76 MB, and the file is larger. Of new files only.
  default_block_size: "65536",
  // Memory that is free again goes back to the system by itself.
  allocator_background_threads: "true",
  // Statements run beside the JavaScript thread in any case. A second worker for each costs more in waking up than it does.
  threads: "1",
  // Nothing here needs an extension from the net.
  autoinstall_known_extensions: "false",
};

/**
 * DuckDB's file lock is one of the process: a second opening in the SAME process succeeds, and closing it
 * drops the lock of the first. So a process remembers what it holds.
 */
const heldHere = new Set<string>();

export function isHeldHere(warehouseDir: string): boolean {
  return heldHere.has(resolve(warehousePaths(warehouseDir).hot));
}

/**
 * Opens the warehouse for writing.
 *
 * Throws a FatalError that names the other loader's pid when there is one, or says what is wrong with the
 * file; a RetryableError while a short-lived reader holds it or the disk is full.
 */
export async function openHotFile(warehouseDir: string): Promise<HotFile> {
  const paths = warehousePaths(warehouseDir);
  const path = resolve(paths.hot);
  if (heldHere.has(path)) throw secondLoader(path, process.pid);
  try {
    mkdirSync(paths.hotDir, { recursive: true });
    heldHere.add(path);
    const instance = await DuckDBInstance.create(path, { ...OPTIONS });
    try {
      const connection = await instance.connect();
      writeFileSync(paths.owner, `${JSON.stringify({ pid: process.pid } satisfies HotOwner)}\n`);
      return {
        path,
        connection,
        connect: () => instance.connect(),
        close: () => {
          rmSync(paths.owner, { force: true });
          connection.closeSync();
          instance.closeSync();
          heldHere.delete(path);
        },
      };
    } catch (error) {
      instance.closeSync();
      throw error;
    }
  } catch (error) {
    heldHere.delete(path);
    const holder = lockHolder(error);
    if (holder === null) throw duckdbReaction(fileError(error, path), path);
    if (readOwner(warehouseDir)?.pid === holder.pid) throw secondLoader(path, holder.pid, error);
    throw new RetryableError(`${path} is open in ${holder.program} (pid ${holder.pid}): waiting until it is closed`, {
      cause: error,
    });
  }
}

/** The loader that says it writes the warehouse; it may have died since. */
export function readOwner(warehouseDir: string): HotOwner | null {
  const { owner } = warehousePaths(warehouseDir);
  if (!existsSync(owner)) return null;
  try {
    const value: unknown = JSON.parse(readFileSync(owner, "utf8"));
    const pid: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "pid") : undefined;
    return typeof pid === "number" ? { pid } : null;
  } catch {
    // Gone since, or half written by a loader that was killed: the lock decides, this file only gives it a name.
    return null;
  }
}

function secondLoader(path: string, pid: number, cause?: unknown): FatalError {
  return new FatalError(`another loader (pid ${pid}) writes ${path}, and there can be only one`, {
    remedy: `stop it with \`third-umpire down\` or \`kill ${pid}\`, or set TU_WAREHOUSE_DIR to another directory`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Errors of the file system itself (making the folder, writing the owner file), with the same reactions. */
function fileError(error: unknown, path: string): unknown {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    return new RetryableError(
      `the disk is full: ${path} cannot be opened; loading goes on by itself when there is space`,
      { cause: error },
    );
  }
  if (code === "EACCES" || code === "EROFS" || code === "EPERM" || code === "ENOTDIR") {
    return new FatalError(`${path} cannot be opened: ${code}`, {
      cause: error,
      remedy: "check who owns the folder, or set TU_WAREHOUSE_DIR",
    });
  }
  return error;
}
