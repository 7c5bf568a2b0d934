import { totalCount } from "../../../domain/review/verdict.ts";
import type { Health, MatchFormat, PipelineView, ProcessorState, VerdictCounts } from "../../api.ts";
import { FORMATS } from "../state/model.ts";
import { count, counted, FORMAT_NAMES } from "./words.ts";

/** A part of the pipeline, in units of a drawing that is 400 wide. */
export interface Box {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly lines: readonly string[];
  /** null: not known, and no lamp. */
  readonly health: Health | null;
}

export interface Flow {
  readonly id: string;
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
  /** null: not known. */
  readonly value: number | null;
  readonly unit: string;
  readonly note: string;
}

const STORES: Readonly<Record<MatchFormat, string>> = { t20i: "MongoDB", odi: "Postgres", test: "Object store" };

export interface Drawing {
  readonly boxes: readonly Box[];
  readonly flows: readonly Flow[];
}

/** What is drawn, and where. Pure, so that the numbers can be compared without a browser. */
export function pipelineDrawing(pipeline: PipelineView | null, counts: VerdictCounts | null): Drawing {
  return {
    boxes: [
      ...FORMATS.map((format, place) => sourceBox(pipeline, format, place)),
      { id: "kafka", ...MIDDLE, y: 112, title: "Kafka", lines: [KAFKA_WORDS], health: serverHealth(pipeline, "kafka") },
      processorBox(pipeline?.processors ?? null),
      loaderBox(pipeline?.loader ?? null),
      warehouseBox(pipeline?.warehouse ?? null),
    ],
    flows: [...FORMATS.map((format, place) => sourceFlow(pipeline, format, place)), ...wayDown(pipeline, counts)],
  };
}

/** From Kafka through processors and loader to the warehouse. */
function wayDown(pipeline: PipelineView | null, counts: VerdictCounts | null): readonly Flow[] {
  const waiting = pipeline?.processors?.reduce((sum, { lag }) => sum + lag, 0) ?? null;
  const arrow = (y: number): Pick<Flow, "from" | "to"> => ({ from: { x: 110, y }, to: { x: 110, y: y + 34 } });
  return [
    {
      id: "judged",
      ...arrow(156),
      value: counts === null ? null : totalCount(counts),
      unit: "judged",
      note: lagNote(waiting),
    },
    {
      id: "loaded",
      ...arrow(234),
      value: pipeline?.loader.rows ?? null,
      unit: "loaded",
      note: lagNote(pipeline?.loader.lag ?? null),
    },
    {
      id: "stored",
      ...arrow(312),
      value: pipeline?.warehouse.deliveries ?? null,
      unit: "balls on the board",
      note: "",
    },
  ];
}

function loaderBox(loader: PipelineView["loader"] | null): Box {
  const words = loader === null ? "" : loaderWords(loader);
  return { id: "loader", ...MIDDLE, y: 268, title: "Loader", lines: [words], health: loader?.health ?? null };
}

function warehouseBox(warehouse: PipelineView["warehouse"] | null): Box {
  const words = warehouse === null ? "" : `DuckDB · ${counted(warehouse.matches, "match")}`;
  return { id: "warehouse", ...MIDDLE, y: 346, title: "Warehouse", lines: [words], health: null };
}

const KAFKA_WORDS = "one transaction: events, verdicts and positions";
const MIDDLE = { x: 2, width: 396, height: 44 } as const;
const SOURCE = { width: 126, step: 135 } as const;

function sourceBox(pipeline: PipelineView | null, format: MatchFormat, place: number): Box {
  const source = pipeline?.sources.find(({ id }) => id === format);
  const fed = source?.fed == null ? [] : [`${count(source.fed)} rows`];
  const repeated = source?.repeated == null || source.repeated === 0 ? "" : `${count(source.repeated)} repeated`;
  const state = source === undefined ? "" : source.health === "working" ? repeated : (source.state ?? "");
  return {
    id: format,
    x: 2 + place * SOURCE.step,
    y: 2,
    width: SOURCE.width,
    height: 62,
    title: STORES[format],
    lines: [[FORMAT_NAMES[format], ...fed].join(" · "), state],
    health: source?.health ?? null,
  };
}

function sourceFlow(pipeline: PipelineView | null, format: MatchFormat, place: number): Flow {
  const source = pipeline?.sources.find(({ id }) => id === format);
  const x = 2 + place * SOURCE.step + 24;
  const judged = source === undefined ? null : totalCount(source.verdicts);
  return {
    id: `from-${format}`,
    from: { x, y: 64 },
    to: { x, y: 112 },
    value: source?.events ?? judged,
    unit: source?.events == null ? "records" : "events",
    note: "",
  };
}

function processorBox(processors: readonly ProcessorState[] | null): Box {
  const base = { id: "processors", ...MIDDLE, y: 190 } as const;
  if (processors === null)
    return { ...base, title: "Processors", lines: ["one verdict for every record"], health: null };
  const states = [...new Set(processors.map(({ state }) => state))].join(", ");
  const commit = Math.max(0, ...processors.map(({ commitMs }) => commitMs.p50));
  return {
    ...base,
    title: processors.length === 1 ? "Processor" : `${processors.length} processors`,
    lines: [
      [states, commit === 0 ? "" : `commit in ${Math.round(commit)} ms`].filter((word) => word !== "").join(" · "),
    ],
    health: worst(processors.map(({ health }) => health)),
  };
}

function loaderWords(loader: PipelineView["loader"]): string {
  return [loader.state, loader.batchMs.p50 === 0 ? "" : `transaction in ${Math.round(loader.batchMs.p50)} ms`]
    .filter((word) => word !== "")
    .join(" · ");
}

function lagNote(lag: number | null): string {
  return lag === null ? "" : lag === 0 ? "none waiting" : `${count(lag)} waiting`;
}

function serverHealth(pipeline: PipelineView | null, name: string): Health | null {
  return pipeline?.processes?.find((process) => process.name === name)?.health ?? null;
}

function worst(healths: readonly Health[]): Health | null {
  return (["down", "waiting", "working"] as const).find((health) => healths.includes(health)) ?? null;
}
