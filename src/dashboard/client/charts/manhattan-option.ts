import type { InningsView, ManhattanOver } from "../../api.ts";
import { type Palette, seriesColour } from "./palette.ts";

/** Wickets that are drawn above a bar at most: more fall in no over that anybody remembers. */
const WICKETS_MAX = 6;

/** Options of ECharts for the Manhattan of one innings. `oversMax`: how many an innings may have, null when unlimited. */
export function manhattanOption(
  innings: InningsView | undefined,
  oversMax: number | null,
  palette: Palette,
  isNarrow: boolean,
): object {
  const overs = innings?.manhattan ?? [];
  const played = overs.at(-1)?.[0] ?? 0;
  const places = Math.max(oversMax ?? 20, played);
  const runs = new Map(overs.map(([over, scored]) => [over, scored]));
  const most = Math.max(12, ...runs.values());
  const colour = seriesColour(palette, innings?.number ?? 1);
  return {
    animationDuration: 300,
    animationDurationUpdate: 300,
    grid: { left: 8, right: isNarrow ? 6 : 10, top: 10, bottom: 4, containLabel: true },
    textStyle: { fontFamily: palette.font },
    tooltip: tooltip(palette, overs),
    xAxis: {
      type: "category",
      data: Array.from({ length: places }, (_, at) => String(at + 1)),
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      axisLabel: {
        color: palette.muted,
        fontSize: 12,
        hideOverlap: true,
        interval: (at: number) => (at + 1) % labelStep(places) === 0,
      },
    },
    yAxis: {
      type: "value",
      min: 0,
      max: Math.ceil((most + 2) / 5) * 5,
      interval: most > 30 ? 10 : 5,
      minInterval: 1,
      axisLabel: { color: palette.muted, fontSize: 12 },
      splitLine: { lineStyle: { color: palette.line } },
    },
    series: [
      {
        id: "runs",
        type: "bar",
        color: colour,
        barCategoryGap: places > 60 ? "10%" : "28%",
        itemStyle: { borderRadius: [2, 2, 0, 0] },
        emphasis: { disabled: true },
        data: Array.from({ length: places }, (_, at) => runs.get(at + 1) ?? null),
      },
      {
        id: "wickets",
        type: "line",
        lineStyle: { width: 0, opacity: 0 },
        symbol: "circle",
        symbolSize: places > 60 ? 5 : 7,
        showAllSymbol: true,
        silent: true,
        emphasis: { disabled: true },
        itemStyle: { color: palette.wicket, borderColor: palette.surface, borderWidth: 1 },
        data: wicketDots(overs, most),
      },
    ],
  };
}

function labelStep(places: number): number {
  return places <= 25 ? 5 : places <= 60 ? 10 : 20;
}

/** One above the other, from just above the bar. */
function wicketDots(overs: readonly ManhattanOver[], most: number): readonly (readonly [string, number])[] {
  const gap = Math.max(1, most / 16);
  return overs.flatMap(([over, runs, wickets]) =>
    Array.from({ length: Math.min(wickets, WICKETS_MAX) }, (_, nth): readonly [string, number] => [
      String(over),
      runs + gap * (nth + 0.8),
    ]),
  );
}

function tooltip(palette: Palette, overs: readonly ManhattanOver[]): object {
  return {
    trigger: "axis",
    renderMode: "richText",
    confine: true,
    transitionDuration: 0,
    backgroundColor: palette.surface,
    borderColor: palette.line,
    textStyle: { color: palette.ink, fontSize: 13, fontFamily: palette.font },
    axisPointer: { type: "line", lineStyle: { color: palette.muted, width: 1 }, label: { show: false } },
    formatter: (hovered: readonly { readonly axisValue?: string }[]) => {
      const place = Number(hovered[0]?.axisValue ?? 0);
      const over = overs.find(([number]) => number === place);
      if (over === undefined) return `Over ${place}`;
      const wickets = over[2] === 0 ? "" : `, ${over[2]} ${over[2] === 1 ? "wicket" : "wickets"}`;
      return `Over ${place}: ${over[1]} ${over[1] === 1 ? "run" : "runs"}${wickets}`;
    },
  };
}
