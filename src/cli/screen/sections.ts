import { VERDICTS } from "../../domain/review/verdict.ts";
import type { SourceLag } from "../../sources/kit/index.ts";
import { bytes, count, span } from "../output.ts";
import { type SourceId, sourceProcess, SOURCES } from "../play/sources.ts";
import { commitFigures, loadedRows, processorLag, sentEvents } from "./figures.ts";
import { feedFigures, type Link, LINK_TITLES, type News, NO_FIGURES, type Phase, type ScreenModel } from "./model.ts";
import { harmless, type Line, type Span, spread, type Style, width } from "./spans.ts";

const PHASE_STYLE: Readonly<Record<Phase, Style>> = {
  starting: "warn",
  playing: "good",
  settling: "warn",
  auditing: "warn",
  stopping: "warn",
};

/** Name, what is going on, and since when. */
export function header(model: ScreenModel, columns: number): Line[] {
  const doing: Line = model.doing === "" ? [] : [[` · ${harmless(model.doing)}`, "dim"]];
  const left: Line = [[" THIRD UMPIRE  ", "title"], [model.phase, PHASE_STYLE[model.phase]], ...doing];
  const right: Line = [[`for ${span(model.now - model.startedAt)}  ${clockTime(model.now)} `, "dim"]];
  return [spread(left, right, columns), [["─".repeat(columns), "dim"]]];
}

/** Where to look with a browser: a line a page, its address first so that a terminal can make a link of it. */
export function links(model: ScreenModel): Line[] {
  return (["page", "superset"] as const).flatMap((name): Line[] => {
    const link = model.links[name];
    if (link === undefined) return [];
    const label: Span = [` ${LINK_TITLES[name].padEnd(LINK_WIDTH)} `, "dim"];
    const address: Line = link.state === "up" ? [[link.url ?? "", "title"]] : [];
    const gap = link.state === "up" && link.text !== "" ? "  " : "";
    return [[label, ...address, [`${gap}${harmless(link.text)}`, LINK_STYLE[link.state]]]];
  });
}

const LINK_WIDTH = 9;
const LINK_STYLE: Readonly<Record<Link["state"], Style>> = { starting: "dim", up: "dim", failed: "warn" };

/** The matches that are on, the reason to look at the screen: a line a source, or two where there is room. */
export function live(model: ScreenModel, wide: boolean): Line[] {
  return model.sourceIds.flatMap((id): Line[] => {
    const match = model.loader?.live[SOURCES[id].rawTopic];
    const label: Span = [` ${id.padEnd(ID_WIDTH)} `, "dim"];
    if (match === undefined) return [[label, [waitingFor(model, id), "dim"]]];
    const line: Span = [harmless(match.line), "bold"];
    if (!wide) return [[label, line]];
    return [
      [label, [harmless(match.title), "dim"]],
      [[" ".repeat(ID_WIDTH + 2), "plain"], line],
    ];
  });
}

const ID_WIDTH = 4;

function waitingFor(model: ScreenModel, id: SourceId): string {
  if (model.feeds.has(id)) return "waiting for a ball to reach the warehouse";
  const { store, service } = SOURCES[id];
  return model.processes.some(({ name, state }) => name === service && state === "ready")
    ? "its source is being started"
    : `waiting for ${store}`;
}

/** A row a source: what was put there, how wrongly, what came out of it. A table where there is room, else a few words. */
export function sources(model: ScreenModel, columns: number): Line[] {
  const tables = [sourceTable(model, 2), sourceTable(model, 1)];
  return tables.find((table) => table.every((line) => width(line) <= columns)) ?? sourceWords(model);
}

const SOURCE_TITLES = ["match", "fed", "repeated", "wrong", "sent", "lag", "restarts"] as const;

function sourceTable(model: ScreenModel, gap: number): Line[] {
  const rows = model.sourceIds.map((id) => {
    const { match, fed, replays, wrongs, sent, lag, restarts, state } = sourceFigures(model, id);
    const cells = [match, count(fed), count(replays), count(wrongs), count(sent), lag, String(restarts)];
    return { id, cells, restarts, state };
  });
  const widths = SOURCE_TITLES.map(
    (title, column) => gap + Math.max(title.length, ...rows.map(({ cells }) => cells[column]?.length ?? 0)),
  );
  const pad = (text: string, column: number): string => text.padStart(widths[column] ?? 0);
  return [
    [[` SOURCE${SOURCE_TITLES.map(pad).join("")}  state`, "dim"]],
    ...rows.map(({ id, cells, restarts, state }): Line => [
      [` ${id.padEnd(6)}`, "bold"],
      [cells.slice(0, -1).map(pad).join(""), "plain"],
      [pad(String(restarts), cells.length - 1), restarts > 0 ? "warn" : "dim"],
      [`  ${state}`, SOURCE_STYLE[state] ?? "warn"],
    ]),
  ];
}

const SOURCE_STYLE: Readonly<Record<string, Style>> = { streaming: "good", retrying: "bad", stopped: "dim" };

function sourceWords(model: ScreenModel): Line[] {
  return model.sourceIds.map((id): Line => {
    const { match, fed, sent, lag, state } = sourceFigures(model, id);
    return [
      [` ${id.padEnd(ID_WIDTH)} `, "bold"],
      [`${state}, match ${match}, ${count(fed)} fed, ${count(sent)} sent, lag ${lag}`, "plain"],
    ];
  });
}

