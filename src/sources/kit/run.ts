/** The life of a source around its sessions: retry, step back, begin a new epoch, or end with a remedy. */
import { backoffMs } from "../../domain/backoff.ts";
import { FatalError, FencedError, RetryableError } from "../../domain/errors.ts";
import { pause } from "../../pause.ts";
import type { SourceOptions } from "./options.ts";
import { Ownership } from "./ownership.ts";
import type { PositionCodec } from "./position.ts";
import { quietOwner, type Standby } from "./standby.ts";
import { StatusBoard } from "./status.ts";
import { prepareTopics } from "./topics.ts";

/** Longer than a newer incarnation that fenced us needs to take over. */
const STANDBY_MS = 5000;
const TRANSACTION_TIMEOUT_MS = 10_000;

/**
 * A session throws it when it finds, while it runs, that it cannot go on from its position (history lost, stream invalidated):
 * the next session is told so in `distrust` and begins a new epoch. The message is the reason of the gap event, for a person.
 */
export class ContinuityLostError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ContinuityLostError";
  }
}

/** What a session is given. */
export interface SourceSession<P> {
  readonly ownership: Ownership<P>;
  readonly status: StatusBoard;
  /** Why a new epoch must begin although the position looks sound; null otherwise. */
  readonly distrust: string | null;
  /** Call it when the stream runs: back-off starts from the beginning again, and `distrust` has been acted upon. */
  readonly onStreaming: () => void;
}

/** What one kind of source adds to the kit: how a position is written down, how it reads, and who else may be reading. */
export interface SourceKind<P> {
  readonly codec: PositionCodec<P>;
  /**
   * One connection's life: `ownership.acquire()` first (it fences older instances and reads the position), then whatever the source
   * needs, until `signal` aborts or something throws. RetryableError, FencedError, FatalError and ContinuityLostError are understood.
   */
  readonly session: (session: SourceSession<P>) => Promise<void>;
  /**
   * Called when a newer instance has fenced this one: what it returns is asked again and again whether that one is gone. Default:
   * `quietOwner`, which listens for its beats.
   */
  readonly standby?: () => Standby;
}

/**
 * Runs sessions until `signal` aborts. Retries whatever may pass with jittered back-off, and says so in the status. Steps back
 * when a newer instance takes over, and comes back when that is gone.
 *
 * @throws FatalError with a remedy when only a person can help, and whatever is no error of ours (a bug), as it is.
 */
export async function runSource<P>(options: SourceOptions, kind: SourceKind<P>): Promise<void> {
  const { signal, random = Math.random } = options;
  const status = new StatusBoard(options.onStatus);
  let ownership: Ownership<P> | undefined;
  let distrust: string | null = null;
  let failures = 0;
  const onStreaming = (): void => {
    failures = 0;
    distrust = null;
  };
  const retry = async (message: string): Promise<void> => {
    const waitMs = backoffMs(failures, random());
    failures += 1;
    status.set({ state: "retrying", message: `${message}; next try in ${(waitMs / 1000).toFixed(1)} s` });
    await pause(waitMs, signal);
  };
  try {
    while (!signal.aborted) {
      try {
        ownership ??= await openOwnership(options, kind.codec);
        await kind.session({ ownership, status, distrust, onStreaming });
      } catch (error) {
        if (signal.aborted && !(error instanceof FatalError)) break;
        status.set({ restarts: status.current.restarts + 1, lag: null });
        if (error instanceof FencedError) {
          // Whatever was wrong with our position, the other one's is another.
          distrust = null;
          await standBy(options, kind, status, ownership);
        } else if (error instanceof RetryableError) {
          await retry(error.message);
        } else if (error instanceof ContinuityLostError) {
          distrust = error.message;
          await retry(error.message);
        } else {
          throw error;
        }
      }
    }
    status.set({ state: "stopped", message: "stopped", lag: null });
  } catch (error) {
    status.set({ state: "stopped", message: error instanceof Error ? error.message : String(error), lag: null });
    throw error;
  } finally {
    await ownership?.release();
  }
}

async function openOwnership<P>(options: SourceOptions, codec: PositionCodec<P>): Promise<Ownership<P>> {
  const { log, sourceId, now, beatMs } = options;
  return new Ownership({
    log,
    sourceId,
    transactionTimeoutMs: options.transactionTimeoutMs ?? TRANSACTION_TIMEOUT_MS,
    topics: await prepareTopics(options),
    codec,
    at: options.at ?? (() => undefined),
    ...(now === undefined ? {} : { now }),
    ...(beatMs === undefined ? {} : { beatMs }),
  });
}

/**
 * Another incarnation holds our transactional id. Fencing it back would make two instances fence each other for ever, so wait until
 * it is gone. (A transaction that the coordinator timed out looks the same; then nobody is there and we go on.)
 */
async function standBy<P>(
  options: SourceOptions,
  kind: SourceKind<P>,
  status: StatusBoard,
  ownership: Ownership<P> | undefined,
): Promise<void> {
  const { log, signal, sourceId, standbyMs = STANDBY_MS } = options;
  if (ownership === undefined) throw new Error("fenced without an owner");
  const waiting = `a newer instance of source ${sourceId} took over; waiting until it is gone`;
  let standby: Standby | undefined;
  try {
    for (let isFree = false; !isFree && !signal.aborted;) {
      status.set({ state: "standby", message: waiting });
      await pause(standbyMs, signal);
      if (signal.aborted) return;
      try {
        standby ??= kind.standby?.() ?? quietOwner({ log, topics: ownership.topics, sourceId });
        isFree = await standby.isFree();
      } catch (error) {
        // Nobody can be told to be gone while nobody can be asked.
        if (!(error instanceof RetryableError)) throw error;
        status.set({ message: `${waiting} (${error.message})` });
      }
    }
  } finally {
    await standby?.close?.();
  }
}
