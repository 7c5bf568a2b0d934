import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { FatalError, FencedError, ReplacedError, RetryableError, StateCorruptError } from "../domain/errors.ts";
import { IdentityHasher } from "../domain/review/identity.ts";
import { type Log, SeatTakenError } from "../kafka/log.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type CommitBounds, commitBoundsOf } from "./commit-bounds.ts";
import { newIncarnation } from "./incarnation.ts";
import { isOwnerTooLong } from "./offset-metadata.ts";
import { Processor } from "./processor.ts";
import { transactionalIdOf } from "./takeover.ts";
import { isSeatHeld } from "./seat.ts";
import { checkTopics } from "./start-checks.ts";
import { refuseSurplus } from "./surplus.ts";
import { INITIAL_STATUS, type ProcessorStatus } from "./status.ts";
import { type ChosenTimeouts, chooseTimeouts, type Timeouts } from "./timeouts.ts";
import type { Topology } from "./topology.ts";

export interface RunProcessorOptions<V = unknown> {
  readonly log: Log;
  readonly topology: Topology<V>;
  /** Consumer group; processes with the same group share the partitions. */
  readonly groupId: string;
  /** Stable name of this process within the group. */
  readonly instanceId: string;
  /** Where the processor keeps its few files (the result of the start-up probe). */
  readonly stateDir: string;
  readonly signal: AbortSignal;
  readonly onStatus?: (status: ProcessorStatus) => void;
  /** A transaction is committed after this many ms … Default 100; at most half the transaction timeout. */
  readonly commitIntervalMs?: number;
  /** … or this many records. Default 10,000. */
  readonly commitMaxRecords?: number;
  /** … or this many bytes of input. Default 32 MiB. */
  readonly commitMaxBytes?: number;
  /** A dead process loses its partitions after this. Default: 3,000 ms, or as little as the brokers allow; 6,000 ms if they do not say. */
  readonly sessionTimeoutMs?: number;
  /** An open transaction blocks readers at most this long. Default: 10,000 ms, or less if the brokers allow no more. */
  readonly transactionTimeoutMs?: number;
  readonly acceptLoss?: boolean;
  readonly clock?: Clock;
  /** 16 hex digits that no other process has had; a test gives its own. Default: random. */
  readonly incarnation?: string;
  /** Only for a Log that is known to be right, such as the model Log of a test. */
  readonly skipProbe?: boolean;
  /** After each commit, for each partition it touched: the next input offset of the first input that state now includes. */
  readonly onCommitted?: (partition: number, position: number) => void;
}

const BACK_OFF_MS = [50, 200, 500, 1_000, 2_000, 5_000];
const CORRUPT_TRIES = 2;
const PROBE_VALID_MS = 24 * 3_600_000;

/**
 * Runs a topology exactly once until the signal aborts, then commits what has been taken and leaves the group.
 *
 * This is the supervisor: the only place that reacts to the classes of error. Retryable and Fenced drop everything in
 * memory and join again, StateCorrupt restores once more, Fatal is thrown to the caller.
 * Throws FatalError (with a remedy) and nothing else; ReplacedError, which is one, when a newer process of the same
 * instance id goes on in its place.
 */
