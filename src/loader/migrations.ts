import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DuckDBConnection } from "@duckdb/node-api";
import { FatalError } from "../domain/errors.ts";
import { sqlText } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

/** Rises when the fold of a scorecard changes: marts made by another version are computed again on start. */
export const MARTS_VERSION = 3;

export interface Migration {
  readonly version: number;
  /** From the file's name. */
  readonly description: string;
  readonly sql: string;
}

/** Beside this file in `src/` and in `dist/src/`, where the build copies it. */
const FOLDER = fileURLToPath(new URL("sql/", import.meta.url));
const NAME = /^(?<version>\d{4})-(?<words>[a-z0-9-]+)\.sql$/u;

/**
 * `sql/NNNN-what-it-does.sql`, in order of number from 0. A file is never changed once released: a warehouse knows
 * the last one it has had. Number 0 makes the tables that remember this.
 */
export const MIGRATIONS: readonly Migration[] = readMigrations();

function readMigrations(): Migration[] {
  const found = readdirSync(FOLDER).toSorted();
  return found.map((file, index) => {
    const { version, words } = NAME.exec(file)?.groups ?? {};
    if (Number(version) !== index) {
      throw new FatalError(`${join(FOLDER, file)} is not migration number ${index}`, {
        remedy: "install again: files of the package are missing or do not belong to it",
      });
    }
    return {
      version: index,
      description: (words ?? "").replaceAll("-", " "),
      sql: readFileSync(join(FOLDER, file), "utf8"),
    };
  });
}

export const SCHEMA_VERSION: number = MIGRATIONS.length - 1;

/**
 * Brings the warehouse to the newest version, each migration in a transaction of its own. `now` is ms since the Unix
 * epoch. Throws a FatalError when the warehouse was written by a newer program.
 */
export async function migrate(connection: DuckDBConnection, now: number): Promise<void> {
  const tables = await connection.runAndReadAll("SELECT 1 FROM duckdb_tables() WHERE table_name = 'marts_version'");
  const [versions, ...numbered] = MIGRATIONS;
  if (tables.currentRowCount === 0 && versions !== undefined) {
    await inTransaction(connection, async () => void (await connection.run(versions.sql)));
  }
  const reader = await connection.runAndReadAll("SELECT coalesce(max(version), 0) FROM schema_version");
  const current = Number(reader.getRows()[0]?.[0] ?? 0);
  if (current > SCHEMA_VERSION) {
    throw new FatalError(
      `the warehouse has schema version ${current}, this program knows versions up to ${SCHEMA_VERSION}`,
      { remedy: "update this program, or set TU_WAREHOUSE_DIR to another directory" },
    );
  }
  const at = sqlText(new Date(now).toISOString().replace("Z", ""));
  for (const { version, description, sql } of numbered) {
    if (version <= current) continue;
    await inTransaction(connection, async () => {
      await connection.run(sql);
      await connection.run(`INSERT INTO schema_version VALUES (${version}, ${sqlText(description)}, ${at})`);
    });
  }
}

/** Version of the fold that made the marts; 0 when none has. */
export async function readMartsVersion(connection: DuckDBConnection): Promise<number> {
  const reader = await connection.runAndReadAll("SELECT coalesce(max(version), 0) FROM marts_version");
  return Number(reader.getRows()[0]?.[0] ?? 0);
}
