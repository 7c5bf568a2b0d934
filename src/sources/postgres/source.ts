import { FatalError } from "../../domain/errors.ts";
import { UNDEFINED_OBJECT, classifyPostgresError, postgresCode } from "../../postgres/errors.ts";
import { closeSql, openSql } from "../../postgres/sql.ts";
import { ContinuityLostError, runSource } from "../kit/index.ts";
import type { SourceSession, Standby } from "../kit/index.ts";
import { poolerProblem } from "./address.ts";
import { readSlot } from "./checks.ts";
import type { PostgresSourceOptions } from "./options.ts";
import { POSTGRES_POSITION } from "./position.ts";
import type { PostgresPosition } from "./position.ts";
import { runSession } from "./session.ts";

/**
 * Plays the rows of a schema into Kafka, exactly once with respect to the persisted position, until `signal` aborts.
 *
 * Retries whatever may pass (Postgres or Kafka gone, slot in use) with jittered back-off, and says so in the status. Steps back
 * when a newer instance takes over, and comes back when that is gone.
 *
 * @throws FatalError with a remedy when only a person can help: wrong credentials, missing right, wal_level, publication.
 */
export async function runPostgresSource(options: PostgresSourceOptions): Promise<void> {
  await runSource<PostgresPosition>(options, {
    codec: POSTGRES_POSITION,
    session: (session) => oneSession(options, session),
    standby: () => slotStandby(options),
  });
}

async function oneSession(options: PostgresSourceOptions, session: SourceSession<PostgresPosition>): Promise<void> {
  const problem = poolerProblem(options.connection);
  if (problem !== null) throw new FatalError(problem.message, { remedy: problem.remedy });
  try {
    await runSession({ ...session, options });
  } catch (error) {
    const isUnpublished = error instanceof FatalError && postgresCode(error.cause) === UNDEFINED_OBJECT;
    if (!isUnpublished || session.status.current.state !== "streaming") throw error;
    // The publication was made after the position of the slot, which therefore never will be able to read it.
    throw new ContinuityLostError(`publication ${options.publication} did not exist where slot ${options.slot} stood`, {
      cause: error,
    });
  }
}

/** A newer incarnation is there for as long as somebody holds the slot. */
function slotStandby({ connection, sourceId, slot }: PostgresSourceOptions): Standby {
  const sql = openSql(connection, { applicationName: `third-umpire ${sourceId} standby`.slice(0, 63) });
  return {
    isFree: async () => {
      try {
        return ((await readSlot(sql, slot))?.activePid ?? null) === null;
      } catch (error) {
        throw classifyPostgresError(error, "asking who reads the slot");
      }
    },
    close: () => closeSql(sql),
  };
}