export async function runProcessor<V>(options: RunProcessorOptions<V>): Promise<void> {
  const clock = options.clock ?? systemClock;
  const topology = options.topology as Topology;
  const incarnation = options.incarnation ?? newIncarnation();
  if (isOwnerTooLong(transactionalIdOf(options.groupId, options.instanceId))) {
    throw new FatalError(`group id and instance id are too long together: "${options.instanceId}"`, {
      remedy: "use shorter ones, at most 500 bytes together",
    });
  }
  const bounds = commitBoundsOf(options);
  const hasher = await IdentityHasher.create();
  let status: ProcessorStatus = INITIAL_STATUS;
  const onStatus = (change: Partial<ProcessorStatus>): void => {
    status = { ...status, ...change };
    options.onStatus?.(status);
  };
  const seen = new Set<string>();
  let timeouts: Timeouts | undefined;
  let corrupt = 0;
  let failures = 0;
  while (!options.signal.aborted) {
    let processor: Processor | undefined;
    try {
      if (timeouts === undefined) {
        onStatus({ state: "joining", message: "" });
        const chosen = await checkStart(options, topology, clock, bounds);
        timeouts = chosen;
        onStatus({ state: "joining", message: chosen.note });
      } else onStatus({ state: "joining", message: "" });
      processor = new Processor({
        acceptLoss: false,
        ...options,
        ...bounds,
        ...timeouts,
        topology,
        clock,
        incarnation,
        seen,
        hasher,
        onStatus: (change) => {
          if (change.state === "running") failures = 0;
          onStatus(change);
        },
        onSound: () => {
          corrupt = 0;
        },
      });
      await processor.open();
      await processor.run();
    } catch (error) {
      if (error instanceof StateCorruptError && ++corrupt >= CORRUPT_TRIES) throw rebuildNeeded(error);
      if (!(error instanceof RetryableError || error instanceof FencedError || error instanceof StateCorruptError))
        throw error;
      onStatus({ state: "retrying", message: error.message });
      if (error instanceof FencedError && processor !== undefined) {
        const isTaken = error instanceof SeatTakenError || (await processor.isReplaced());
        await processor.close();
        processor = undefined;
        if (isTaken && (await isSeatHeld(options, timeouts!.sessionTimeoutMs, clock))) throw replaced(options);
      }
      await clock.sleep(BACK_OFF_MS[Math.min(failures++, BACK_OFF_MS.length - 1)]!, options.signal);
    } finally {
      await processor?.close();
    }
  }
  onStatus({ state: "stopped", message: "" });
}

async function checkStart<V>(
  options: RunProcessorOptions<V>,
  topology: Topology,
  clock: Clock,
  { commitIntervalMs }: CommitBounds,
): Promise<ChosenTimeouts> {
  const admin = options.log.admin();
  let timeouts: ChosenTimeouts;
  try {
    const { sessionTimeoutMs, transactionTimeoutMs } = options;
    const asked = { sessionTimeoutMs, transactionTimeoutMs, commitIntervalMs };
    timeouts = await chooseTimeouts(asked, admin);
    await checkTopics(topology, admin);
  } finally {
    await admin.close();
  }
  await refuseSurplus(options.log, topology, clock);
  if (options.skipProbe !== true) await probeOnce(options, timeouts, clock);
  return timeouts;
}

/** The start-up probe costs a second: it is repeated once a day, not at every restart after a crash. */
async function probeOnce<V>(options: RunProcessorOptions<V>, timeouts: Timeouts, clock: Clock): Promise<void> {
  const file = path.join(options.stateDir, `probe-${options.groupId}-${options.instanceId}.json`);
  const probedAt = await readFile(file, "utf8").then(
    (text) => Number(text),
    () => Number.NaN,
  );
  if (clock.now() - probedAt < PROBE_VALID_MS) return;
  const { probeLog } = await import("../kafka/probe.ts");
  await probeLog(options.log, { prefix: `${options.groupId}.${options.instanceId}.probe`, ...timeouts });
  await mkdir(options.stateDir, { recursive: true });
  await writeFile(file, String(clock.now()));
}

function replaced<V>({ instanceId, groupId }: RunProcessorOptions<V>): ReplacedError {
  return new ReplacedError(`another process runs as instance "${instanceId}" of group ${groupId} and has taken over`, {
    remedy: "nothing is lost and the newer one goes on; give each process an instance id of its own to run both",
  });
}

function rebuildNeeded(error: StateCorruptError): FatalError {
  return new FatalError(`state is corrupt: ${error.message}`, {
    cause: error,
    remedy: "stop all processors of the group and run: third-umpire state rebuild",
  });
}
