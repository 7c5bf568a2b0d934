import type { IdentityHasher } from "../domain/review/identity.ts";
import type { Log } from "../kafka/log.ts";
import type { Clock } from "./clock.ts";
import type { ProcessorStatus } from "./status.ts";
import type { Topology } from "./topology.ts";

/** What one processor process needs; `runProcessor` fills in the defaults. */
export interface ProcessorOptions {
  readonly log: Log;
  readonly topology: Topology;
  readonly groupId: string;
  /** Stable name of this process: static membership and transactional id follow from it. */
  readonly instanceId: string;
  /**
   * Instance ids that have been seen in the group since this process runs. A member that was killed is one for a session longer:
   * so whoever may have left something open is among them.
   */
  readonly seen: Set<string>;
  /** Tells this process from all others that have had its instance id. */
  readonly incarnation: string;
  readonly clock: Clock;
  readonly hasher: IdentityHasher;
  readonly signal: AbortSignal;
  readonly onStatus: (status: Partial<ProcessorStatus>) => void;
  readonly commitIntervalMs: number;
  readonly commitMaxRecords: number;
  readonly commitMaxBytes: number;
  readonly sessionTimeoutMs: number;
  readonly transactionTimeoutMs: number;
  /** Input records that were deleted before they were judged: stop (false), or go on and say so (true). */
  readonly acceptLoss: boolean;
  /** Every partition that we own has been restored and committed to: the state fits. */
  readonly onSound: () => void;
  readonly onCommitted?: (partition: number, position: number) => void;
}
