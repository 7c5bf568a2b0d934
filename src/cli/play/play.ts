import { CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import type { AuditReport } from "../../audit/index.ts";
import type { Log } from "../../kafka/log.ts";
import { confluentLog } from "../../kafka/confluent/index.ts";
import { cricketTopology } from "../../pipelines/cricket.ts";
import { ensureCricketTopics } from "../../pipelines/topics.ts";
import type { Settings } from "../../settings.ts";
import { listenForShutdown } from "../shutdown.ts";
import { feedFigures } from "../screen/model.ts";
import { loadedRows } from "../screen/figures.ts";
import type { VerdictCounts } from "../../domain/review/verdict.ts";
import { type CaughtUp, waitUntilCaughtUp } from "./caught-up.ts";
import { startCrashes } from "./crashes.ts";
import { endLeftovers } from "./leftovers.ts";
import type { PlayOptions } from "./options.ts";
import { feedSpec, pipelineSpecs } from "./pipeline.ts";
import { Stage, unlessAborted } from "./stage.ts";
import { ensureStack } from "./stack.ts";

export interface PlaySummary {
  /** False when it was stopped before everything was in. */
  readonly complete: boolean;
  readonly rows: number | null;
  readonly events: number | null;
  readonly verdicts: VerdictCounts;
  readonly loaded: number;
  readonly kills: Readonly<Record<string, number>>;
  readonly restarts: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly audit: AuditReport | null;
}

const SOURCE_ID = "odi";
/** Each part has its own 25 s; several stop one after the other, then the servers. */
const HARD_LIMIT_MS = 120_000;

/**
 * Plays a folder of matches through the whole pipeline: starts what does not run, feeds, shows, and stops all of it
 * in order at the end or at Ctrl-C. What an earlier run left behind is ended first; where it was, this one goes on.
 */
export async function play(settings: Settings, options: PlayOptions): Promise<PlaySummary> {
  const startedAt = performance.now();
  const shutdown = listenForShutdown({ hardLimitMs: HARD_LIMIT_MS });
  await endLeftovers(settings);
  const stage = new Stage(settings, SOURCE_ID, options);
  const run: Run = {
    settings,
    options,
    stage,
    log: confluentLog({ brokers: settings.brokers, clientId: "play" }),
    signal: shutdown.signal,
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
}

interface Outcome extends CaughtUp {
  readonly audit: AuditReport | null;
}

async function perform(run: Run): Promise<Outcome> {
  const { settings, options, stage, signal } = run;
  stage.phase("starting", "Kafka and Postgres");
  await unlessAborted(
    ensureStack(stage.supervisor, settings, (line) => stage.phase("starting", line)),
    signal,
  );
  await createTopics(run);
  stage.phase("starting", "source, processors and loader");
  await stage.startAll(pipelineSpecs(options, stage.listener), signal);
  stage.phase("playing", "");
  const stopCrashes = startCrashes(options.crashes, {
    list: () => stage.processes(),
    kill: (process) => stage.kill(process),
    killed: (target, name) => stage.tell({ type: "killed", target, name }),
  });
  try {
    // The feed is not awaited to be ready: a folder that was played before is done at once.
    const feed = stage.supervisor.start(feedSpec(options, stage.listener));
    await unlessAborted(Promise.race([stage.feedDone, failureOf(feed)]), signal);
    stage.tell({ type: "news", text: doneText(stage), tone: "good" });
    if (!options.exitWhenDone) await untilAborted(signal);
  } finally {
    stopCrashes();
  }
  return settle(run);
}

function doneText({ model }: Stage): string {
  const played = model.feed === null ? 0 : feedFigures(model.feed).rowsInserted;
  return played > 0 ? "every match is in Postgres" : "every match was in Postgres before; --again plays them once more";
}

async function createTopics({ log, settings }: Run): Promise<void> {
  const admin = log.admin();
  try {
    await ensureCricketTopics(admin, settings);
  } finally {
    await admin.close();
  }
}

async function settle({ settings, options, stage, log, signal }: Run): Promise<Outcome> {
  const caughtUp = await waitUntilCaughtUp({
    log,
    connection: settings.postgresUrl,
    sourceId: SOURCE_ID,
    inputs: cricketTopology(settings).inputs,
    clean: [
      CRICKET_TOPICS.deliveries,
      CRICKET_TOPICS.matches,
      CRICKET_TOPICS.verdicts,
      CRICKET_TOPICS.quarantine,
      CRICKET_TOPICS.gaps,
    ],
    loaded: () => stage.loaded,
    signal,
    onProgress: (doing) => stage.phase("settling", doing),
  });
  await stage.stop(pipelineNames(options));
  stage.phase("auditing", "");
  const { runAudit } = await import("../commands/audit.ts");
  const onProgress = (doing: string): void => stage.phase("auditing", doing);
  return { ...caughtUp, audit: await unlessAborted(runAudit({ settings, log, signal, onProgress }), signal) };
}

/** In the order of the data: nothing is left half-way that the next start would have to repeat. */
async function stopEverything({ options, stage }: Run): Promise<void> {
  await stage.stop(["feed", ...pipelineNames(options)]);
  if (stage.supervisor.list().some(({ state }) => state !== "stopped" && state !== "failed"))
    stage.phase("stopping", "servers");
  await stage.supervisor.stopAll();
}

function pipelineNames(options: PlayOptions): string[] {
  return ["source", ...Array.from({ length: options.processors }, (_, index) => `processor-${index + 1}`), "loader"];
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
    rows: outcome?.rows ?? null,
    events: outcome?.events ?? null,
    verdicts: outcome?.verdicts ?? model.verdicts,
    loaded: loadedRows(model),
    kills: Object.fromEntries(model.kills),
    restarts: Object.fromEntries(model.processes.map(({ name, restarts }) => [name, restarts])),
    seconds: Math.round(ms / 100) / 10,
    audit: outcome?.audit ?? null,
  };
}
