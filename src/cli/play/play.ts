import type { AuditReport } from "../../audit/index.ts";
import type { Log } from "../../kafka/log.ts";
import { confluentLog } from "../../kafka/confluent/index.ts";
import { type ServiceName, SERVICES } from "../../local/index.ts";
import { ensureCricketTopics } from "../../pipelines/cricket/topics.ts";
import type { Settings } from "../../settings.ts";
import { unlessAborted } from "../../unless-aborted.ts";
import { listenForShutdown } from "../shutdown.ts";
import { feedFigures } from "../screen/model.ts";
import { loadedRows } from "../screen/figures.ts";
import type { VerdictCounts } from "../../domain/review/verdict.ts";
import type { CaughtUp } from "./caught-up/caught-up.ts";
import { Charts } from "./charts.ts";
import { startCrashes } from "./crashes.ts";
import { stopPipeline, untilAllArrived } from "./finish.ts";
import { endLeftovers } from "./leftovers.ts";
import type { PlayOptions, SourcePlay } from "./options.ts";
import { feedSpec, pipelineNames, sharedSpecs, sourceSpec } from "./pipeline.ts";
import { type SourceId, SOURCES } from "./sources.ts";
import { Stage } from "./stage.ts";
import { neededServices, serviceSpecs, startStack } from "./stack.ts";

export interface PlaySummary {
  /** False when it was stopped before everything was in. */
  readonly complete: boolean;
  /** Of each source that was played; empty when it was stopped. */
  readonly sources: Readonly<Partial<Record<SourceId, { readonly records: number; readonly events: number }>>>;
  readonly verdicts: VerdictCounts;
  readonly loaded: number;
  readonly kills: Readonly<Record<string, number>>;
  readonly restarts: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Files that were not played though they are matches, or may be: file and reason. */
  readonly refused: readonly string[];
  readonly audit: AuditReport | null;
}

/** Each part has its own 25 s; several stop one after the other, then the servers. */
const HARD_LIMIT_MS = 180_000;

/**
 * Plays folders of matches through the whole pipeline: starts what does not run, feeds, shows, and stops all of it
 * in order at the end or at Ctrl-C. What an earlier run left behind is ended first; where it was, this one goes on.
 */
export async function play(settings: Settings, options: PlayOptions): Promise<PlaySummary> {
  const startedAt = performance.now();
  const shutdown = listenForShutdown({ hardLimitMs: HARD_LIMIT_MS });
  await endLeftovers(settings);
  const stage = new Stage(settings, options);
  const run: Run = {
    settings,
    options,
    stage,
    log: confluentLog({ brokers: settings.brokers, clientId: "play" }),
    signal: shutdown.signal,
    charts: new Charts(stage, settings),
  };
  try {
    const outcome = await perform(run);
    return summary(stage, outcome, performance.now() - startedAt);
  } catch (error) {
    if (!shutdown.signal.aborted) throw error;
    return summary(stage, null, performance.now() - startedAt);
  } finally {
    await stopEverything(run);
    stage.close();
    shutdown.dispose();
  }
}

interface Run {
  readonly settings: Settings;
  readonly options: PlayOptions;
  readonly stage: Stage;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly charts: Charts;
}

interface Outcome extends CaughtUp {
  readonly audit: AuditReport | null;
}

