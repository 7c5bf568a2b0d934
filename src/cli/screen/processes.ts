import type { ProcessStatus } from "../../local/supervisor.ts";
import { span } from "../output.ts";
import { SOURCE_IDS, sourceProcess } from "../play/sources.ts";
import type { ScreenModel } from "./model.ts";
import { harmless, type Line, type Style } from "./spans.ts";

const STATE_STYLE: Readonly<Record<ProcessStatus["state"], Style>> = {
  starting: "warn",
  ready: "good",
  "backing-off": "warn",
  stopped: "dim",
  failed: "bad",
};

/**
 * Every process with what a person needs to kill it. With `columns`, two a line in that many columns, without the words
 * that a row of its own has room for.
 */
export function processes(model: ScreenModel, columns: number | null): Line[] {
  const nameWidth = Math.max(11, ...model.processes.map((process) => process.name.length));
  if (columns !== null && columns >= 2 * (nameWidth + SHORT_WIDTH)) return pairs(model, nameWidth);
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

/** Columns that a short row takes beside the name. */
const SHORT_WIDTH = 29;

/** The first half of the processes to the left, the second to the right. */
function pairs(model: ScreenModel, nameWidth: number): Line[] {
  const short = (process: ProcessStatus): Line => [
    [` ${process.name.padEnd(nameWidth)}${String(process.pid ?? "").padStart(8)} `, "plain"],
    [process.state.padEnd(11), STATE_STYLE[process.state]],
    [String(process.restarts).padStart(8), process.restarts > 0 ? "warn" : "dim"],
  ];
  const title = ` ${"PROCESS".padEnd(nameWidth)}${"pid".padStart(8)} ${"state".padEnd(11)}${"restarts".padStart(8)}`;
  const half = Math.ceil(model.processes.length / 2);
  const rows = model.processes.slice(0, half).map((process, index): Line => {
    const other = model.processes[half + index];
    return other === undefined ? short(process) : [...short(process), ...short(other)];
  });
  return [[[half < model.processes.length ? `${title}${title}` : title, "dim"]], ...rows];
}

/** What a process says of itself, where that adds something to "ready". */
function processNote(model: ScreenModel, process: ProcessStatus): string {
  if (process.state !== "ready") return "";
  const processor = model.processors.get(process.name);
  if (processor !== undefined) return `${processor.state}, partitions ${processor.partitions.join(" ") || "none"}`;
  const id = SOURCE_IDS.find((candidate) => sourceProcess(candidate) === process.name);
  const source = id === undefined ? undefined : model.sources.get(id);
  if (source === undefined) return "";
  const { state, positionText, epoch } = source.status;
  return `${state === "streaming" ? "at" : `${state},`} ${harmless(positionText)}, epoch ${epoch}`;
}
