import { type VerdictCounts, zeroCounts } from "../../domain/review/verdict.ts";
import type { FeedCounts, FeedStatus } from "../../feed/index.ts";
import type { ProcessStatus } from "../../local/supervisor.ts";
import type { LoaderStatus } from "../../loader/status.ts";
import type { ProcessorStatus } from "../../processor/status.ts";
import type { SourceStatus } from "../../sources/kit/index.ts";
import type { CrashTarget } from "../options.ts";
import type { SourceId } from "../play/sources.ts";

export type Phase = "starting" | "playing" | "settling" | "auditing" | "stopping";

/** What a source said last. Its figures are of its own process: those of the ones that were killed are kept beside. */
export interface SourceView {
  readonly status: SourceStatus;
  /** Events of processes that are gone. */
  readonly earlier: number;
}

/** The feed's figures are of its own process: those of the ones that were killed are kept beside. */
export interface FeedView {
  readonly status: FeedStatus;
  readonly earlier: FeedFigures;
}

export type FeedFigures = Pick<FeedCounts, "rowsInserted" | "replays" | "wrongs" | "corrections">;

export const NO_FIGURES: FeedFigures = { rowsInserted: 0, replays: 0, wrongs: 0, corrections: 0 };

/** Figures of all processes of the feed since the screen was opened. */
export function feedFigures({ status, earlier }: FeedView): FeedFigures {
  return {
    rowsInserted: earlier.rowsInserted + status.rowsInserted,
    replays: earlier.replays + status.replays,
    wrongs: earlier.wrongs + status.wrongs,
    corrections: earlier.corrections + status.corrections,
  };
}

export interface News {
  /** ms since the Unix epoch. */
  readonly at: number;
  readonly text: string;
  readonly tone: "good" | "warn" | "bad" | "plain";
}

/** Where a kill on purpose came from. */
export type Killer = "--crash" | "the live page";

/** A page to open in a browser. */
export interface Link {
  readonly state: "starting" | "up" | "failed";
  readonly url: string | null;
  /** What it is doing, or why it is not there; empty when there is nothing to say. */
  readonly text: string;
}

/** The two pages. */
export type LinkName = "page" | "superset";

/** What they are called, for people. */
export const LINK_TITLES: Readonly<Record<LinkName, string>> = { page: "live page", superset: "Superset" };

export type Links = Readonly<Partial<Record<LinkName, Link>>>;

/** A process that is down and came from somewhere: what to say when it is back. */
interface Outage {
  readonly at: number;
  /** Who killed it on purpose; null when nobody did. */
  readonly killedBy: Killer | null;
}

/** Everything the screen shows. Made by `reduce`, drawn by `renderScreen`. */
export interface ScreenModel {
  readonly startedAt: number;
  readonly now: number;
  readonly phase: Phase;
  /** What is being done or waited for, when that is not obvious. */
  readonly doing: string;
  /** The sources that are played, in their order. */
  readonly sourceIds: readonly SourceId[];
  readonly feeds: ReadonlyMap<SourceId, FeedView>;
  readonly sources: ReadonlyMap<SourceId, SourceView>;
  readonly processors: ReadonlyMap<string, ProcessorStatus>;
  /** Verdicts over all partitions, as they were when each partition had exactly one owner last: they never fall. */
  readonly verdicts: VerdictCounts;
  readonly loader: LoaderStatus | null;
  /** Records loaded by processes of the loader that are gone. */
  readonly loadedEarlier: number;
  readonly processes: readonly ProcessStatus[];
  readonly kills: ReadonlyMap<CrashTarget, number>;
  readonly outages: ReadonlyMap<string, Outage>;
  /** The pages there are or will be, in the order in which they are shown. */
  readonly links: Links;
  /** Newest last. */
  readonly news: readonly News[];
  readonly logDir: string;
  /** Partitions of the input. */
  readonly partitions: number;
}

export function initialModel(
  now: number,
  logDir: string,
  partitions: number,
  sourceIds: readonly SourceId[],
): ScreenModel {
  return {
    startedAt: now,
    now,
    phase: "starting",
    doing: "",
    sourceIds,
    feeds: new Map(),
    sources: new Map(),
    processors: new Map(),
    verdicts: zeroCounts(),
    loader: null,
    loadedEarlier: 0,
    processes: [],
    kills: new Map(),
    outages: new Map(),
    links: {},
    news: [],
    logDir,
    partitions,
  };
}