interface SourceFigures {
  readonly match: string;
  readonly fed: number;
  readonly replays: number;
  readonly wrongs: number;
  readonly sent: number;
  readonly lag: string;
  readonly restarts: number;
  readonly state: string;
}

function sourceFigures(model: ScreenModel, id: SourceId): SourceFigures {
  const feed = model.feeds.get(id);
  const source = model.sources.get(id);
  const process = model.processes.find(({ name }) => name === sourceProcess(id));
  const figures = feed === undefined ? NO_FIGURES : feedFigures(feed);
  return {
    match: feed === undefined ? "-" : `${feed.status.matchesDone}/${feed.status.matchesTotal}`,
    fed: figures.rowsInserted,
    replays: figures.replays,
    wrongs: figures.wrongs,
    sent: source === undefined ? 0 : sentEvents(source),
    lag: lagText(source?.status.lag ?? null),
    restarts: process?.restarts ?? 0,
    state: process === undefined ? "-" : process.state === "ready" ? (source?.status.state ?? "-") : process.state,
  };
}

/** Short: it stands in a column. */
function lagText(lag: SourceLag | null): string {
  if (lag === null) return "-";
  switch (lag.unit) {
    case "bytes":
      return bytes(lag.amount);
    case "seconds":
      return `${lag.amount < 10 ? lag.amount.toFixed(1) : Math.round(lag.amount)} s`;
    case "objects":
      return count(lag.amount);
  }
}

/** What was judged of all sources together: a table where there is room for it, else a few words. */
export function verdicts(model: ScreenModel, columns: number): Line[] {
  const counts = model.verdicts;
  const lag = processorLag(model);
  const judged = VERDICTS.filter((verdict) => counts[verdict] > 0);
  const words = judged.map((verdict) => `${count(counts[verdict])} ${verdict}`);
  const text = wrap(words.length === 0 ? ["none yet"] : words, columns - 10 - ` · ${count(lag)} to judge`.length);
  return text.map((line, index): Line => [
    [index === 0 ? " verdicts " : " ".repeat(10), "dim"],
    [line, counts.poison + counts.late > 0 && /poison|late/u.test(line) ? "warn" : "plain"],
    ...(index === text.length - 1 && lag > 0 ? ([[` · ${count(lag)} to judge`, "warn"]] satisfies Line) : []),
  ]);
}

/** Puts words on as few lines as they need. */
function wrap(words: readonly string[], columns: number): string[] {
  return words.reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    const longer = `${last ?? ""} · ${word}`;
    return last !== undefined && longer.length <= columns ? [...lines.slice(0, -1), longer] : [...lines, word];
  }, []);
}

/** How fast, how far: commits, warehouse, and how the feed misbehaved. */
export function progress(model: ScreenModel): Line[] {
  const commit = commitFigures(model);
  const ago = commit.lastAt === null ? "none yet" : `last ${span(Math.max(0, model.now - commit.lastAt))} ago`;
  const commits: Line = [
    [" commits  ", "dim"],
    [count(commit.commits), "plain"],
    [`, ${ago} · p50 ${ms(commit.p50)} · p99 ${ms(commit.p99)}`, "plain"],
    ...kills(model),
  ];
  return [commits, warehouse(model)];
}

function kills(model: ScreenModel): Line {
  const times = [...model.kills.values()].reduce((sum, more) => sum + more, 0);
  return times === 0 ? [] : [[` · ${times} ${times === 1 ? "kill" : "kills"}`, "warn"]];
}

function warehouse(model: ScreenModel): Line {
  const { loader } = model;
  if (loader === null)
    return [
      [" loader   ", "dim"],
      ["starting", "dim"],
    ];
  const lag = loader.lag === null ? "lag unknown" : `lag ${count(loader.lag)}`;
  const rest = `, ${lag} · ${count(loader.batches)} transactions · p50 ${ms(loader.batchMs.p50)} · p99 ${ms(loader.batchMs.p99)}`;
  const state: Line = loader.state === "retrying" ? [[` · ${harmless(loader.message)}`, "warn"]] : [];
  return [[" loaded   ", "dim"], [`${count(loadedRows(model))} rows`, "plain"], [rest, "plain"], ...state];
}

/** What just happened, newest last. */
export function news(model: ScreenModel, lines: number): Line[] {
  const style: Readonly<Record<News["tone"], Style>> = { good: "good", warn: "warn", bad: "bad", plain: "plain" };
  if (lines <= 0) return [];
  return model.news.slice(-lines).map((item): Line => [
    [` ${clockTime(item.at)}  `, "dim"],
    [harmless(item.text), style[item.tone]],
  ]);
}

export function footer(model: ScreenModel, columns: number): Line[] {
  const keys =
    model.phase === "stopping" ? "stopping in order; Ctrl-C again ends at once" : "Ctrl-C stops everything cleanly";
  return [[["─".repeat(columns), "dim"]], spread([[` ${keys}`, "dim"]], [[`logs: ${model.logDir} `, "dim"]], columns)];
}

/** HH:MM:SS in the viewer's time zone. */
function clockTime(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
