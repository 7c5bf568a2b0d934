import type { Log } from "../../kafka/log.ts";
import type { SourceHook } from "./publisher.ts";
import type { SourceStatus } from "./status.ts";
import type { TopicsOptions } from "./topics.ts";

/** What every source is told, whatever it reads. */
export interface SourceOptions extends TopicsOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onStatus: (status: SourceStatus) => void;
  /** Of Kafka (default 10,000). */
  readonly transactionTimeoutMs?: number;
  /** Called at the gaps between durable steps; a throw ends the source as a crash would. For tests. */
  readonly at?: SourceHook;
  readonly now?: () => number;
  readonly random?: () => number;
  /** ms between two questions of an instance that stepped back whether the newer one is gone (default 5000); not less than a beat. */
  readonly standbyMs?: number;
  /** ms between two beats of an idle owner whose server knows no sessions (default 3000). */
  readonly beatMs?: number;
}
