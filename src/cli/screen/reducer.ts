import type { FeedStatus } from "../../feed/index.ts";
import type { ProcessStatus } from "../../local/supervisor.ts";
import type { LoaderStatus } from "../../loader/status.ts";
import type { ProcessorStatus } from "../../processor/status.ts";
import type { SourceStatus } from "../../sources/postgres/index.ts";
import type { CrashTarget } from "../options.ts";
import { span } from "../output.ts";
import { feedFigures, type FeedView, type News, NO_FIGURES, type Phase, type ScreenModel } from "./model.ts";

/** Everything that can happen on the screen; `at` is ms since the Unix epoch. */
export type ScreenEvent =
  | { readonly type: "tick"; readonly at: number }
  | { readonly type: "phase"; readonly at: number; readonly phase: Phase; readonly doing: string }
  | { readonly type: "processes"; readonly at: number; readonly list: readonly ProcessStatus[] }
  | { readonly type: "killed"; readonly at: number; readonly target: CrashTarget; readonly name: string }
  | { readonly type: "source"; readonly at: number; readonly name: string; readonly id: string; readonly status: SourceStatus }
  | { readonly type: "processor"; readonly at: number; readonly name: string; readonly status: ProcessorStatus }
  | { readonly type: "loader"; readonly at: number; readonly status: LoaderStatus }
  | { readonly type: "feed"; readonly at: number; readonly status: FeedStatus }
  | { readonly type: "news"; readonly at: number; readonly text: string; readonly tone: News["tone"] };

/** More is never shown, and a run may take days. */
const NEWS_MAX = 50;

/** The next model. Pure: time comes with the event. */
export function reduce(model: ScreenModel, event: ScreenEvent): ScreenModel {
  const next: ScreenModel = { ...model, now: Math.max(model.now, event.at) };
  switch (event.type) {
    case "tick":
      return next;
    case "phase":
      return { ...next, phase: event.phase, doing: event.doing };
    case "news":
      return tell(next, event.at, event.text, event.tone);
    case "source":
      return withSource(next, event);
    case "processor":
      return troubled(
        { ...next, processors: new Map(model.processors).set(event.name, event.status) },
        event.at,
        event.name,
        model.processors.get(event.name),
        event.status,
      );
    case "loader":
      return troubled({ ...next, loader: event.status }, event.at, "loader", model.loader ?? undefined, event.status);
    case "feed":
      return troubled({ ...next, feed: feedView(model.feed, event.status) }, event.at, "feed", model.feed?.status, event.status);
    case "killed":
      return {
        ...next,
        kills: new Map(model.kills).set(event.target, (model.kills.get(event.target) ?? 0) + 1),
        outages: new Map(model.outages).set(event.name, { at: event.at, byCrash: true }),
      };
    case "processes":
      return withProcesses(next, event.at, event.list);
  }
}

function withSource(model: ScreenModel, event: Extract<ScreenEvent, { type: "source" }>): ScreenModel {
  const { at, name, id, status } = event;
  const before = model.sources.get(name)?.status;
  const next = troubled({ ...model, sources: new Map(model.sources).set(name, { id, status }) }, at, name, before, status);
  const isNewEpoch = before !== undefined && before.epoch > 0 && status.epoch > before.epoch;
  return isNewEpoch ? tell(next, at, `source ${id} began epoch ${status.epoch}: a gap event says why`, "warn") : next;
}

function feedView(before: FeedView | null, status: FeedStatus): FeedView {
  if (before === null) return { status, earlier: NO_FIGURES };
  // Its figures only rise: lower ones are those of a new process.
  const isNew = status.rowsInserted < before.status.rowsInserted;
  return { status, earlier: isNew ? feedFigures(before) : before.earlier };
}

/** Compares the processes with what they were, and says what became of them. */
function withProcesses(model: ScreenModel, at: number, list: readonly ProcessStatus[]): ScreenModel {
  const before = new Map(model.processes.map((process) => [process.name, process]));
  let next: ScreenModel = { ...model, processes: list };
  for (const process of list) next = withProcess(next, at, before.get(process.name), process);
  return next;
}

function withProcess(model: ScreenModel, at: number, before: ProcessStatus | undefined, process: ProcessStatus): ScreenModel {
  const { name } = process;
  const outage = model.outages.get(name);
  if (process.state === "backing-off" && outage === undefined) {
    return { ...model, outages: new Map(model.outages).set(name, { at, byCrash: false }) };
  }
  if (process.state === "failed" && before?.state !== "failed") {
    return tell(model, at, `${name} has failed: ${process.lastExit ?? "see its log"}`, "bad");
  }
  // Ready again: with another pid than the one that died, and not the old list from before the kill.
  if (process.state !== "ready" || outage === undefined || before?.state === "ready") return model;
  const outages = new Map(model.outages);
  outages.delete(name);
  const cause = outage.byCrash ? "killed by --crash" : `ended (${process.lastExit ?? "unknown"})`;
  return tell({ ...model, outages }, at, `${name} ${cause}, back after ${span(at - outage.at)}`, "good");
}

interface Troubled {
  readonly state: string;
  readonly message: string;
}

/** A process that begins to retry says why, once; and says when it is over. */
function troubled(model: ScreenModel, at: number, name: string, before: Troubled | undefined, now: Troubled): ScreenModel {
  const isNew = now.state === "retrying" && (before?.state !== "retrying" || before.message !== now.message);
  return isNew ? tell(model, at, `${name}: ${now.message}`, "warn") : model;
}

function tell(model: ScreenModel, at: number, text: string, tone: News["tone"]): ScreenModel {
  return { ...model, news: [...model.news, { at, text, tone }].slice(-NEWS_MAX) };
}
