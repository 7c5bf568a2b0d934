/** Plays one match over one connection, in order, from wherever the target says it is. */
import { backoffMs } from "../domain/backoff.ts";
import { FatalError, RetryableError } from "../domain/errors.ts";
import { pause } from "../pause.ts";
import { planOf } from "./options.ts";
import type { FeedOptions } from "./options.ts";
import { editionPlayed } from "./edition.ts";
import { planMatch } from "./plan.ts";
import type { MatchScript, Step } from "./plan.ts";
import type { FeedBoard } from "./status.ts";
import type { FeedConnection, FeedTarget } from "./target.ts";

/** Rows on their way to the server, besides the connection's own limit of their number. */
const WINDOW_BYTES = 8 * 1024 * 1024;

/** The target did not stand where we thought: another feed plays the same match, or a crash took commits back. */
const DIVERGED_MAX = 20;

export interface PlayerOptions<C> {
  readonly feed: FeedOptions & { readonly target: FeedTarget<C> };
  readonly board: FeedBoard;
  readonly connection: FeedConnection<C>;
  /** 0 = as fast as possible. */
  readonly intervalMs: number;
}

/** Plays a match to its end, through any outage of the target. Returns early when asked to stop. @throws FatalError */
export async function playMatch<C>(script: MatchScript<C>, options: PlayerOptions<C>): Promise<void> {
  const { feed, board } = options;
  const random = feed.random ?? Math.random;
  let failures = 0;
  let diverged = 0;
  while (!feed.signal.aborted) {
    const before = board.counts.rowsInserted;
    try {
      const outcome = await attempt(script, options);
      if (outcome === "finished" || outcome === "stopped") return;
      diverged += 1;
      if (diverged > DIVERGED_MAX) {
        throw new FatalError(`match ${script.matchId} is being played by another feed`, {
          remedy: "stop the other `third-umpire feed` first",
        });
      }
      await pause(backoffMs(diverged, random()), feed.signal);
    } catch (error) {
      const named = feed.target.classify(error, `playing match ${script.matchId}`);
      if (!(named instanceof RetryableError)) throw named;
      if (board.counts.rowsInserted > before) failures = 0;
      const waitMs = backoffMs(failures, random());
      failures += 1;
      board.set({ state: "retrying", message: `${named.message}; next try in ${(waitMs / 1000).toFixed(1)} s` });
      await pause(waitMs, feed.signal);
    }
  }
}

async function attempt<C>(
  script: MatchScript<C>,
  options: PlayerOptions<C>,
): Promise<"finished" | "stopped" | "diverged"> {
  const { feed, board, connection, intervalMs } = options;
  const key = script.progressKey;
  const digest = await script.digest();
  const progress = await connection.begin(key, planOf(feed), digest);
  if (progress.filesSha256 !== digest) {
    board.fileChanged(script.matchId);
    // No wrong versions: in one edition of a document the right one could not be told from what it has replaced.
    await connection.restart(key, { ...planOf(feed), correctionRate: 0 }, digest);
    return attempt(script, options);
  }
  if (progress.done) return "finished";
  const window = new Window(options, script, progress.pass);
  const now = feed.now ?? Date.now;
  let index = 0;
  let nextBallAt = now();
  const edition = await editionPlayed(script, connection, progress.edition);
  try {
    for await (const planned of planMatch(script, progress.pass, progress.plan)) {
      const step = edition?.take(planned) ?? planned;
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
    // When all rows are in, a match that was interrupted later goes on behind the deletions that are in as well.
    index = Math.max(index, progress.nextStep);
    for (const step of (await edition?.deletions(connection, feed.acceptDeletions === true)) ?? []) {
      if (feed.signal.aborted) return "stopped";
      if (!(await window.insert(index, step))) return "diverged";
      index += 1;
    }
    if (!(await window.drain())) return "diverged";
    return (await connection.finish(key, progress.pass, index)) ? "finished" : "diverged";
  } finally {
    await window.settle();
  }
}

/** What takes an interval in live play: a new line of the file, not its repetition. */
function isBall(step: Step<unknown>): boolean {
  return step.line > 0 && (step.cause === "file" || step.cause === "wrong");
}

/** Inserts that are under way, oldest first. */
class Window<C> {
  readonly #options: PlayerOptions<C>;
  readonly #script: MatchScript<C>;
  readonly #pass: number;
  #flying: { readonly step: Step<C>; readonly result: Promise<boolean> }[] = [];
  #bytes = 0;

  constructor(options: PlayerOptions<C>, script: MatchScript<C>, pass: number) {
    this.#options = options;
    this.#script = script;
    this.#pass = pass;
  }

  /** Sends an insert, and waits for older ones while there are too many. False when one of those inserted nothing. */
  async insert(index: number, step: Step<C>): Promise<boolean> {
    const { connection } = this.#options;
    const result = connection.insert({ matchId: this.#script.progressKey, pass: this.#pass, step: index }, step);
    // It may fail before anybody waits for it; whoever does gets the error all the same.
    result.catch(() => undefined);
    this.#flying.push({ step, result });
    this.#bytes += step.bytes;
    const live = this.#options.intervalMs > 0;
    while (
      this.#flying.length > 0 &&
      (live || this.#flying.length >= connection.windowRows || this.#bytes >= WINDOW_BYTES)
    ) {
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

  #count(step: Step<C>): void {
    this.#options.board.inserted(this.#script.matchId, step, this.#options.intervalMs > 0);
  }
}
