import { backoffMs } from "../domain/backoff.ts";
import { FatalError, RetryableError } from "../domain/errors.ts";
import { pause } from "../pause.ts";
import { planOf } from "./options.ts";
import type { FeedCounts, FeedOptions, FeedSummary } from "./options.ts";
import { DeletionsHeld } from "./edition.ts";
import { errOnce } from "./err-once.ts";
import { FileError } from "./files.ts";
import type { MatchScript } from "./plan.ts";
import { playMatch } from "./player.ts";
import { FeedBoard } from "./status.ts";
import type { FeedConnection, FeedTarget } from "./target.ts";

/** A row is a transaction with its own flush; this many at once share flushes (group commit) and keep two cores busy. */
const CONNECTIONS = 16;

export interface RunFeedOptions<C> extends FeedOptions {
  /** In the order in which they are played. */
  readonly scripts: readonly MatchScript<C>[];
  /** Is closed at the end. */
  readonly target: FeedTarget<C>;
}

/**
 * The application server: plays matches into a database or an object store, each row one insert in one transaction. Finished matches go
 * first and at full speed, several at a time; live ones follow, one after the other, one ball an interval. Rows of one match never
 * overtake each other, also when several folders hold it.
 *
 * Goes on where it was when it is started again; a finished folder inserts nothing (unless `again`). Waits for a target that is gone.
 *
 * @throws FatalError when there is no such match, or the target refuses for good.
 */
export async function runFeed<C>(options: RunFeedOptions<C>): Promise<FeedSummary> {
  const { signal, target } = options;
  const board = new FeedBoard(options.onStatus, options.now ?? Date.now, options.notes);
  const refused: Refused = new Map();
  try {
    const scripts = errOnce(chooseMatches(options));
    const keys = scripts.map((script) => script.progressKey);
    board.set({ matchesTotal: scripts.length });
    await retrying(options, board, "preparing the target", () => target.prepare());
    if (options.again === true)
      await retrying(options, board, "starting a new pass", () => target.again(keys, planOf(options)));
    // Again and again until the target itself says that all is in: a crash may have taken back what was finished.
    let complete = false;
    while (!signal.aborted && !complete) {
      const done = await retrying(options, board, "reading the progress", () => target.finished(keys));
      const finished = await playedAsTheyAre(scripts, done ?? new Map(), (script, error) => {
        refuse(script, error, refused, board);
      });
      board.set({ matchesDone: finished.size });
      const left = scripts.filter(({ progressKey }) => !finished.has(progressKey) && !refused.has(progressKey));
      complete = left.length === 0;
      if (!complete) await playAll(left, { ...options, refused }, board);
    }
    const tellsEditions = scripts.every(({ editions }) => editions !== undefined);
    const message = doneMessage(board.counts, [...refused.values()], tellsEditions);
    board.set(complete ? { state: "done", message } : { state: "stopped", message: "stopped" });
    return { ...board.counts, complete, files: board.files };
  } finally {
    await target.close();
  }
}

/** Those that were played from just the files that are there now: one that has changed is another edition, and never passed over. */
async function playedAsTheyAre<C>(
  scripts: readonly MatchScript<C>[],
  done: ReadonlyMap<string, string>,
  unreadable: (script: MatchScript<C>, error: FileError) => void,
): Promise<Set<string>> {
  const same = new Set<string>();
  for (const script of scripts) {
    const before = done.get(script.progressKey);
    try {
      if (before !== undefined && before === (await script.digest())) same.add(script.progressKey);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      unreadable(script, error);
    }
  }
  return same;
}

/** A match whose file cannot be read, or would delete much: said once a run, and never a reason to stop the others. */
function refuse<C>(script: MatchScript<C>, error: Error, refused: Refused, board: FeedBoard): void {
  if (refused.has(script.progressKey)) return;
  refused.set(script.progressKey, error);
  const reason = error instanceof DeletionsHeld ? `${error.message}; ${error.remedy}` : error.message;
  board.note({ path: `match ${script.matchId}`, reason, refused: true });
  board.set({ message: `${reason}; the others go on` });
}

