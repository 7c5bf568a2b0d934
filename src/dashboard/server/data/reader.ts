import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";

/** The warehouse cannot be asked now: it is being opened, or too many wait already. */
export class UnavailableError extends Error {}

/** Rows of one statement; `$1`, `$2`, … are `values`. */
export type Query = (sql: string, values?: DuckDBValue[]) => Promise<DuckDBValue[][]>;

const QUERY_MS = 3000;
const WAITING_MAX = 200;

/**
 * Reads the loader's own instance over a connection of its own: a snapshot of what is committed (MVCC), which waits for
 * no writer and keeps none waiting. What takes too long is interrupted, for a checkpoint waits until no reader is left.
 */
export class WarehouseReader {
  readonly #queryMs: number;
  #connect: (() => Promise<DuckDBConnection>) | null = null;
  #connection: Promise<DuckDBConnection> | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** Rises when the warehouse is closed: what was asked of the one before gets no answer from the next. */
  #opening = 0;

  constructor(queryMs: number = QUERY_MS) {
    this.#queryMs = queryMs;
  }

  get isOpen(): boolean {
    return this.#connect !== null;
  }

  opened(connect: () => Promise<DuckDBConnection>): void {
    this.#connect = connect;
  }

  /** Resolves when the connection is closed; a question under way fails. */
  async closing(): Promise<void> {
    this.#connect = null;
    this.#opening++;
    const opened = this.#connection;
    this.#connection = null;
    if (opened === null) return;
    const connection = await opened.catch(() => null);
    connection?.interrupt();
    await this.#tail;
    connection?.closeSync();
  }

  /** Asks in one read transaction, after what is asked already. Throws UnavailableError where nobody can answer. */
  read<T>(body: (query: Query, connection: DuckDBConnection) => Promise<T>): Promise<T> {
    if (this.#connect === null) return Promise.reject(new UnavailableError("the warehouse is being opened"));
    if (this.#waiting >= WAITING_MAX) return Promise.reject(new UnavailableError("too many questions at once"));
    this.#waiting++;
    const opening = this.#opening;
    const answer = this.#tail.then(() => this.#run(opening, body)).finally(() => this.#waiting--);
    this.#tail = answer.catch(() => undefined);
    return answer;
  }

  /** One that failed is tried again with the next question. */
  #connectNow(connect: () => Promise<DuckDBConnection>): Promise<DuckDBConnection> {
    const connection = connect();
    connection.catch(() => {
      if (this.#connection === connection) this.#connection = null;
    });
    return connection;
  }

  async #run<T>(opening: number, body: (query: Query, connection: DuckDBConnection) => Promise<T>): Promise<T> {
    if (opening !== this.#opening || this.#connect === null) {
      throw new UnavailableError("the warehouse is being opened");
    }
    const connection = await (this.#connection ??= this.#connectNow(this.#connect));
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      connection.interrupt();
    }, this.#queryMs);
    try {
      await connection.run("BEGIN TRANSACTION READ ONLY");
      try {
        return await body(async (sql, values) => (await connection.runAndReadAll(sql, values)).getRows(), connection);
      } finally {
        await connection.run("ROLLBACK");
      }
    } catch (error) {
      if (timedOut) throw new UnavailableError(`no answer within ${this.#queryMs} ms`, { cause: error });
      if (opening !== this.#opening) throw new UnavailableError("the warehouse is being opened", { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
