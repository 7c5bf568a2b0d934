import type { PlanOptions } from "./plan.ts";

export interface FeedOptions extends PlanOptions {
  /** Folder of Cricsheet csv2 files: `<id>.csv` with `<id>_info.csv`. */
  readonly dir: string;
  readonly connection: string;
  /** Time between two balls of a live match, ms; 0 = as fast as possible. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly onStatus: (status: FeedStatus) => void;
  /**
   * Ids of the matches that are played live, one after the other in this order, after all others went in at full speed. Absent: every
   * match is live when `intervalMs` is above 0.
   */
  readonly live?: readonly string[];
  /** Play only these matches of the folder. */
  readonly matches?: readonly string[];
  /** Play finished matches once more, from their first row. */
  readonly again?: boolean;
  /** Matches that are played at the same time at full speed (default 16), each over a connection of its own. */
  readonly connections?: number;
  readonly publication?: string;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** Counts are of this run; matches are counted over all runs. */
export interface FeedCounts {
  /** Rows inserted, whatever they were. */
  readonly rowsInserted: number;
  /** Of them: rows that were inserted before. */
  readonly replays: number;
  /** Rows with a wrong value, the first time and the second. */
  readonly wrongs: number;
  readonly corrections: number;
  /** Lines that could not be mapped to columns. */
  readonly unreadable: number;
  readonly matchesDone: number;
  readonly matchesTotal: number;
}

export interface FeedStatus extends FeedCounts {
  /** `playing` at full speed, `live` a ball at a time. */
  readonly state: "starting" | "playing" | "live" | "retrying" | "done" | "stopped";
  /** The match that the last row belongs to, and the line of its file. */
  readonly match: string | null;
  readonly line: number;
  readonly message: string;
}

export interface FeedSummary extends FeedCounts {
  /** False when it was stopped before. */
  readonly complete: boolean;
}
