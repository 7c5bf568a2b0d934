/** Charts in Superset's own words: `viz_type` and the form that its chart editor fills in. */
import type { Chart, Dataset } from "./describe.ts";
import { chartQuery } from "./query.ts";

type Form = Readonly<Record<string, unknown>>;

export function chartForm(chart: Chart, dataset: Dataset): Form {
  const query = chartQuery(chart, dataset);
  const common = {
    viz_type: vizType(chart),
    adhoc_filters: [
      ...query.where.map((sql) => condition("WHERE", sql)),
      ...query.having.map((sql) => condition("HAVING", sql)),
    ],
    row_limit: query.limit,
    extra_form_data: {},
  };
  return { ...common, ...ownForm(chart, dataset) };
}

function vizType({ kind }: Chart): string {
  switch (kind) {
    case "number":
      return "big_number_total";
    case "rows":
    case "leaders":
      return "table";
    case "lines":
      return "echarts_timeseries_line";
    case "bars":
    case "stacks":
      return "echarts_timeseries_bar";
    case "bubbles":
      return "bubble_v2";
  }
}

function ownForm(chart: Chart, dataset: Dataset): Form {
  switch (chart.kind) {
    case "number":
      return {
        metric: chart.metric,
        ...(chart.format === undefined ? {} : { y_axis_format: chart.format }),
        subtitle: chart.subtitle ?? "",
        header_font_size: 0.4,
        subtitle_font_size: 0.15,
        show_metric_name: false,
      };
    case "rows":
      return {
        query_mode: "raw",
        all_columns: chart.columns,
        order_by_cols: chart.orderBy.map(([column, direction]) => JSON.stringify([column, direction === "asc"])),
        ...tableLook(chart.columns, chart.bars ?? []),
      };
    case "leaders":
      return {
        query_mode: "aggregate",
        groupby: chart.by,
        metrics: chart.metrics,
        timeseries_limit_metric: chart.orderBy,
        order_desc: (chart.direction ?? "desc") === "desc",
        ...tableLook(chart.metrics, [chart.orderBy]),
      };
    case "lines":
    case "bars":
    case "stacks":
      return seriesForm(chart);
    case "bubbles":
      return {
        entity: chart.entity,
        series: chart.series,
        x: chart.x,
        y: chart.y,
        size: chart.size,
        // Not the metric's name: the chart reads a text as JSON.
        orderby: metricForm(chart.size, dataset),
        order_desc: true,
        max_bubble_size: "25",
        tooltipSizeFormat: ",d",
        opacity: 0.6,
        color_scheme: "supersetColors",
        show_legend: false,
        x_axis_label: "Average",
        x_axis_title_margin: 30,
        xAxisFormat: ".0f",
        y_axis_label: "Strike rate",
        y_axis_title_margin: 40,
        y_axis_format: ".0f",
        truncateXAxis: false,
        truncateYAxis: false,
      };
  }
}

function seriesForm(chart: Chart & { kind: "lines" | "bars" | "stacks" }): Form {
  const isTime = chart.x === "minute";
  return {
    x_axis: chart.x,
    ...(isTime
      ? { time_grain_sqla: "PT1M", x_axis_time_format: "%H:%M" }
      : { xAxisForceCategorical: true, x_axis_sort: chart.x }),
    x_axis_sort_asc: true,
    metrics: chart.metrics,
    groupby: chart.series === undefined ? [] : [chart.series],
    order_desc: true,
    truncate_metric: true,
    show_empty_columns: true,
    comparison_type: "values",
    sort_series_type: "name",
    sort_series_ascending: true,
    color_scheme: "supersetColors",
    show_legend: true,
    legendType: "scroll",
    legendOrientation: "top",
    ...(chart.x === "phase" ? { xAxisLabelInterval: "0" } : {}),
    x_axis_title: chart.xTitle,
    x_axis_title_margin: 30,
    y_axis_title: chart.yTitle,
    y_axis_title_margin: 50,
    y_axis_title_position: "Left",
    y_axis_format: chart.format ?? ",d",
    truncateYAxis: false,
    rich_tooltip: true,
    ...(chart.kind === "lines"
      ? { seriesType: "line", opacity: 0.2, markerEnabled: false }
      : { orientation: "vertical" }),
    ...(chart.kind === "stacks" ? { stack: "Stack" } : {}),
  };
}

function tableLook(columns: readonly string[], bars: readonly string[]): Form {
  return {
    table_timestamp_format: "%H:%M:%S",
    server_pagination: false,
    page_length: 0,
    show_cell_bars: bars.length > 0,
    column_config: Object.fromEntries(columns.map((name) => [name, { showCellBars: bars.includes(name) }])),
    color_pn: false,
    align_pn: false,
    allow_rearrange_columns: false,
    conditional_formatting: [],
  };
}

function metricForm(name: string, dataset: Dataset): Form {
  const metric = dataset.metrics.find((each) => each.name === name);
  return { expressionType: "SQL", sqlExpression: metric?.sql, label: metric?.label, hasCustomLabel: true };
}

function condition(clause: "WHERE" | "HAVING", sqlExpression: string): Form {
  return { clause, expressionType: "SQL", sqlExpression, filterOptionName: `${clause.toLowerCase()} ${sqlExpression}` };
}
