import type { DuckDBConnection } from "@duckdb/node-api";
import { FatalError } from "../domain/errors.ts";
import { createStatements, sqlText, TABLES } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

/** Rises when the fold of a scorecard changes: marts made by another version are computed again on start. */
export const MARTS_VERSION = 1;

interface Migration {
  readonly version: number;
  readonly description: string;
  readonly statements: readonly string[];
}

/**
 * In order of version, never changed once released: a warehouse knows the last one it has had.
 * Version 1 is the whole of `tables.ts`; a later one brings a warehouse of the version before to the same tables.
 */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, description: "facts, marts, verdicts and offsets", statements: TABLES.flatMap(createStatements) },
];

const VERSION_TABLE = [
  `CREATE TABLE schema_version (
     version INTEGER NOT NULL, description VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL)`,
  `COMMENT ON TABLE schema_version IS 'Migrations this warehouse has had'`,
  `COMMENT ON COLUMN schema_version.version IS 'Number of the migration'`,
  `COMMENT ON COLUMN schema_version.description IS 'What it did'`,
  `COMMENT ON COLUMN schema_version.applied_at IS 'When it ran, UTC'`,
  `CREATE TABLE marts_version (version INTEGER NOT NULL)`,
  `COMMENT ON TABLE marts_version IS 'Version of the fold that made innings, batting and bowling'`,
  `COMMENT ON COLUMN marts_version.version IS 'Version of the fold'`,
];

/**
 * Brings the tables to the newest version, in one transaction. `now` is ms since the Unix epoch.
 * Throws a FatalError when the warehouse was written by a newer program.
 */
export async function migrate(connection: DuckDBConnection, now: number): Promise<void> {
  await inTransaction(connection, async () => {
    const tables = await connection.runAndReadAll("SELECT 1 FROM duckdb_tables() WHERE table_name = 'marts_version'");
    if (tables.currentRowCount === 0) for (const statement of VERSION_TABLE) await connection.run(statement);
    const reader = await connection.runAndReadAll("SELECT coalesce(max(version), 0) FROM schema_version");
    const current = Number(reader.getRows()[0]?.[0] ?? 0);
    const newest = MIGRATIONS.at(-1)?.version ?? 0;
    if (current > newest) {
      throw new FatalError(`the warehouse has schema version ${current}, this program knows versions up to ${newest}`, {
        remedy: "update this program, or set TU_WAREHOUSE_DIR to another directory",
      });
    }
    for (const migration of MIGRATIONS) {
      if (migration.version <= current) continue;
      for (const statement of migration.statements) await connection.run(statement);
      const at = sqlText(new Date(now).toISOString().replace("Z", ""));
      await connection.run(
        `INSERT INTO schema_version VALUES (${migration.version}, ${sqlText(migration.description)}, ${at})`,
      );
    }
  });
}

/** Version of the fold that made the marts; 0 when none has. */
export async function readMartsVersion(connection: DuckDBConnection): Promise<number> {
  const reader = await connection.runAndReadAll("SELECT coalesce(max(version), 0) FROM marts_version");
  return Number(reader.getRows()[0]?.[0] ?? 0);
}
