/** The query behind a chart, independent of how it is drawn: Superset sends the same one, and the tests check its rows. */
import type { Chart, Dataset, Metric } from "./describe.ts";

export interface ChartQuery {
  readonly dimensions: readonly string[];
  readonly metrics: readonly Metric[];
  readonly where: readonly string[];
  readonly having: readonly string[];
  /** Column or metric names. */
  readonly orderBy: readonly (readonly [name: string, direction: "asc" | "desc"])[];
  readonly limit: number;
}

/** More than any innings has balls or overs: a chart that is cut off would look whole. */
const EVERYTHING = 50_000;

export function chartQuery(chart: Chart, dataset: Dataset): ChartQuery {
  const metric = (name: string): Metric => {
    const found = dataset.metrics.find((each) => each.name === name);
    if (found === undefined) throw new RangeError(`dataset ${dataset.name} has no metric ${name}`);
    return found;
  };
  const conditions = { where: chart.where ?? [], having: chart.having ?? [] };
  switch (chart.kind) {
    case "number":
      return { ...conditions, dimensions: [], metrics: [metric(chart.metric)], orderBy: [], limit: 1 };
    case "rows":
      return { ...conditions, dimensions: chart.columns, metrics: [], orderBy: chart.orderBy, limit: chart.limit };
    case "leaders":
      return {
        ...conditions,
        dimensions: chart.by,
        metrics: chart.metrics.map(metric),
        orderBy: [[chart.orderBy, chart.direction ?? "desc"]],
        limit: chart.limit,
      };
    case "lines":
    case "bars":
    case "stacks":
      return {
        ...conditions,
        dimensions: [chart.x, ...(chart.series === undefined ? [] : [chart.series])],
        metrics: chart.metrics.map(metric),
        orderBy: [],
        limit: EVERYTHING,
      };
    case "bubbles":
      return {
        ...conditions,
        dimensions: [chart.entity, chart.series],
        metrics: [chart.x, chart.y, chart.size].map(metric),
        orderBy: [[chart.size, "desc"]],
        limit: chart.limit,
      };
  }
}

/** The query as one statement over the warehouse. `filters` are further conditions over columns, as a dashboard adds them. */
export function chartSql(chart: Chart, dataset: Dataset, filters: readonly string[] = []): string {
  const { dimensions, metrics, where, having, orderBy, limit } = chartQuery(chart, dataset);
  const selected = [...dimensions.map((name) => `"${name}"`), ...metrics.map(({ name, sql }) => `${sql} AS "${name}"`)];
  const clause = (word: string, parts: readonly string[], glue: string): string[] =>
    parts.length === 0 ? [] : [`${word} ${parts.join(glue)}`];
  const conditions = (parts: readonly string[]): string[] => parts.map((part) => `(${part})`);
  const order = orderBy.map(([name, direction]) => `"${name}" ${direction.toUpperCase()}`);
  return [
    `SELECT ${selected.join(", ")}`,
    `FROM (${dataset.sql}) AS d`,
    ...clause("WHERE", conditions([...where, ...filters]), " AND "),
    ...(metrics.length === 0
      ? []
      : clause(
          "GROUP BY",
          dimensions.map((name) => `"${name}"`),
          ", ",
        )),
    ...clause("HAVING", conditions(having), " AND "),
    ...clause("ORDER BY", order, ", "),
    `LIMIT ${limit}`,
  ].join("\n");
}