async function perform(run: Run): Promise<Outcome> {
  const { settings, options, stage, signal } = run;
  const answers = startStack({
    supervisor: stage.supervisor,
    settings,
    services: neededServices(options),
    specs: serviceSpecs(settings, options),
    progress: {
      line: (text) => stage.tell({ type: "news", text, tone: "plain" }),
      waiting: (names) => stage.waitFor(names.map((name) => SERVICES[name].title)),
    },
  });
  const ready = (name: ServiceName): Promise<void> => answers.get(name) ?? Promise.resolve();
  // A failure is thrown by whoever waits for that server; one that nobody has come to yet must not end the process.
  for (const answer of answers.values()) answer.catch(() => undefined);
  await unlessAborted(ready("kafka"), signal);
  await createTopics(run);
  const stopCrashes = startCrashes(options.crashes, {
    list: () => stage.processes(),
    kill: (process) => stage.kill(process),
    killed: (target, name) => stage.tell({ type: "killed", target, name, by: "--crash" }),
  });
  try {
    // Each source begins to play as soon as its own server answers: the first score need not wait for the last server.
    const started = Promise.all([
      startShared(run),
      ...options.sources.map((source) => startSource(run, source, ready(SOURCES[source.id].service))),
    ]);
    await unlessAborted(Promise.race([stage.feedsDone, failureOf(started)]), signal);
    await unlessAborted(started, signal);
    stage.tell({ type: "news", text: doneText(stage), tone: "good" });
    if (!options.exitWhenDone) await untilAborted(signal);
  } finally {
    stopCrashes();
  }
  return settle(run);
}

/** Resolves when it streams and its feed has begun. */
async function startSource({ options, stage, signal }: Run, source: SourcePlay, ready: Promise<void>): Promise<void> {
  await unlessAborted(ready, signal);
  await stage.startAll([sourceSpec(source, stage.listener)], signal);
  stage.playing();
  // A folder that was played before is done at once, and its feed is stopped before anyone has seen it ready.
  const feed = stage.supervisor.start(feedSpec(source, options, stage.listener));
  await unlessAborted(Promise.race([feed, stage.feedDone(source.id)]), signal);
}

function doneText({ model }: Stage): string {
  const played = [...model.feeds.values()].some((feed) => feedFigures(feed).rowsInserted > 0);
  return played ? "every match is at its source" : "every match was played before; --again plays them once more";
}

async function createTopics({ log, settings }: Run): Promise<void> {
  const admin = log.admin();
  try {
    await ensureCricketTopics(admin, settings);
  } finally {
    await admin.close();
  }
}

/** The live page is the loader's and comes with it; Superset must take no core from either. */
async function startShared({ options, stage, charts, signal }: Run): Promise<void> {
  await stage.startAll(sharedSpecs(options, stage.listener), signal);
  if (options.superset) charts.start();
}

async function settle(run: Run): Promise<Outcome> {
  const { settings, options, stage, log, signal } = run;
  const caughtUp = await untilAllArrived(run, signal);
  await stage.stop(pipelineNames(options));
  stage.phase("auditing", "");
  const { runAudit } = await import("../commands/audit.ts");
  const onProgress = (doing: string): void => stage.phase("auditing", doing);
  return { ...caughtUp, audit: await unlessAborted(runAudit({ settings, log, signal, onProgress }), signal) };
}

/** In the order of the data: nothing is left half-way that the next start would have to repeat. */
async function stopEverything(run: Run): Promise<void> {
  const { stage, charts, signal } = run;
  const chartsEnd = charts.stop();
  await stopPipeline(run, signal.aborted);
  await chartsEnd;
  if (stage.supervisor.list().some(({ state }) => state !== "stopped" && state !== "failed"))
    stage.phase("stopping", "servers");
  await stage.supervisor.stopAll();
}

/** Rejects when the promise does, and otherwise never settles. */
async function failureOf(promise: Promise<unknown>): Promise<never> {
  await promise;
  return new Promise<never>(() => undefined);
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  return unlessAborted(new Promise<never>(() => undefined), signal);
}

function summary(stage: Stage, outcome: Outcome | null, ms: number): PlaySummary {
  const { model } = stage;
  return {
    complete: outcome !== null,
    sources: Object.fromEntries(
      (outcome?.sources ?? []).map(({ id, records, events }) => [id, { records, events }] as const),
    ),
    verdicts: outcome?.verdicts ?? model.verdicts,
    loaded: loadedRows(model),
    kills: Object.fromEntries(model.kills),
    restarts: Object.fromEntries(model.processes.map(({ name, restarts }) => [name, restarts])),
    seconds: Math.round(ms / 100) / 10,
    refused: stage.refused,
    audit: outcome?.audit ?? null,
  };
}
