import postgres from "postgres";

export type Sql = postgres.Sql;

/**
 * A small pool for ordinary SQL. Connects lazily; a lost connection rejects what was in flight and the next call connects again.
 * `max` connections at most. Close with `sql.end({ timeout })`.
 */
export function openSql(connection: string, options: { readonly applicationName: string; readonly max?: number }): Sql {
  return postgres(connection, {
    max: options.max ?? 1,
    connect_timeout: 5,
    // The caller backs off between tries; a second back-off inside the client would hide the state from the status line.
    backoff: false,
    onnotice: () => undefined,
    connection: { application_name: options.applicationName },
  });
}

/** Closes the pool without waiting for queries that may never end. */
export async function closeSql(sql: Sql): Promise<void> {
  await sql.end({ timeout: 1 });
}