function doneMessage({ editions, deletions }: FeedCounts, refused: readonly Error[], tellsEditions: boolean): string {
  const held = refused.filter((error) => error instanceof DeletionsHeld).length;
  const unreadable = refused.length - held;
  const but = unreadable === 1 ? " but one, whose file" : ` but ${unreadable}, whose files`;
  const parts = [`every match is in${unreadable === 0 ? "" : `${but} cannot be read`}`];
  const gone =
    deletions === 1 ? "1 ball that is no longer there was" : `${deletions} balls that are no longer there were`;
  const told = [
    ...(editions > 0 ? [`${editions === 1 ? "a file" : `${editions} files`} had changed and played again`] : []),
    // Of a match that waited, or was interrupted, the file had changed before this run.
    ...(deletions > 0 ? [`${gone} deleted`] : []),
    ...(editions > 0 && !tellsEditions ? ["balls that are no longer in a file stay on the card"] : []),
  ];
  if (told.length > 0) parts.push(told.join(", "));
  if (held > 0) parts.push(`${held === 1 ? "a new file" : `${held} new files`} would delete much and must wait`);
  return parts.join("; ");
}

function chooseMatches<C>({ scripts, matches, live }: RunFeedOptions<C>): readonly MatchScript<C>[] {
  const known = new Set(scripts.map((script) => script.matchId));
  const missing = [...(matches ?? []), ...(live ?? [])].find((id) => !known.has(id));
  if (missing !== undefined) {
    throw new FatalError(`there is no match ${missing} in what is to be fed`, {
      remedy: `choose one that is there, e.g. ${scripts[0]?.matchId ?? ""}`,
    });
  }
  const wanted = matches === undefined ? known : new Set([...matches, ...(live ?? [])]);
  return scripts.filter((script) => wanted.has(script.matchId));
}

/** By progress key: matches whose files cannot be read, or would delete much. They are tried once a run, and never stop the others. */
type Refused = Map<string, Error>;
type Playing<C> = RunFeedOptions<C> & { readonly refused: Refused };

async function playAll<C>(scripts: readonly MatchScript<C>[], options: Playing<C>, board: FeedBoard): Promise<void> {
  const liveIds = options.intervalMs === 0 ? [] : [...new Set(options.live ?? scripts.map((script) => script.matchId))];
  const fast = chainsOf(scripts.filter((script) => !liveIds.includes(script.matchId)));
  const live = liveIds.flatMap((id) => scripts.filter((script) => script.matchId === id));
  const count = Math.min(options.connections ?? CONNECTIONS, fast.length);
  const queue = fast.values();
  await allOrFirstFailure(
    options,
    Array.from({ length: count }, () => (signal) => work(queue, 0, { ...options, signal }, board)),
  );
  await work([live].values(), options.intervalMs, options, board);
}

/** Matches that several folders hold are played one after the other, never side by side: their rows have one order. */
function chainsOf<C>(scripts: readonly MatchScript<C>[]): MatchScript<C>[][] {
  const chains = new Map<string, MatchScript<C>[]>();
  for (const script of scripts) {
    const chain = chains.get(script.matchId);
    if (chain === undefined) chains.set(script.matchId, [script]);
    else chain.push(script);
  }
  return [...chains.values()];
}

/** One connection, one match after another. */
async function work<C>(
  queue: Iterator<readonly MatchScript<C>[]>,
  intervalMs: number,
  feed: Playing<C>,
  board: FeedBoard,
): Promise<void> {
  let connection: FeedConnection<C> | undefined;
  try {
    for (let next = queue.next(); next.done !== true && !feed.signal.aborted; next = queue.next()) {
      for (const script of next.value) {
        connection ??= await retrying(feed, board, "connecting", () => feed.target.connect());
        if (connection === undefined || feed.signal.aborted) return;
        try {
          await playMatch(script, { feed, board, connection, intervalMs });
        } catch (error) {
          if (!(error instanceof FileError || error instanceof DeletionsHeld)) throw error;
          refuse(script, error, feed.refused, board);
          continue;
        }
        if (!feed.signal.aborted) board.set({ matchesDone: board.counts.matchesDone + 1 });
      }
    }
  } finally {
    await connection?.close();
  }
}

/** Runs the workers together; when one fails for good the others stop in order, and its error is thrown. */
async function allOrFirstFailure(
  options: FeedOptions,
  workers: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const results = await Promise.allSettled(
    workers.map(async (worker) => {
      try {
        await worker(signal);
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
async function retrying<T, C>(
  options: RunFeedOptions<C>,
  board: FeedBoard,
  doing: string,
  call: () => Promise<T>,
): Promise<T | undefined> {
  const random = options.random ?? Math.random;
  for (let attempt = 0; !options.signal.aborted; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const named = options.target.classify(error, doing);
      if (!(named instanceof RetryableError)) throw named;
      const waitMs = backoffMs(attempt, random());
      board.set({ state: "retrying", message: `${named.message}; next try in ${(waitMs / 1000).toFixed(1)} s` });
      await pause(waitMs, options.signal);
    }
  }
  return undefined;
}
