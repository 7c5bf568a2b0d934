import { INITIAL_STATUS, type ProcessorStatus } from "../../../src/processor/status.ts";
import type { LoaderStatus } from "../../../src/loader/status.ts";
import type { ProcessStatus } from "../../../src/local/supervisor.ts";
import type { FeedStatus } from "../../../src/feed/index.ts";
import type { SourceStatus } from "../../../src/sources/kit/index.ts";
import { initialModel, type ScreenModel } from "../../../src/cli/screen/model.ts";
import { reduce, type ScreenEvent } from "../../../src/cli/screen/reducer.ts";

/** A quiet Saturday, 12:00:00 in the zone of whoever runs the test. */
export const NOON: number = new Date(2026, 10, 21, 12, 0, 0).getTime();

export function processStatus(name: string, change: Partial<ProcessStatus> = {}): ProcessStatus {
  return {
    name,
    pid: 4711,
    state: "ready",
    restarts: 0,
    startedAt: NOON,
    lastExit: null,
    logFile: `${name}.log`,
    ...change,
  };
}

export function processorStatus(change: Partial<ProcessorStatus> = {}): ProcessorStatus {
  return { ...INITIAL_STATUS, state: "running", ...change };
}

export function loaderStatus(change: Partial<LoaderStatus> = {}): LoaderStatus {
  return {
    state: "running",
    message: "loading",
    rows: 0,
    batches: 0,
    lag: 0,
    offsets: {},
    lastCommitAt: null,
    batchMs: { p50: 0, p99: 0 },
    published: null,
    live: {},
    ...change,
  };
}

export function feedStatus(change: Partial<FeedStatus> = {}): FeedStatus {
  return {
    state: "playing",
    message: "",
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
    matchesTotal: 12,
    ...change,
  };
}

export function sourceStatus(change: Partial<SourceStatus> = {}): SourceStatus {
  return {
    state: "streaming",
    message: "",
    events: 0,
    transactions: 0,
    commits: 0,
    positionText: "0/16B3748",
    epoch: 1,
    lag: { amount: 0, unit: "bytes" },
    lastEventAt: null,
    restarts: 0,
    ignored: {},
    ...change,
  };
}

export function play(
  events: readonly ScreenEvent[],
  from: ScreenModel = initialModel(NOON, ".local/logs", 4, ["odi"]),
): ScreenModel {
  return events.reduce(reduce, from);
}

const SOURCES = ["odi", "t20i", "test"] as const;

/** A run of three sources that is well under way. */
export function busyModel(): ScreenModel {
  const at = NOON + 245_000;
  const names = [
    ...["kafka", "postgres", "mongodb", "lambda", "processor-1", "processor-2", "loader"],
    ...["source-odi", "feed-odi", "source-t20i", "feed-t20i", "source-test", "feed-test"],
  ];
  const counts = { accepted: 9000, duplicate: 3200, correction: 120, stale: 25, late: 0, poison: 0 };
  const lags = {
    odi: { amount: 512, unit: "bytes" },
    t20i: { amount: 0.4, unit: "seconds" },
    test: { amount: 3, unit: "objects" },
  } as const;
  const feed = { rowsInserted: 12_345, replays: 3200, wrongs: 145, corrections: 120, matchesDone: 11 };
  return play(
    [
      { type: "phase", at, phase: "playing", doing: "" },
      { type: "processes", at, list: names.map((name, index) => processStatus(name, { pid: 4711 + index })) },
      ...SOURCES.flatMap((id): ScreenEvent[] => [
        { type: "source", at, id, status: sourceStatus({ events: 12_357, lag: lags[id] }) },
        { type: "feed", at, id, status: feedStatus(feed) },
      ]),
      {
        type: "processor",
        at,
        name: "processor-1",
        status: processorStatus({
          partitions: [0, 1],
          counts,
          lag: 12,
          commits: 1234,
          commitMs: { p50: 4.2, p99: 12 },
          lastCommitAt: at - 100,
        }),
      },
      {
        type: "processor",
        at,
        name: "processor-2",
        status: processorStatus({ partitions: [2, 3], commitMs: { p50: 3, p99: 40 } }),
      },
      { type: "loader", at, status: loaderStatus({ rows: 45_678, batches: 99, lag: 3, live: LIVE }) },
      { type: "killed", at, target: "mongo", name: "mongodb", by: "--crash" },
      {
        type: "processes",
        at,
        list: names.map((name) => processStatus(name, name === "mongodb" ? { state: "starting", pid: null } : {})),
      },
      {
        type: "processes",
        at: at + 2100,
        list: names.map((name) => processStatus(name, name === "mongodb" ? { restarts: 1, startedAt: at + 1900 } : {})),
      },
    ],
    initialModel(NOON, ".local/logs", 4, SOURCES),
  );
}

const LIVE: LoaderStatus["live"] = {
  "cricket.odi.raw": {
    matchId: "1144530",
    title: "England v New Zealand, London, 2019-07-14",
    line: "New Zealand 46/1 (12.1 ov) v England · Williamson 2* (16) · Woakes 6.1-0-18-1",
  },
  "cricket.t20i.raw": {
    matchId: "951373",
    title: "England v West Indies, Kolkata, 2016-04-03",
    line: "West Indies 85/4 (12.1 ov) v England · Samuels 45* (35) · Rashid 2-0-15-1",
  },
  "cricket.test.raw": {
    matchId: "1152848",
    title: "England v Australia, Leeds, 2019-08-22",
    line: "England 286/9 (114.5 ov) v Australia · Stokes 61* (174) · Lyon 36-5-103-1",
  },
};
