import type { FileNote } from "./folder.ts";
import type { PlanOptions } from "./plan.ts";

export interface FeedOptions extends PlanOptions {
  /** Time between two balls of a live match, ms; 0 = as fast as possible. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly onStatus: (status: FeedStatus) => void;
  /**
   * Ids of the matches that are played live, one after the other in this order, after all others went in at full speed. Absent: every
   * match is live when `intervalMs` is above 0.
   */
  readonly live?: readonly string[];
  /** Play only these matches. */
  readonly matches?: readonly string[];
  /** Play finished matches once more, from their first row. */
  readonly again?: boolean;
  /** Let an edition delete more than a tenth of what the one before it stated. */
  readonly acceptDeletions?: boolean;
  /** Files of the folders that are not played, for the status and the summary. */
  readonly notes?: readonly FileNote[];
  /** Matches that are played at the same time at full speed (default 16), each over a connection of its own. */
  readonly connections?: number;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** Counts are of this run; matches are counted over all runs. */
export interface FeedCounts {
  /** Rows, documents or objects inserted, whatever they were. */
  readonly rowsInserted: number;
  /** Of them: rows that were inserted before. */
  readonly replays: number;
  /** Rows with a wrong value, the first time and the second. */
  readonly wrongs: number;
  readonly corrections: number;
  /** Lines or files that could not be read. */
  readonly unreadable: number;
  /** Matches whose file was another one than what had been played before: they are played again. */
  readonly editions: number;
  /** Deliveries that an edition did not have any more, and which were deleted. */
  readonly deletions: number;
  readonly matchesDone: number;
  readonly matchesTotal: number;
}

export interface FeedStatus extends FeedCounts {
  /** `playing` at full speed, `live` a ball at a time. */
  readonly state: "starting" | "playing" | "live" | "retrying" | "done" | "stopped";
  /** The match that the last row belongs to, and which row of its file it is. */
  readonly match: string | null;
  readonly line: number;
  readonly message: string;
  /** Files of the folders that are not played, where there are any. */
  readonly files?: FileCounts;
}

export interface FileCounts {
  /** Files that are no matches, and copies of others. */
  readonly passedOver: number;
  /** Matches, or what may be matches, that cannot be played: file and reason. */
  readonly refused: readonly string[];
}

export interface FeedSummary extends FeedCounts {
  /** False when it was stopped before. */
  readonly complete: boolean;
  readonly files: FileCounts;
}

/** The part of the options that makes the plan: what a target keeps with the progress. */
export function planOf({ seed, replayRate, correctionRate }: PlanOptions): PlanOptions {
  return { seed, replayRate, correctionRate };
}
