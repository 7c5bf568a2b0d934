import type { FeedStatus } from "../../feed/index.ts";
import type { ProcessStatus } from "../../local/supervisor.ts";
import type { LoaderStatus } from "../../loader/status.ts";
import type { ProcessorStatus } from "../../processor/status.ts";
import type { SourceStatus } from "../../sources/kit/index.ts";
import type { CrashTarget } from "../options.ts";
import { span } from "../output.ts";
import { feedProcess, type SourceId, sourceProcess } from "../play/sources.ts";
import { sumVerdicts } from "./figures.ts";
import {
  feedFigures,
  type FeedView,
  type Killer,
  type Link,
  LINK_TITLES,
  type LinkName,
  type News,
  NO_FIGURES,
  type Phase,
  type ScreenModel,
} from "./model.ts";

/** Everything that can happen on the screen; `at` is ms since the Unix epoch. */
export type ScreenEvent =
  | { readonly type: "tick"; readonly at: number }
  | { readonly type: "phase"; readonly at: number; readonly phase: Phase; readonly doing: string }
  | { readonly type: "processes"; readonly at: number; readonly list: readonly ProcessStatus[] }
  | {
      readonly type: "killed";
      readonly at: number;
      readonly target: CrashTarget;
      readonly name: string;
      readonly by: Killer;
    }
  | { readonly type: "link"; readonly at: number; readonly name: LinkName; readonly link: Link }
  | {
      readonly type: "source";
      readonly at: number;
      readonly id: SourceId;
      readonly status: SourceStatus;
    }
  | { readonly type: "processor"; readonly at: number; readonly name: string; readonly status: ProcessorStatus }
  | { readonly type: "loader"; readonly at: number; readonly status: LoaderStatus }
  | { readonly type: "feed"; readonly at: number; readonly id: SourceId; readonly status: FeedStatus }
  | { readonly type: "news"; readonly at: number; readonly text: string; readonly tone: News["tone"] };

/** More is never shown, and a run may take days. */
const NEWS_MAX = 50;
const SAID_LATELY_MS = 10_000;

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
      return withProcessor(next, event);
    case "loader":
      return withLoader(next, event);
    case "feed":
      return withFeed(next, event);
    case "killed":
      return {
        ...next,
        kills: new Map(model.kills).set(event.target, (model.kills.get(event.target) ?? 0) + 1),
        outages: new Map(model.outages).set(event.name, { at: event.at, killedBy: event.by }),
      };
    case "link":
      return withLink(next, event);
    case "processes":
      return withProcesses(next, event.at, event.list);
  }
}

function withSource(model: ScreenModel, event: Extract<ScreenEvent, { type: "source" }>): ScreenModel {
  const { at, id, status } = event;
  const view = model.sources.get(id);
  const before = view?.status;
  // Its figure only rises: a lower one is that of a new process.
  const isNew = before !== undefined && status.events < before.events;
  const earlier = (view?.earlier ?? 0) + (isNew ? before.events : 0);
  const next = troubled(
    { ...model, sources: new Map(model.sources).set(id, { status, earlier }) },
    at,
    sourceProcess(id),
    before,
    status,
  );
  const isNewEpoch = before !== undefined && before.epoch > 0 && status.epoch > before.epoch;
  return isNewEpoch ? tell(next, at, `source ${id} began epoch ${status.epoch}: a gap event says why`, "warn") : next;
}

function withProcessor(model: ScreenModel, event: Extract<ScreenEvent, { type: "processor" }>): ScreenModel {
  const { at, name, status } = event;
  const processors = new Map(model.processors).set(name, status);
  const verdicts = status.state === "running" ? sumVerdicts(processors.values(), model.partitions) : undefined;
  return troubled(
    { ...model, processors, verdicts: verdicts ?? model.verdicts },
    at,
    name,
    model.processors.get(name),
    status,
  );
}

function withLoader(model: ScreenModel, event: Extract<ScreenEvent, { type: "loader" }>): ScreenModel {
  const { at, status } = event;
  const before = model.loader;
  // Its figure only rises: a lower one is that of a new process. What the match looked like is still true.
  const isNew = before !== null && status.rows < before.rows;
  const loadedEarlier = model.loadedEarlier + (isNew ? before.rows : 0);
  const loader = { ...status, live: { ...before?.live, ...status.live } };
  return troubled({ ...model, loader, loadedEarlier }, at, "loader", before ?? undefined, status);
}

function withLink(model: ScreenModel, { at, name, link }: Extract<ScreenEvent, { type: "link" }>): ScreenModel {
  const before = model.links[name];
  const next = { ...model, links: { ...model.links, [name]: link } };
  if (link.state === "up" && before?.state !== "up")
    return tell(next, at, `${LINK_TITLES[name]}: ${link.url ?? ""}`, "good");
  if (link.state === "failed" && (before?.state !== "failed" || before.text !== link.text))
    return tell(next, at, `no ${LINK_TITLES[name]}: ${link.text}`, "warn");
  return next;
}

function withFeed(model: ScreenModel, event: Extract<ScreenEvent, { type: "feed" }>): ScreenModel {
  const { at, id, status } = event;
  const before = model.feeds.get(id) ?? null;
  const feeds = new Map(model.feeds).set(id, feedView(before, status));
  const isEdition = status.editions > (before?.status.editions ?? 0);
  const next = isEdition ? tell(model, at, `${feedProcess(id)}: ${status.message}`, "warn") : model;
  return troubled({ ...next, feeds }, at, feedProcess(id), before?.status, status);
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

function withProcess(
  model: ScreenModel,
  at: number,
  before: ProcessStatus | undefined,
  process: ProcessStatus,
): ScreenModel {
  const { name } = process;
  const outage = model.outages.get(name);
  if (process.state === "backing-off" && before?.state !== "backing-off") {
    const outages = new Map(model.outages).set(name, outage ?? { at, killedBy: null });
    // A dead processor owns nothing, whatever it said last.
    const processors = new Map(model.processors);
    processors.delete(name);
    return { ...model, outages, processors };
  }
  if (process.state === "failed" && before?.state !== "failed") {
    return tell(model, at, `${name} has failed: ${process.lastExit ?? "see its log"}`, "bad");
  }
  // Ready again: with another pid than the one that died, and not the old list from before the kill.
  if (process.state !== "ready" || outage === undefined || before?.state === "ready") return model;
  const outages = new Map(model.outages);
  outages.delete(name);
  const cause = outage.killedBy !== null ? `killed by ${outage.killedBy}` : `ended (${process.lastExit ?? "unknown"})`;
  return tell({ ...model, outages }, at, `${name} ${cause}, back after ${span(at - outage.at)}`, "good");
}

interface Troubled {
  readonly state: string;
  readonly message: string;
}

/** A part that begins to retry says why; one that wavers (sixteen connections of the feed) does not say it again and again. */
function troubled(
  model: ScreenModel,
  at: number,
  name: string,
  before: Troubled | undefined,
  now: Troubled,
): ScreenModel {
  if (now.state !== "retrying" || before?.state === "retrying") return model;
  const prefix = `${name}: `;
  const saidLately = model.news.some((item) => item.text.startsWith(prefix) && at - item.at < SAID_LATELY_MS);
  return saidLately ? model : tell(model, at, `${prefix}${now.message.replace(/; next try in .*$/u, "")}`, "warn");
}

function tell(model: ScreenModel, at: number, text: string, tone: News["tone"]): ScreenModel {
  return { ...model, news: [...model.news, { at, text, tone }].slice(-NEWS_MAX) };
}
