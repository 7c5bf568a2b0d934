import type { DuckDBConnection } from "@duckdb/node-api";

/** Runs `body` in a transaction: all of it is in the tables afterwards, or nothing and the error is thrown. */
export async function inTransaction<T>(connection: DuckDBConnection, body: () => Promise<T>): Promise<T> {
  await connection.run("BEGIN");
  try {
    const result = await body();
    await connection.run("COMMIT");
    return result;
  } catch (error) {
    try {
      await connection.run("ROLLBACK");
    } catch {
      // After a failed commit there is nothing to roll back any more, and after a fatal error no database:
      // the first error is the one that says what happened, and the caller closes the file.
    }
    throw error;
  }
}
