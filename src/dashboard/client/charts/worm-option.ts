import type { MatchView, WormPoint } from "../../api.ts";
import { inningsName } from "../view/words.ts";
import { type Palette, seriesColour } from "./palette.ts";

export interface WormLine {
  readonly number: number;
  readonly name: string;
  readonly total: string;
  readonly unit: "over" | "ball";
  /** `at` on an axis of overs, or of balls where the file format cannot count overs. */
  readonly points: readonly {
    readonly at: number;
    readonly runs: number;
    readonly wickets: number;
    readonly isWicket: boolean;
  }[];
}

/** The lines that are drawn, one an innings that has a ball: each begins at 0 runs. */
export function wormLines(view: MatchView): readonly WormLine[] {
  const isInOvers = view.innings.every(({ worm }) => worm.every(([, , , , overs]) => overs !== null));
  return view.innings
    .filter(({ worm }) => worm.length > 0)
    .map(({ number, team, card, worm, total }) => ({
      number,
      name: inningsName({ number, team, superOver: card.super_over }, view.match.scores),
      total,
      unit: isInOvers ? "over" : "ball",
      points: [
        { at: 0, runs: 0, wickets: 0, isWicket: false },
        ...worm.map((point) => ({
          at: placeOf(point, isInOvers),
          runs: point[1],
          wickets: point[2],
          isWicket: point[3] === 1,
        })),
      ],
    }));
}

function placeOf([ball, , , , overs]: WormPoint, isInOvers: boolean): number {
  return isInOvers && overs !== null ? overs : ball;
}

/** Beside the colour: no line depends on it alone. */
const DASHES: readonly (string | readonly number[])[] = ["solid", [7, 4], [2, 3], [10, 3, 2, 3]];

/** Options of ECharts for the worm. */
export function wormOption(view: MatchView, palette: Palette, isNarrow: boolean): object {
  const lines = wormLines(view);
  const isInOvers = lines[0]?.unit !== "ball";
  const longest = Math.max(0, ...lines.flatMap(({ points }) => points.at(-1)?.at ?? 0));
  const most =
    isInOvers && view.overs !== null && lines.every(({ points }) => (points.at(-1)?.at ?? 0) <= (view.overs ?? 0));
  return {
    animationDuration: 300,
    animationDurationUpdate: 300,
    grid: { left: 8, right: isNarrow ? 10 : 16, top: 10, bottom: 4, containLabel: true },
    textStyle: { fontFamily: palette.font },
    tooltip: tooltip(palette, lines),
    xAxis: {
      type: "value",
      min: 0,
      max: most ? view.overs : Math.max(longest, isInOvers ? 5 : 30),
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: {
        color: palette.muted,
        fontSize: 12,
        formatter: (at: number) => String(Math.round(at)),
        hideOverlap: true,
      },
      minInterval: 1,
    },
    yAxis: {
      type: "value",
      min: 0,
      minInterval: 1,
      axisLabel: { color: palette.muted, fontSize: 12 },
      splitLine: { lineStyle: { color: palette.line } },
    },
    series: [...lines.map((line) => series(line, palette)), ...targetLine(view, palette)],
  };
}

function series(line: WormLine, palette: Palette): object {
  const colour = seriesColour(palette, line.number);
  return {
    id: `innings ${line.number}`,
    name: line.name,
    type: "line",
    color: colour,
    lineStyle: { width: 2.25, type: DASHES[(line.number - 1) % DASHES.length], cap: "round" },
    showAllSymbol: true,
    emphasis: { disabled: true },
    data: line.points.map(({ at, runs, isWicket }) => ({
      value: [at, runs],
      symbol: isWicket ? "circle" : "none",
      symbolSize: 8,
      itemStyle: { color: colour, borderColor: palette.surface, borderWidth: 1.5 },
    })),
  };
}

/** Where the chase is heading from its beginning: on this line it gets there with the last ball. */
function targetLine({ chase, overs }: MatchView, palette: Palette): readonly object[] {
  if (chase?.rateAtStart == null || overs === null) return [];
  const end = chase.target / chase.rateAtStart;
  return [
    {
      id: "target",
      name: "Target",
      type: "line",
      color: palette.muted,
      lineStyle: { width: 1, type: [3, 4] },
      symbol: "none",
      silent: true,
      emphasis: { disabled: true },
      data: [
        [0, 0],
        [end, chase.target],
      ],
    },
  ];
}

interface Hovered {
  readonly seriesId?: string;
  readonly axisValue?: number;
}

/** As text on the canvas: one of HTML has inline styles, which the content policy forbids. */
function tooltip(palette: Palette, lines: readonly WormLine[]): object {
  return {
    trigger: "axis",
    renderMode: "richText",
    confine: true,
    transitionDuration: 0,
    backgroundColor: palette.surface,
    borderColor: palette.line,
    textStyle: { color: palette.ink, fontSize: 13, fontFamily: palette.font },
    axisPointer: { type: "line", lineStyle: { color: palette.muted, width: 1 }, label: { show: false } },
    formatter: (hovered: readonly Hovered[]) => {
      const at = hovered[0]?.axisValue ?? 0;
      const rows = lines.flatMap((line) => {
        const point = line.points.findLast((candidate) => candidate.at <= at + 1e-9);
        return point === undefined ? [] : [`${line.name}  ${point.runs}/${point.wickets}`];
      });
      const unit = lines[0]?.unit === "ball" ? "Ball" : "Over";
      return [`${unit} ${Math.round(at * 10) / 10}`, ...rows].join("\n");
    },
  };
}
