import { backoffMs } from "../domain/backoff.ts";
import { FatalError, RetryableError } from "../domain/errors.ts";
import { classifyPostgresError } from "../postgres/errors.ts";
import type { Sql } from "../postgres/sql.ts";
import { closeSql, openSql } from "../postgres/sql.ts";
import { pause } from "../postgres/wait.ts";
import type { MatchFiles } from "./folder.ts";
import { listMatches } from "./folder.ts";
import type { FeedOptions, FeedSummary } from "./options.ts";
import { playMatch } from "./player.ts";
import { finishedMatches, playAgain } from "./progress.ts";
import { ODI_PUBLICATION, ensureOdiSchema } from "./schema.ts";
import { FeedBoard } from "./status.ts";

const APPLICATION = "third-umpire feed";
/** A row is a transaction with its own flush; this many at once share flushes (group commit) and keep two cores busy. */
const CONNECTIONS = 16;

/**
 * The application server: plays a folder of matches into Postgres, each row one INSERT in one transaction. Finished matches go first
 * and at full speed, several at a time; live ones follow, one after the other, one ball an interval. Rows of one match never overtake
 * each other.
 *
 * Goes on where it was when it is started again; a finished folder inserts nothing (unless `again`). Waits for a Postgres that is gone.
 *
 * @throws FatalError when the folder holds no such match, or Postgres refuses for good.
 */
export async function runFeed(options: FeedOptions): Promise<FeedSummary> {
  const { signal } = options;
  const board = new FeedBoard(options.onStatus, options.now ?? Date.now);
  const matches = await chooseMatches(options);
  const ids = matches.map((match) => match.matchId);
  board.set({ matchesTotal: matches.length });
  const sql = openSql(options.connection, { applicationName: APPLICATION });
  try {
    await retrying(options, board, "creating the schema", () =>
      ensureOdiSchema(sql, options.publication ?? ODI_PUBLICATION),
    );
    if (options.again === true)
      await retrying(options, board, "starting a new pass", () => playAgain(sql, ids, options));
    // Again and again until the database itself says that all is in: a crash may have taken back what was finished.
    let complete = false;
    while (!signal.aborted && !complete) {
      const finished =
        (await retrying(options, board, "reading the progress", () => finishedMatches(sql, ids))) ?? new Set();
      board.set({ matchesDone: finished.size });
      complete = finished.size === matches.length;
      if (!complete)
        await playAll(
          matches.filter((match) => !finished.has(match.matchId)),
          options,
          board,
        );
    }
    board.set(complete ? { state: "done", message: "every match is in" } : { state: "stopped", message: "stopped" });
    return { ...board.counts, complete };
  } finally {
    await closeSql(sql);
  }
}

async function chooseMatches(options: FeedOptions): Promise<MatchFiles[]> {
  const all = await listMatches(options.dir);
  const known = new Set(all.map((match) => match.matchId));
  const missing = [...(options.matches ?? []), ...(options.live ?? [])].find((id) => !known.has(id));
  if (missing !== undefined) {
    throw new FatalError(`the folder ${options.dir} holds no match ${missing}`, {
      remedy: `choose one that is there, e.g. ${all[0]?.matchId ?? ""}`,
    });
  }
  const wanted = options.matches === undefined ? known : new Set([...options.matches, ...(options.live ?? [])]);
  return all.filter((match) => wanted.has(match.matchId));
}

async function playAll(matches: readonly MatchFiles[], options: FeedOptions, board: FeedBoard): Promise<void> {
  const liveIds = options.intervalMs === 0 ? [] : (options.live ?? matches.map((match) => match.matchId));
  const fast = matches.filter((match) => !liveIds.includes(match.matchId));
  const live = liveIds.flatMap((id) => matches.filter((match) => match.matchId === id));
  const count = Math.min(options.connections ?? CONNECTIONS, fast.length);
  const queue = fast.values();
  await allOrFirstFailure(
    options,
    Array.from({ length: count }, () => (feed) => work(queue, 0, feed, board)),
  );
  await work(live.values(), options.intervalMs, options, board);
}

/** One connection, one match after another. */
async function work(
  queue: Iterator<MatchFiles>,
  intervalMs: number,
  feed: FeedOptions,
  board: FeedBoard,
): Promise<void> {
  let sql: Sql | undefined;
  try {
    for (let next = queue.next(); next.done !== true && !feed.signal.aborted; next = queue.next()) {
      sql ??= openSql(feed.connection, { applicationName: APPLICATION });
      await playMatch(next.value, { feed, board, sql, intervalMs });
      if (!feed.signal.aborted) board.set({ matchesDone: board.counts.matchesDone + 1 });
    }
  } finally {
    if (sql !== undefined) await closeSql(sql);
  }
}

/** Runs the workers together; when one fails for good the others stop in order, and its error is thrown. */
async function allOrFirstFailure(
  options: FeedOptions,
  workers: readonly ((feed: FeedOptions) => Promise<void>)[],
): Promise<void> {
  const failed = new AbortController();
  const feed = { ...options, signal: AbortSignal.any([options.signal, failed.signal]) };
  const results = await Promise.allSettled(
    workers.map(async (worker) => {
      try {
        await worker(feed);
      } catch (error) {
        failed.abort();
        throw error;
      }
    }),
  );
  const first = results.find((result) => result.status === "rejected");
  if (first !== undefined) throw first.reason;
}

/** Calls until it works; undefined when asked to stop first. @throws FatalError */
async function retrying<T>(
  options: FeedOptions,
  board: FeedBoard,
  doing: string,
  call: () => Promise<T>,
): Promise<T | undefined> {
  const random = options.random ?? Math.random;
  for (let attempt = 0; !options.signal.aborted; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const named = classifyPostgresError(error, doing);
      if (!(named instanceof RetryableError)) throw named;
      const waitMs = backoffMs(attempt, random());
      board.set({ state: "retrying", message: `${named.message}; next try in ${(waitMs / 1000).toFixed(1)} s` });
      await pause(waitMs, options.signal);
    }
  }
  return undefined;
}
