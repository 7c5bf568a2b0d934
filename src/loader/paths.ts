import { join } from "node:path";

/** Files of a warehouse directory. `cricket` is also the catalog name inside DuckDB, which follows the file name. */
export interface WarehousePaths {
  readonly hotDir: string;
  /** The file the loader writes. Nobody may open it by `fs` in the loader's process: closing it would drop DuckDB's lock. */
  readonly hot: string;
  /** Who writes it: `HotOwner` as JSON. */
  readonly owner: string;
  readonly pubDir: string;
  /** Symbolic link to the newest snapshot's directory. */
  readonly current: string;
  /** The newest snapshot. A directory is swapped, not the file, so that the file's name stays. */
  readonly published: string;
}

export const DATABASE_FILE = "cricket.duckdb";

export function warehousePaths(warehouseDir: string): WarehousePaths {
  const hotDir = join(warehouseDir, "hot");
  const pubDir = join(warehouseDir, "pub");
  const current = join(pubDir, "current");
  return {
    hotDir,
    hot: join(hotDir, DATABASE_FILE),
    owner: join(hotDir, "loader.json"),
    pubDir,
    current,
    published: join(current, DATABASE_FILE),
  };
}
