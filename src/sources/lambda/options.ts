import type { Log } from "../../kafka/log.ts";
import type { SourceHook, SourceStatus } from "../kit/index.ts";

export interface LambdaSourceOptions {
  readonly log: Log;
  /** Address of the Lambda API; null: AWS itself, found by region, with the credentials that the AWS SDK finds. */
  readonly endpoint: string | null;
  readonly region: string;
  /** Name or ARN, with or without a qualifier. */
  readonly functionName: string;
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
  /** A Kafka transaction takes polls until it holds this many events or bytes, or there is nothing left to read. */
  readonly maxEvents?: number;
  readonly maxBytes?: number;
  /** Objects of one poll, 1 … 100. */
  readonly pollObjects?: number;
  /** Called at the gaps between durable steps; a throw ends the source as a crash would. For tests. */
  readonly at?: SourceHook;
  readonly now?: () => number;
  readonly random?: () => number;
  /** ms between two beats of an idle owner, and two questions of one that stepped back. */
  readonly beatMs?: number;
  readonly standbyMs?: number;
}

const MIB = 1024 * 1024;

export const DEFAULTS: Readonly<Record<"transactionTimeoutMs" | "maxEvents" | "maxBytes" | "pollObjects", number>> = {
  transactionTimeoutMs: 10_000,
  maxEvents: 1000,
  maxBytes: 8 * MIB,
  pollObjects: 100,
};
