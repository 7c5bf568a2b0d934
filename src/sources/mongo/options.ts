import type { Log } from "../../kafka/log.ts";
import type { SourceHook, SourceStatus } from "../kit/index.ts";

export interface MongoSourceOptions {
  readonly log: Log;
  /** `mongodb://` or `mongodb+srv://` address that names the database. */
  readonly connection: string;
  readonly sourceId: string;
  readonly rawTopic: string;
  readonly partitions: number;
  readonly signal: AbortSignal;
  readonly onStatus: (status: SourceStatus) => void;
  /** Defaults: `CRICKET_TOPICS.positions` and `CRICKET_TOPICS.gaps`. */
  readonly positionsTopic?: string;
  readonly gapsTopic?: string;
  /** Retention of topics that do not exist yet and are created here, ms (default 7 days). */
  readonly retentionMs?: number;
  readonly transactionTimeoutMs?: number;
  /** Events of a Kafka transaction, at most. The server ends a batch at 16 MiB besides; two batches are in memory at most. */
  readonly maxEvents?: number;
  /** A position that only moved is persisted this often, ms: a quiet collection must not fall off the end of a busy server's log. */
  readonly idlePositionMs?: number;
  /** A server that has not answered for so long is given up, ms. */
  readonly watchdogMs?: number;
  /** ms between two questions whether a newer instance is gone. */
  readonly standbyMs?: number;
  /** Runs before each connection. Its errors are treated like those of the source itself. */
  readonly prepare?: () => Promise<void>;
  /** Called at the gaps between durable steps; a throw ends the source as a crash would. For tests. */
  readonly at?: SourceHook;
  readonly now?: () => number;
  readonly random?: () => number;
}

export const DEFAULTS: Readonly<
  Record<"transactionTimeoutMs" | "maxEvents" | "idlePositionMs" | "watchdogMs", number>
> = {
  transactionTimeoutMs: 10_000,
  maxEvents: 1000,
  idlePositionMs: 2000,
  watchdogMs: 60_000,
};
