/**
 * Where the steps of a feed go: a database or an object store. One implementation a source, in targets/.
 *
 * The progress of a match is kept where its rows are and moved in the same transaction as the row. So a commit whose answer got lost is
 * no riddle (the row is in exactly when the progress says so), and a store that lost its last commits takes the feed back with it.
 */
import type { PlanOptions, Step } from "./plan.ts";

export interface Progress {
  readonly pass: number;
  /** Index of the next step of the plan. */
  readonly nextStep: number;
  readonly done: boolean;
  /** What the plan was made with; a match that was begun is finished by the same plan. */
  readonly plan: PlanOptions;
  readonly filesSha256: string;
  /** Which edition of its files the match is played from; absent of the first, and where rows say nothing of editions. */
  readonly edition?: number;
}

/** Natural keys of a match, by what the target holds of the document that a progress key stands for. */
export interface StatedKeys {
  /** Stated by an edition before, and not taken back by one before. */
  readonly before: ReadonlySet<string>;
  /** Taken back by this edition. */
  readonly deleted: ReadonlySet<string>;
}

/** What is asked for: all that editions of a document said before this one. */
export interface StatedAt {
  readonly progressKey: string;
  readonly matchId: string;
  readonly edition: number;
  /** As in `Editions`. */
  readonly table?: string;
}

/** A step's place in the plan. `matchId` is what the progress is kept under, `MatchScript.progressKey`; the content knows its own match. */
export interface StepPlace {
  readonly matchId: string;
  readonly pass: number;
  readonly step: number;
}

export interface FeedTarget<C> {
  /** Creates what is missing, also beside what an earlier version created. Safe to call from several processes at once. */
  prepare(): Promise<void>;
  /** Those, of the given progress keys, that are finished, each with the digest of the files it was played from. */
  finished(matchIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Starts a new pass through the given ones as far as they are finished: pass + 1, step 0, the new plan. */
  again(matchIds: readonly string[], plan: PlanOptions): Promise<void>;
  /** A connection for one worker. It outlives an outage: after a retryable failure the same calls are made on it again. */
  connect(): Promise<FeedConnection<C>>;
  /**
   * Names anything thrown by its reaction: `RetryableError` when the server may come back, `FatalError` with its remedy when a person
   * must act. What is neither (a bug) comes back as it is.
   */
  classify(error: unknown, doing: string): Error;
  close(): Promise<void>;
}

export interface FeedConnection<C> {
  /** The progress of a match; begins it with `plan` when there is none. */
  begin(matchId: string, plan: PlanOptions, digest: string): Promise<Progress>;
  /** The files of a match changed after it was begun: the next `begin` finds a new pass of the next edition, at its start, with this plan and digest. */
  restart(matchId: string, plan: PlanOptions, digest: string): Promise<void>;
  /**
   * Inserts one row and moves the progress past it in one transaction. Resolves to false when the progress is not at `at.step` of
   * `at.pass`, and then nothing was inserted: a call that was sent behind a failed one cannot overtake it.
   */
  insert(at: StepPlace, step: Step<C>): Promise<boolean>;
  /** Marks a match finished, if all its steps are in. False when they are not. */
  finish(matchId: string, pass: number, steps: number): Promise<boolean>;
  /** What was stated before this edition. Absent in targets whose rows say nothing of editions. */
  stated?(at: StatedAt): Promise<StatedKeys>;
  /** What editions before this one said of the match itself, as texts. Absent in targets that need not tell. */
  records?(at: StatedAt): Promise<readonly string[]>;
  /** Inserts that may be under way at once, in order; 1 where the server cannot pipeline. */
  readonly windowRows: number;
  close(): Promise<void>;
}
