import type { DuckDBConnection } from "@duckdb/node-api";

/** A query that has not begun when it is interrupted would run all the same: it is told again. */
const AGAIN_MS = 50;

/** Runs queries of `body`; the one that runs when `signal` aborts ends at once, with DuckDB's error. */
export async function interruptible<T>(
  connection: DuckDBConnection,
  signal: AbortSignal,
  body: () => Promise<T>,
): Promise<T> {
  let again: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    connection.interrupt();
    again ??= setInterval(() => connection.interrupt(), AGAIN_MS);
  };
  signal.addEventListener("abort", interrupt);
  if (signal.aborted) interrupt();
  try {
    return await body();
  } finally {
    clearInterval(again);
    signal.removeEventListener("abort", interrupt);
  }
}
