import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { DamagedFileError } from "./duckdb-errors.ts";
import { openHotFile } from "./hot-file.ts";
import { DATABASE_FILE, warehousePaths } from "./paths.ts";

/**
 * Where the hot file is damaged: sets it aside (deletes nothing) and puts the newest published snapshot in
 * its place. The snapshot holds its own offsets, so the loader goes on from there and Kafka gives the rest;
 * without a snapshot it begins anew. Returns what was done, in words, or null when the file is sound.
 */
export async function restoreDamaged(warehouseDir: string): Promise<string | null> {
  try {
    (await openHotFile(warehouseDir)).close();
    return null;
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
  }
  const { hotDir, hot, published } = warehousePaths(warehouseDir);
  const taken = (await readdir(hotDir)).filter((name) => name.startsWith("damaged-")).length;
  const aside = join(hotDir, `damaged-${taken + 1}`);
  await mkdir(aside);
  for (const name of [DATABASE_FILE, `${DATABASE_FILE}.wal`]) {
    if (existsSync(join(hotDir, name))) await rename(join(hotDir, name), join(aside, name));
  }
  if (!existsSync(published))
    return `set the damaged file aside in ${aside}; there is no snapshot, so loading begins anew`;
  // Nobody has the hot file open now, so copying it in this process drops no lock.
  await copyFile(published, `${hot}.draft`);
  await rename(`${hot}.draft`, hot);
  return `set the damaged file aside in ${aside}; loading goes on from the newest snapshot`;
}
