import type { ProcessStatus } from "../../local/supervisor.ts";
import type { LoaderStatus } from "../../loader/status.ts";
import type { ProcessorStatus } from "../../processor/status.ts";
import type { CrashTarget } from "../options.ts";

export type Phase = "starting" | "playing" | "settling" | "auditing" | "stopping";

/** What the screen says of a source. */
export interface SourceView {
  /** The source's id, short: "odi". */
  readonly id: string;
  readonly state: string;
  readonly message: string;
  /** Events written to Kafka, over all epochs. */
  readonly events: number;
  readonly epoch: number;
}

/** What the screen says of the feed: how far it is, and how it misbehaved so far. */
export interface FeedView {
  readonly state: string;
  readonly message: string;
  readonly matchesDone: number;
  readonly matchesTotal: number;
  /** Rows inserted, repeats and wrong ones included. */
  readonly rows: number;
  /** Rows inserted once more under a new primary key. */
  readonly replays: number;
  /** Rows inserted with a wrong value, and how many of them were corrected. */
  readonly wrong: number;
  readonly corrected: number;
}

export interface News {
  /** ms since the Unix epoch. */
  readonly at: number;
  readonly text: string;
  readonly tone: "good" | "warn" | "bad" | "plain";
}

/** A process that is down and came from somewhere: what to say when it is back. */
interface Outage {
  readonly at: number;
  readonly byCrash: boolean;
}

/** Everything the screen shows. Made by `reduce`, drawn by `renderScreen`. */
export interface ScreenModel {
  readonly startedAt: number;
  readonly now: number;
  readonly phase: Phase;
  /** What is being done or waited for, when that is not obvious. */
  readonly doing: string;
  readonly feed: FeedView | null;
  readonly sources: ReadonlyMap<string, SourceView>;
  readonly processors: ReadonlyMap<string, ProcessorStatus>;
  readonly loader: LoaderStatus | null;
  readonly processes: readonly ProcessStatus[];
  readonly kills: ReadonlyMap<CrashTarget, number>;
  readonly outages: ReadonlyMap<string, Outage>;
  /** Newest last. */
  readonly news: readonly News[];
  readonly logDir: string;
}

export function initialModel(now: number, logDir: string): ScreenModel {
  return {
    startedAt: now,
    now,
    phase: "starting",
    doing: "",
    feed: null,
    sources: new Map(),
    processors: new Map(),
    loader: null,
    processes: [],
    kills: new Map(),
    outages: new Map(),
    news: [],
    logDir,
  };
}
