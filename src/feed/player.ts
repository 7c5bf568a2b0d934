/** Plays one match over one connection, in order, from wherever the database says it is. */
import { backoffMs } from "../domain/backoff.ts";
import { FatalError, RetryableError } from "../domain/errors.ts";
import { classifyPostgresError } from "../postgres/errors.ts";
import type { Sql } from "../postgres/sql.ts";
import { pause } from "../postgres/wait.ts";
import type { MatchFiles } from "./folder.ts";
import { digestOf } from "./folder.ts";
import type { FeedOptions } from "./options.ts";
import { planMatch } from "./plan.ts";
import type { Step } from "./plan.ts";
import { beginMatch, finishMatch, insertStep, restartMatch } from "./progress.ts";
import type { FeedBoard } from "./status.ts";

/** Rows on their way to the server: they hide the round trip; the guard in `insertStep` keeps their order. */
const WINDOW_ROWS = 32;
const WINDOW_BYTES = 8 * 1024 * 1024;

/** The database did not stand where we thought: another feed plays the same match, or a crash took commits back. */
const DIVERGED_MAX = 20;

export interface PlayerOptions {
  readonly feed: FeedOptions;
  readonly board: FeedBoard;
  readonly sql: Sql;
  /** 0 = as fast as possible. */
  readonly intervalMs: number;
}

/** Plays a match to its end, through any outage of Postgres. Returns early when asked to stop. @throws FatalError */
export async function playMatch(files: MatchFiles, options: PlayerOptions): Promise<void> {
  const { feed, board } = options;
  const random = feed.random ?? Math.random;
  let failures = 0;
  let diverged = 0;
  while (!feed.signal.aborted) {
    const before = board.counts.rowsInserted;
    try {
      const outcome = await attempt(files, options);
      if (outcome === "finished" || outcome === "stopped") return;
      diverged += 1;
      if (diverged > DIVERGED_MAX) {
        throw new FatalError(`match ${files.matchId} is being played by another feed`, {
          remedy: "stop the other `third-umpire feed` first",
        });
      }
      await pause(backoffMs(diverged, random()), feed.signal);
    } catch (error) {
      const named = classifyPostgresError(error, `playing match ${files.matchId}`);
      if (!(named instanceof RetryableError)) throw named;
      if (board.counts.rowsInserted > before) failures = 0;
      const waitMs = backoffMs(failures, random());
      failures += 1;
      board.set({ state: "retrying", message: `${named.message}; next try in ${(waitMs / 1000).toFixed(1)} s` });
      await pause(waitMs, feed.signal);
    }
  }
}

async function attempt(files: MatchFiles, options: PlayerOptions): Promise<"finished" | "stopped" | "diverged"> {
  const { feed, sql, intervalMs } = options;
  const digest = await digestOf(files);
  const progress = await beginMatch(sql, files.matchId, feed, digest);
  if (progress.done) return "finished";
  if (progress.filesSha256 !== digest) {
    await restartMatch(sql, files.matchId, feed, digest);
    return attempt(files, options);
  }
  const window = new Window(options, files.matchId, progress.pass);
  const now = feed.now ?? Date.now;
  let index = 0;
  let nextBallAt = now();
  try {
    for await (const step of planMatch(files, progress.pass, progress.plan)) {
      if (index >= progress.nextStep) {
        if (intervalMs > 0 && isBall(step)) {
          await pause(nextBallAt - now(), feed.signal);
          nextBallAt = Math.max(nextBallAt, now()) + intervalMs;
        }
        if (feed.signal.aborted) return "stopped";
        if (!(await window.insert(index, step))) return "diverged";
      }
      index += 1;
    }
    if (!(await window.drain())) return "diverged";
    return (await finishMatch(sql, files.matchId, progress.pass, index)) ? "finished" : "diverged";
  } finally {
    await window.settle();
  }
}

/** What takes an interval in live play: a new line of the file, not its repetition. */
function isBall(step: Step): boolean {
  return step.line > 0 && (step.cause === "file" || step.cause === "wrong");
}

/** Inserts that are under way, oldest first. */
class Window {
  readonly #options: PlayerOptions;
  readonly #matchId: string;
  readonly #pass: number;
  #flying: { readonly step: Step; readonly result: Promise<boolean> }[] = [];
  #bytes = 0;

  constructor(options: PlayerOptions, matchId: string, pass: number) {
    this.#options = options;
    this.#matchId = matchId;
    this.#pass = pass;
  }

  /** Sends an insert, and waits for older ones while there are too many. False when one of those inserted nothing. */
  async insert(index: number, step: Step): Promise<boolean> {
    const result = insertStep(this.#options.sql, { matchId: this.#matchId, pass: this.#pass, step: index }, step);
    // It may fail before anybody waits for it; whoever does gets the error all the same.
    result.catch(() => undefined);
    this.#flying.push({ step, result });
    this.#bytes += step.bytes;
    const live = this.#options.intervalMs > 0;
    while (this.#flying.length > 0 && (live || this.#flying.length >= WINDOW_ROWS || this.#bytes >= WINDOW_BYTES)) {
      if (!(await this.#oldest())) return false;
    }
    return true;
  }

  async drain(): Promise<boolean> {
    while (this.#flying.length > 0) if (!(await this.#oldest())) return false;
    return true;
  }

  /** Waits until nothing is under way any more and counts what went in, whatever happened to the others. */
  async settle(): Promise<void> {
    const flying = this.#flying;
    this.#flying = [];
    for (const { step, result } of flying) {
      const inserted = await result.catch(() => false);
      if (inserted) this.#count(step);
    }
  }

  async #oldest(): Promise<boolean> {
    const oldest = this.#flying.shift();
    if (oldest === undefined) return true;
    this.#bytes -= oldest.step.bytes;
    const inserted = await oldest.result;
    if (inserted) this.#count(oldest.step);
    return inserted;
  }

  #count(step: Step): void {
    this.#options.board.inserted(this.#matchId, step, this.#options.intervalMs > 0);
  }
}
