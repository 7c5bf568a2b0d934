/** The parts of ECharts that the charts use, in a file of their own: scoreboards do not wait for it. */
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

/** Draws on canvas: an SVG of ECharts brings style elements, which the content policy forbids. */
export function drawOn(element: HTMLElement): EChartsType {
  return init(element, null, { renderer: "canvas" });
}
