import type { FileNote } from "./folder.ts";
import type { FeedCounts, FeedStatus, FileCounts } from "./options.ts";
import type { Step } from "./plan.ts";

/** Longest time for which full speed is not shown: a status per row would cost more than the row. */
const REPORT_EVERY_MS = 100;

export class FeedBoard {
  #status: FeedStatus = {
    state: "starting",
    message: "starting",
    match: null,
    line: 0,
    rowsInserted: 0,
    replays: 0,
    wrongs: 0,
    corrections: 0,
    unreadable: 0,
    editions: 0,
    deletions: 0,
    matchesDone: 0,
    matchesTotal: 0,
  };
  #files: FileCounts = { passedOver: 0, refused: [] };
  readonly #report: (status: FeedStatus) => void;
  readonly #now: () => number;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(report: (status: FeedStatus) => void, now: () => number, notes: readonly FileNote[] = []) {
    this.#report = report;
    this.#now = now;
    for (const note of notes) this.note(note);
  }

  get files(): FileCounts {
    return this.#files;
  }

  /** A file that is not played. Passed-over ones are counted: a folder may hold thousands. */
  note({ path, reason, refused }: FileNote): void {
    const { passedOver, refused: before } = this.#files;
    this.#files = refused
      ? { passedOver, refused: [...before, `${path}: ${reason}`] }
      : { passedOver: passedOver + 1, refused: before };
    this.#status = { ...this.#status, files: this.#files };
  }

  get counts(): FeedCounts {
    const { rowsInserted, replays, wrongs, corrections, unreadable, editions, deletions, matchesDone, matchesTotal } =
      this.#status;
    return {
      rowsInserted,
      replays,
      wrongs,
      corrections,
      unreadable,
      editions,
      deletions,
      matchesDone,
      matchesTotal,
    };
  }

  set(change: Partial<FeedStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#reportedAt = this.#now();
    this.#report(this.#status);
  }

  /** A match that was begun has another file now: it is played from its start. */
  fileChanged(match: string): void {
    this.set({
      editions: this.#status.editions + 1,
      message: `the file of match ${match} is not the one that was played before: it is played again`,
    });
  }

  /** A row is in. */
  inserted(match: string, step: Step<unknown>, live: boolean): void {
    const was = this.#status;
    this.#status = {
      ...was,
      state: live ? "live" : "playing",
      message: live ? `match ${match}, ball by ball` : "playing at full speed",
      match,
      line: step.line,
      rowsInserted: was.rowsInserted + 1,
      replays: was.replays + (step.cause === "replay" ? 1 : 0),
      wrongs: was.wrongs + (step.cause === "wrong" || step.cause === "stale" ? 1 : 0),
      corrections: was.corrections + (step.cause === "correction" ? 1 : 0),
      deletions: was.deletions + (step.cause === "deletion" ? 1 : 0),
      unreadable: was.unreadable + (step.unreadable === true ? 1 : 0),
    };
    if (live || this.#now() - this.#reportedAt >= REPORT_EVERY_MS) this.set({});
  }
}
