import { FatalError } from "../domain/errors.ts";
import type { LogAdmin } from "../kafka/log.ts";

export interface Timeouts {
  readonly sessionTimeoutMs: number;
  readonly transactionTimeoutMs: number;
}

export interface ChosenTimeouts extends Timeouts {
  /** What was chosen and why, for people. */
  readonly note: string;
}

/** A takeover waits for the session timeout: as short as pauses of a busy machine let it be. */
const QUICK_SESSION_MS = 3_000;
/** group.min.session.timeout.ms of a broker that nobody has changed. */
const SAFE_SESSION_MS = 6_000;
/** Readers wait for the open transaction of a dead process this long. */
const TRANSACTION_MS = 10_000;

/**
 * The timeouts of a processor: those that were asked for, or defaults that the brokers allow. A session timeout below
 * that of an untouched broker is taken only where the brokers say that they allow it.
 *
 * Throws FatalError when what was asked for cannot work, RetryableError when no broker answers.
 */
export async function chooseTimeouts(
  asked: { readonly [K in keyof Timeouts]: number | undefined } & { readonly commitIntervalMs: number },
  admin: LogAdmin,
): Promise<ChosenTimeouts> {
  const limits = await admin.brokerLimits();
  const min = limits?.minSessionTimeoutMs ?? SAFE_SESSION_MS;
  const max = limits?.maxTransactionTimeoutMs ?? Infinity;
  const sessionTimeoutMs = asked.sessionTimeoutMs ?? Math.max(QUICK_SESSION_MS, min);
  const transactionTimeoutMs = asked.transactionTimeoutMs ?? Math.min(TRANSACTION_MS, max);
  if (limits !== undefined && sessionTimeoutMs < min) {
    throw new FatalError(`a session timeout of ${sessionTimeoutMs} ms is shorter than the brokers allow`, {
      remedy: `choose ${min} ms or more, leave it out, or lower group.min.session.timeout.ms of the brokers`,
    });
  }
  if (transactionTimeoutMs > max) {
    throw new FatalError(`a transaction timeout of ${transactionTimeoutMs} ms is longer than the brokers allow`, {
      remedy: `choose ${max} ms or less, leave it out, or raise transaction.max.timeout.ms of the brokers`,
    });
  }
  // The transaction stays open for the interval, the batch under way, and the broker's answer.
  if (asked.commitIntervalMs > transactionTimeoutMs / 2) {
    throw new FatalError(
      `a commit interval of ${asked.commitIntervalMs} ms is too long for a transaction timeout of ${transactionTimeoutMs} ms: the broker would abort what is about to be committed`,
      { remedy: `commit at least every ${Math.floor(transactionTimeoutMs / 2)} ms, or raise the transaction timeout` },
    );
  }
  return { sessionTimeoutMs, transactionTimeoutMs, note: noteOf(sessionTimeoutMs, asked.sessionTimeoutMs, limits) };
}

function noteOf(chosen: number, asked: number | undefined, limits: object | undefined): string {
  if (asked !== undefined) return "";
  if (limits === undefined) return `session timeout ${chosen} ms: what the brokers allow may not be asked for`;
  if (chosen === QUICK_SESSION_MS) return `session timeout ${chosen} ms, which the brokers allow`;
  return `session timeout ${chosen} ms: the brokers allow no shorter one (group.min.session.timeout.ms)`;
}
