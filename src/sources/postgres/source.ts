import { backoffMs } from "../../domain/backoff.ts";
import { FatalError, FencedError, RetryableError } from "../../domain/errors.ts";
import { UNDEFINED_OBJECT, postgresCode } from "../../postgres/errors.ts";
import { closeSql, openSql } from "../../postgres/sql.ts";
import { pause } from "../../postgres/wait.ts";
import { readSlot } from "./checks.ts";
import type { PostgresSourceOptions } from "./options.ts";
import { DEFAULTS } from "./options.ts";
import { Ownership } from "./ownership.ts";
import { runSession } from "./session.ts";
import { StatusBoard } from "./status.ts";
import { prepareTopics } from "./topics.ts";

/** Longer than a newer incarnation that fenced us needs to take the slot over. */
const STANDBY_MS = 5000;

/**
 * Plays the rows of the schema `odi` into Kafka, exactly once with respect to the persisted position, until `signal` aborts.
 *
 * Retries whatever may pass (Postgres or Kafka gone, slot in use) with jittered back-off, and says so in the status. Steps back
 * when a newer instance takes over, and comes back when that is gone.
 *
 * @throws FatalError with a remedy when only a person can help: wrong credentials, missing right, wal_level, publication.
 */
export async function runPostgresSource(options: PostgresSourceOptions): Promise<void> {
  const { signal } = options;
  const status = new StatusBoard(options.onStatus);
  const random = options.random ?? Math.random;
  let ownership: Ownership | undefined;
  let distrust: string | null = null;
  let failures = 0;
  const onStreaming = (): void => {
    failures = 0;
    distrust = null;
  };
  try {
    while (!signal.aborted) {
      try {
        ownership ??= await openOwnership(options);
        await runSession({ options, ownership, status, distrust, onStreaming });
      } catch (error) {
        if (signal.aborted && !(error instanceof FatalError)) break;
        status.set({ restarts: status.current.restarts + 1, lagBytes: null });
        if (error instanceof FencedError) {
          await standBy(options, status);
        } else if (error instanceof RetryableError) {
          const waitMs = backoffMs(failures, random());
          failures += 1;
          status.set({ state: "retrying", message: `${error.message}; next try in ${(waitMs / 1000).toFixed(1)} s` });
          await pause(waitMs, signal);
        } else if (postgresCode(causeOf(error)) === UNDEFINED_OBJECT && status.current.state === "streaming") {
          // The publication was made after the position of the slot, which therefore never will be able to read it.
          distrust = `publication ${options.publication} did not exist where slot ${options.slot} stood`;
          status.set({ state: "retrying", message: distrust });
        } else {
          throw error;
        }
      }
    }
    status.set({ state: "stopped", message: "stopped", lagBytes: null });
  } catch (error) {
    status.set({ state: "stopped", message: error instanceof Error ? error.message : String(error), lagBytes: null });
    throw error;
  } finally {
    await ownership?.release();
  }
}

async function openOwnership(options: PostgresSourceOptions): Promise<Ownership> {
  return new Ownership({
    log: options.log,
    sourceId: options.sourceId,
    transactionTimeoutMs: options.transactionTimeoutMs ?? DEFAULTS.transactionTimeoutMs,
    topics: await prepareTopics(options),
    at: options.at ?? (() => undefined),
  });
}

/**
 * Another incarnation holds our transactional id. Fencing it back would make two instances fence each other for ever, so wait until
 * it no longer holds the slot. (A transaction that the coordinator timed out looks the same; then nobody has the slot and we go on.)
 */
async function standBy(options: PostgresSourceOptions, status: StatusBoard): Promise<void> {
  const { signal, connection, slot, sourceId } = options;
  const sql = openSql(connection, { applicationName: `third-umpire ${sourceId} standby`.slice(0, 63) });
  try {
    let holder: number | null;
    do {
      status.set({
        state: "standby",
        message: `a newer instance of source ${sourceId} took over; waiting until it is gone`,
      });
      await pause(STANDBY_MS, signal);
      if (signal.aborted) return;
      holder = await slotHolder(sql, slot);
    } while (holder !== null);
  } finally {
    await closeSql(sql);
  }
}

/** The Postgres process that holds the slot; 0 when the server cannot be asked: then nobody can be told to be gone. */
async function slotHolder(sql: ReturnType<typeof openSql>, slot: string): Promise<number | null> {
  try {
    return (await readSlot(sql, slot))?.activePid ?? null;
  } catch (error) {
    if (postgresCode(error) === undefined) throw error;
    return 0;
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
