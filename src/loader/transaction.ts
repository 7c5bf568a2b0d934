import type { DuckDBConnection } from "@duckdb/node-api";

/** Runs `body` in a transaction: all of it is in the tables afterwards, or nothing and the error is thrown. */
export async function inTransaction<T>(connection: DuckDBConnection, body: () => Promise<T>): Promise<T> {
  return orRollBack(connection, async () => {
    await connection.run("BEGIN");
    const result = await body();
    await connection.run("COMMIT");
    return result;
  });
}

/** The same for a body that begins and commits by itself, with its first and its last statements. */
export async function orRollBack<T>(connection: DuckDBConnection, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
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
