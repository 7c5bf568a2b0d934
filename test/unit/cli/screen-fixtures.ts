import { INITIAL_STATUS, type ProcessorStatus } from "../../../src/processor/status.ts";
import type { LoaderStatus } from "../../../src/loader/status.ts";
import type { ProcessStatus } from "../../../src/local/supervisor.ts";
import type { FeedStatus } from "../../../src/feed/index.ts";
import type { SourceStatus } from "../../../src/sources/postgres/index.ts";
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
    live: null,
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
    lagBytes: 0,
    lastEventAt: null,
    restarts: 0,
    deletes: 0,
    truncates: 0,
    foreign: 0,
    ...change,
  };
}

export function play(
  events: readonly ScreenEvent[],
  from: ScreenModel = initialModel(NOON, ".local/logs", 4),
): ScreenModel {
  return events.reduce(reduce, from);
}

/** A run that is well under way. */
export function busyModel(): ScreenModel {
  const at = NOON + 245_000;
  const names = ["kafka", "postgres", "source", "processor-1", "processor-2", "loader", "feed"];
  const counts = { accepted: 9000, duplicate: 3200, correction: 120, stale: 25, late: 0, poison: 0 };
  return play([
    { type: "phase", at, phase: "playing", doing: "" },
    { type: "processes", at, list: names.map((name, index) => processStatus(name, { pid: 4711 + index })) },
    { type: "source", at, name: "source", id: "odi", status: sourceStatus() },
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
    {
      type: "loader",
      at,
      status: loaderStatus({
        rows: 45_678,
        batches: 99,
        lag: 3,
        live: {
          matchId: "1059715",
          title: "Zimbabwe v West Indies, Bulawayo, 2016-11-25",
          line: "Zimbabwe 127/8 (36.5 ov) v West Indies · Raza 41* (60) · Holder 8-0-31-2",
        },
      }),
    },
    {
      type: "feed",
      at,
      status: feedStatus({ rowsInserted: 12_345, replays: 3200, wrongs: 145, corrections: 120, matchesDone: 11 }),
    },
    { type: "killed", at, target: "postgres", name: "postgres" },
    {
      type: "processes",
      at,
      list: names.map((name) => processStatus(name, name === "postgres" ? { state: "starting", pid: null } : {})),
    },
    {
      type: "processes",
      at: at + 2100,
      list: names.map((name) => processStatus(name, name === "postgres" ? { restarts: 1, startedAt: at + 1900 } : {})),
    },
  ]);
}
