/**
 * What a Postgres error asks for. Both clients (`pg` for the replication stream, `postgres` for ordinary SQL) report a
 * SQLSTATE or a network code in `code`; the reaction follows from that, never from the wording.
 */
import { FatalError, RetryableError } from "../domain/errors.ts";

/** SQLSTATE or network code of anything thrown; undefined for what is no database or network error. */
export function postgresCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  // Node tries IPv6 and IPv4 and reports both failures in one AggregateError; one of them is enough to tell.
  if (error instanceof AggregateError && error.errors.length > 0) return postgresCode(error.errors[0]);
  const code: unknown = Reflect.get(error, "code");
  if (typeof code === "string") return code;
  // `pg` gives these two no code.
  return /^(Connection terminated|timeout expired)/u.test(error.message) ? "CONNECTION_CLOSED" : undefined;
}

/** A publication (or another object) did not exist where the slot stands. */
export const UNDEFINED_OBJECT = "42704";

const NETWORK = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
]);

/**
 * SQLSTATE classes after which the same call may succeed: connection (08), transaction rollback (40), insufficient
 * resources (53), object in use or not in a usable state (55), operator intervention such as a restart (57), system (58, XX).
 */
const RETRY_CLASSES = new Set(["08", "40", "53", "55", "57", "58", "XX"]);

const STATEMENT_REMEDY = "see the Postgres log for the statement";
const SQLSTATE = /^[0-9A-Z]{5}$/u;

const REMEDIES: Readonly<Record<string, string>> = {
  "28P01": "correct user and password in the connection address (TU_POSTGRES_URL)",
  "28000": "allow this user in pg_hba.conf and give it LOGIN, or correct the connection address (TU_POSTGRES_URL)",
  "3D000": "create the database, or correct its name in the connection address (TU_POSTGRES_URL)",
  "42501": "grant the right that is named, for a source also: alter role … with replication",
  "42P01": "create the schema first: `third-umpire feed` does it",
  "3F000": "create the schema first: `third-umpire feed` does it",
  "53400": "raise max_replication_slots in postgresql.conf and restart Postgres, or drop a slot that is not used",
};

/**
 * Names a Postgres or network error by its reaction: `RetryableError` when the server may come back, `FatalError` with its remedy
 * when a person must act; `remedy` is for what only the server can name. Our own errors, and what no database reported (a bug), come back
 * as they are.
 */
export function classifyPostgresError(error: unknown, doing: string, remedy: string = STATEMENT_REMEDY): unknown {
  const code = postgresCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  const message = firstLine(error);
  if (NETWORK.has(code))
    return new RetryableError(`${doing}: Postgres cannot be reached (${message})`, { cause: error });
  if (!SQLSTATE.test(code)) return error;
  const own = REMEDIES[code];
  if (own === undefined && RETRY_CLASSES.has(code.slice(0, 2))) {
    return new RetryableError(`${doing}: ${message} (SQLSTATE ${code})`, { cause: error });
  }
  return new FatalError(`${doing}: ${message} (SQLSTATE ${code})`, { cause: error, remedy: own ?? remedy });
}

/** Whether a Postgres said what it is, and not only the network. */
export function isSaidByPostgres(error: unknown): boolean {
  return SQLSTATE.test(postgresCode(error) ?? "");
}

function firstLine(error: Error): string {
  const source = error instanceof AggregateError ? (error.errors[0] as Error) : error;
  return (source.message.split("\n")[0] ?? "").trim();
}
