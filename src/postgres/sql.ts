import postgres from "postgres";

export type Sql = postgres.Sql;
export type TransactionSql = postgres.TransactionSql;

/**
 * A small pool for ordinary SQL. Connects lazily; a lost connection rejects what was in flight and the next call connects again.
 * `max` connections at most. Close with `sql.end({ timeout })`.
 */
export function openSql(connection: string, options: { readonly applicationName: string; readonly max?: number }): Sql {
  return postgres(connection, {
    ...ipv6Host(connection),
    max: options.max ?? 1,
    connect_timeout: 5,
    // The caller backs off between tries; a second back-off inside the client would hide the state from the status line.
    backoff: false,
    onnotice: () => undefined,
    connection: { application_name: options.applicationName },
  });
}

/** The client reads host and port up to the first colon of an address; as lists it takes them as they are. */
function ipv6Host(connection: string): { host?: string; port?: number } {
  const url = URL.canParse(connection) ? new URL(connection) : null;
  if (url === null || !url.hostname.startsWith("[")) return {};
  const lists = { host: [url.hostname.slice(1, -1)], port: [Number(url.port || 5432)] };
  return lists as object; // its types know no lists
}

/** Closes the pool without waiting for queries that may never end. */
export async function closeSql(sql: Sql): Promise<void> {
  await sql.end({ timeout: 1 });
}
