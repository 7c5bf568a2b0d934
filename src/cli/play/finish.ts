/** The end of a play: until everything has arrived, or, at Ctrl-C, until what is under way has. */
import { CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import { FatalError, RetryableError } from "../../domain/errors.ts";
import type { Log } from "../../kafka/log.ts";
import { cricketTopology } from "../../pipelines/cricket/topology.ts";
import type { Settings } from "../../settings.ts";
import { type CaughtUp, type CaughtUpOptions, waitUntilCaughtUp, waitUntilLoaded } from "./caught-up/caught-up.ts";
import { MARKS } from "./caught-up/marks.ts";
import type { PlayOptions } from "./options.ts";
import { pipelineNames } from "./pipeline.ts";
import { feedProcess, type SourceId } from "./sources.ts";
import type { Stage } from "./stage.ts";

export interface Ending {
  readonly settings: Settings;
  readonly options: PlayOptions;
  readonly stage: Stage;
  readonly log: Log;
}

/** How long Ctrl-C waits for records that are on their way: in live play a moment, at full speed not for all of them. */
const FINISH_MS = 8000;
/** And for the warehouse to hold what the processors committed last. */
const LOAD_MS = 4000;

/** Resolves when everything that the feeds have put into their sources is in the warehouse. Throws when `signal` aborts. */
export async function untilAllArrived(ending: Ending, signal: AbortSignal): Promise<CaughtUp> {
  const ids = ending.options.sources.map(({ id }) => id);
  return waitUntilCaughtUp(caughtUpOptions(ending, ids, signal, (doing) => ending.stage.phase("settling", doing)));
}

/**
 * Stops feeds and pipeline in the order of the data. A running one (`finish`) first takes what is under way to its end, within
 * bounds: what is stopped then audits clean, and nothing is left half-way that the next start would have to explain.
 */
export async function stopPipeline(ending: Ending, finish: boolean): Promise<void> {
  const { stage, options } = ending;
  await stage.stop(options.sources.map(({ id }) => feedProcess(id)));
  const isWhole = pipelineNames(options).every((name) => isReady(stage, name));
  if (finish && isWhole) await takeToItsEnd(ending);
  await stage.stop(pipelineNames(options).filter((name) => name !== "loader"));
  if (finish && isReady(stage, "loader")) await load(ending);
  await stage.stop(["loader"]);
}

async function takeToItsEnd(ending: Ending): Promise<void> {
  const { stage } = ending;
  stage.phase("stopping", "finishing what is under way");
  // A source whose feed never spoke has nothing that is new.
  const ids = ending.options.sources.map(({ id }) => id).filter((id) => stage.model.feeds.has(id));
  await within(FINISH_MS, (signal) =>
    waitUntilCaughtUp(caughtUpOptions(ending, ids, signal, (doing) => stage.phase("stopping", doing))),
  );
}

async function load(ending: Ending): Promise<void> {
  const { stage } = ending;
  await within(LOAD_MS, (signal) =>
    waitUntilLoaded(caughtUpOptions(ending, [], signal, (doing) => stage.phase("stopping", doing))),
  );
}

/** Waits no longer than that. What is not done then, or whose server is gone, the next start goes on with. */
async function within(ms: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const signal = AbortSignal.timeout(ms);
  try {
    await work(signal);
  } catch (error) {
    const isNoDefect = signal.aborted || error instanceof FatalError || error instanceof RetryableError;
    if (!isNoDefect) throw error;
  }
}

function isReady(stage: Stage, name: string): boolean {
  return stage.supervisor.list().some((process) => process.name === name && process.state === "ready");
}

function caughtUpOptions(
  { log, settings, stage }: Ending,
  ids: readonly SourceId[],
  signal: AbortSignal,
  onProgress: (doing: string) => void,
): CaughtUpOptions {
  const { deliveries, matches, verdicts, quarantine, gaps } = CRICKET_TOPICS;
  return {
    log,
    sources: ids.map((id) => ({ id, mark: () => MARKS[id](settings) })),
    inputs: cricketTopology(settings).inputs,
    partitions: settings.partitions,
    clean: [deliveries, matches, verdicts, quarantine, gaps],
    loaded: () => stage.loaded,
    signal,
    onProgress,
  };
}
