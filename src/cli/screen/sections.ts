import { totalCount, type Verdict, VERDICTS } from "../../domain/review/verdict.ts";
import type { ProcessStatus } from "../../local/supervisor.ts";
import { count, span } from "../output.ts";
import { commitFigures, processorLag, loadedRows } from "./figures.ts";
import { feedFigures, type News, type Phase, type ScreenModel } from "./model.ts";
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

/** The match that is on: the reason to look at the screen. */
export function live(model: ScreenModel): Line[] {
  const match = model.loader?.live;
  if (match === undefined || match === null) return [[[" waiting for a ball to reach the warehouse", "dim"]], []];
  return [[[` ${harmless(match.title)}`, "dim"]], [[` ${harmless(match.line)}`, "bold"]]];
}

/** Records and verdicts of each source: a table where there is room for it, else a few words. */
export function sources(model: ScreenModel, columns: number): Line[] {
  if (model.sources.size === 0) return [[[" no source has reported yet", "dim"]], []];
  const table = verdictTable(model);
  return table.every((line) => width(line) <= columns) ? table : verdictWords(model, columns);
}

function verdictTable(model: ScreenModel): Line[] {
  const counts = model.verdicts;
  const lag = processorLag(model);
  const widths = VERDICTS.map((verdict) => Math.max(verdict.length, count(counts[verdict]).length) + 2);
  const records = count(totalCount(counts) + lag);
  const recordsWidth = Math.max(7, records.length) + 2;
  const lagWidth = Math.max(4, count(lag).length) + 2;
  const titles = VERDICTS.map((verdict, index) => verdict.padStart(widths[index] ?? 0)).join("");
  const head: Line = [
    [` ${"SOURCE".padEnd(6)}${"records".padStart(recordsWidth)}${titles}${"lag".padStart(lagWidth)}`, "dim"],
  ];
  const rows = [...model.sources.values()].map(({ id, status }): Line => [
    [` ${harmless(id).slice(0, 6).padEnd(6)}`, status.state === "retrying" ? "warn" : "bold"],
    [records.padStart(recordsWidth), "plain"],
    ...VERDICTS.map((verdict, index): Span => [
      count(counts[verdict]).padStart(widths[index] ?? 0),
      verdictStyle(verdict, counts[verdict]),
    ]),
    [count(lag).padStart(lagWidth), lag > 0 ? "warn" : "dim"],
  ]);
  return [head, ...rows];
}

function verdictWords(model: ScreenModel, columns: number): Line[] {
  const counts = model.verdicts;
  const lag = processorLag(model);
  const ids = [...model.sources.values()].map(({ id }) => harmless(id)).join(", ");
  const judged = VERDICTS.filter((verdict) => counts[verdict] > 0).map(
    (verdict) => `${count(counts[verdict])} ${verdict}`,
  );
  return [
    [
      [` ${ids}`, "bold"],
      [` ${count(totalCount(counts) + lag)} records, lag `, "plain"],
      [count(lag), lag > 0 ? "warn" : "plain"],
    ],
    ...wrap(judged, columns - 2).map((text): Line => [[` ${text}`, "plain"]]),
  ];
}

/** Puts words on as few lines as they need. */
function wrap(words: readonly string[], columns: number): string[] {
  return words.reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    const longer = `${last ?? ""} · ${word}`;
    return last !== undefined && longer.length <= columns ? [...lines.slice(0, -1), longer] : [...lines, word];
  }, []);
}

function verdictStyle(verdict: Verdict, value: number): Style {
  if (value === 0) return "dim";
  return verdict === "poison" || verdict === "late" ? "warn" : "plain";
}

/** How fast, how far: commits, warehouse, and how the feed misbehaved. */
export function progress(model: ScreenModel): Line[] {
  const commit = commitFigures(model);
  const ago = commit.lastAt === null ? "none yet" : `last ${span(Math.max(0, model.now - commit.lastAt))} ago`;
  const commits: Line = [
    [" commits  ", "dim"],
    [count(commit.commits), "plain"],
    [`, ${ago} · p50 ${ms(commit.p50)} · p99 ${ms(commit.p99)}`, "plain"],
  ];
  return [commits, warehouse(model), ...feed(model)];
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

function feed(model: ScreenModel): Line[] {
  const kills = [...model.kills.values()].reduce((sum, times) => sum + times, 0);
  const killed: Line = kills === 0 ? [] : [[` · ${kills} ${kills === 1 ? "kill" : "kills"}`, "warn"]];
  if (model.feed === null) return [];
  const { status } = model.feed;
  const { rowsInserted, replays, wrongs } = feedFigures(model.feed);
  return [
    [
      [" feed     ", "dim"],
      [`${count(rowsInserted)} rows, match ${status.matchesDone}/${status.matchesTotal}`, "plain"],
      [` · ${count(replays)} repeated, ${count(wrongs)} wrong`, replays + wrongs > 0 ? "warn" : "dim"],
      ...killed,
    ],
  ];
}

const STATE_STYLE: Readonly<Record<ProcessStatus["state"], Style>> = {
  starting: "warn",
  ready: "good",
  "backing-off": "warn",
  stopped: "dim",
  failed: "bad",
};

/** Every process with what a person needs to kill it. */
export function processes(model: ScreenModel): Line[] {
  const nameWidth = Math.max(11, ...model.processes.map((process) => process.name.length));
  const head = ` ${"PROCESS".padEnd(nameWidth)} ${"pid".padStart(8)}  ${"state".padEnd(11)} ${"restarts".padStart(8)} ${"up".padStart(8)}`;
  const rows = model.processes.map((process): Line => {
    const up =
      process.pid === null || process.startedAt === null ? "" : span(Math.max(0, model.now - process.startedAt));
    const note = processNote(model, process);
    return [
      [` ${process.name.padEnd(nameWidth)} ${String(process.pid ?? "").padStart(8)}  `, "plain"],
      [process.state.padEnd(11), STATE_STYLE[process.state]],
      [` ${String(process.restarts).padStart(8)}`, process.restarts > 0 ? "warn" : "dim"],
      [` ${up.padStart(8)}`, "dim"],
      ...(note === "" ? [] : ([[`  ${note}`, "dim"]] satisfies Line)),
    ];
  });
  return [[[head, "dim"]], ...rows];
}

/** What a process says of itself, where that adds something to "ready". */
function processNote(model: ScreenModel, process: ProcessStatus): string {
  if (process.state !== "ready") return "";
  const processor = model.processors.get(process.name);
  if (processor !== undefined) return `${processor.state}, partitions ${processor.partitions.join(" ") || "none"}`;
  const source = model.sources.get(process.name);
  if (source === undefined) return "";
  const { state, positionText, epoch } = source.status;
  return `${state === "streaming" ? "at" : `${state},`} ${harmless(positionText)}, epoch ${epoch}`;
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
