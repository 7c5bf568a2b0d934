import type { Health, PipelineState, ProcessorState, ProcessState, SourceState } from "../../dashboard/api.ts";
import type { ProcessStatus } from "../../local/supervisor.ts";
import type { ProcessorStatus } from "../../processor/status.ts";
import { type SourceId, sourceProcess, SOURCES } from "../play/sources.ts";
import { sentEvents } from "./figures.ts";
import { feedFigures, type ScreenModel } from "./model.ts";
import { harmless } from "./spans.ts";

/** What the live page is told of the processes: the same model that the terminal shows. */
export function pipelineState(model: ScreenModel): PipelineState {
  return {
    sources: model.sourceIds.map((id) => sourceState(model, id)),
    processors: [...model.processors].map(([name, status]) => processorState(model, name, status)),
    processes: model.processes.map(processState),
  };
}

function sourceState(model: ScreenModel, id: SourceId): PipelineState["sources"][number] {
  const feed = model.feeds.get(id);
  const source = model.sources.get(id);
  const process = processOf(model, sourceProcess(id));
  const figures = feed === undefined ? null : feedFigures(feed);
  return {
    id,
    store: SOURCES[id].store,
    fed: figures?.rowsInserted ?? null,
    repeated: figures?.replays ?? null,
    events: source === undefined ? null : sentEvents(source),
    lag: source?.status.lag ?? null,
    health: process === undefined ? null : partHealth(process, source?.status.state ?? "starting"),
    state: process === undefined ? null : process.state === "ready" ? (source?.status.state ?? null) : process.state,
    message: harmless(source?.status.message ?? ""),
    restarts: process?.restarts ?? null,
  } satisfies Omit<SourceState, "verdicts">;
}

function processorState(model: ScreenModel, name: string, status: ProcessorStatus): ProcessorState {
  const process = processOf(model, name);
  const { state, message, partitions, records, lag, commits, commitMs } = status;
  return {
    name,
    health: process === undefined ? "down" : partHealth(process, state),
    state,
    message: harmless(message),
    partitions: partitions.length,
    records,
    lag,
    commits,
    commitMs,
    restarts: process?.restarts ?? 0,
  };
}

function processState({ name, state, pid, restarts }: ProcessStatus): ProcessState {
  return { name, health: PROCESS_HEALTH[state], state, pid, restarts };
}

const PROCESS_HEALTH: Readonly<Record<ProcessStatus["state"], Health>> = {
  starting: "waiting",
  ready: "working",
  "backing-off": "down",
  // Also a feed that is done: there is nothing left for it to do.
  stopped: "waiting",
  failed: "down",
};

/** What a part says of itself, in states that mean it does its work. */
const AT_WORK: ReadonlySet<string> = new Set(["running", "streaming", "snapshot"]);

function partHealth(process: ProcessStatus, says: string): Health {
  if (process.state !== "ready") return PROCESS_HEALTH[process.state];
  return AT_WORK.has(says) ? "working" : "waiting";
}

function processOf(model: ScreenModel, name: string): ProcessStatus | undefined {
  return model.processes.find((process) => process.name === name);
}
