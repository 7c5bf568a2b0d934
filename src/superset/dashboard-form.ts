/** Dashboards in Superset's own words: a tree of positions on a grid of 12 columns, and metadata with the native filters. */
import type { Dashboard, Filter } from "./describe.ts";
import { uuidOf } from "./uuid.ts";

type Form = Readonly<Record<string, unknown>>;

const COLOR_SCHEME = "supersetColors";
/** The colours of that scheme in Superset 6.1, in order. */
const COLORS = [
  ...["#1FA8C9", "#454E7C", "#5AC189", "#FF7F44", "#666666", "#E04355", "#FCC700", "#A868B7", "#3CCCCB", "#A38F79"],
  ...["#8FD3E4", "#A1A6BD", "#ACE1C4", "#FEC0A1", "#B2B2B2", "#EFA1AA", "#FDE380", "#D3B3DA", "#9EE5E5", "#D1C6BC"],
];

/** Seconds between two questions of an open page. */
const REFRESH_SECONDS = 10;

/** `chartIds` are those of the bundle only: the import puts the real ones in their place. */
export function positions(
  dashboard: Dashboard,
  all: readonly Dashboard[],
  chartIds: ReadonlyMap<string, number>,
): Form {
  const rows = dashboard.rows.map((row, index) => ({ row, id: `${"heading" in row ? "HEADER" : "ROW"}-${index + 1}` }));
  const parents = ["ROOT_ID", "GRID_ID"];
  const parts: Record<string, unknown> = {
    DASHBOARD_VERSION_KEY: "v2",
    ROOT_ID: { children: ["GRID_ID"], id: "ROOT_ID", type: "ROOT" },
    GRID_ID: {
      children: ["ROW-links", ...rows.map(({ id }) => id)],
      id: "GRID_ID",
      parents: ["ROOT_ID"],
      type: "GRID",
    },
    HEADER_ID: { id: "HEADER_ID", meta: { text: dashboard.title }, type: "HEADER" },
  };
  const text = { background: "BACKGROUND_TRANSPARENT" };
  parts["ROW-links"] = { children: ["MARKDOWN-links"], id: "ROW-links", meta: text, parents, type: "ROW" };
  parts["MARKDOWN-links"] = {
    children: [],
    id: "MARKDOWN-links",
    meta: { code: links(dashboard, all), height: 6, width: 12 },
    parents: [...parents, "ROW-links"],
    type: "MARKDOWN",
  };
  for (const { row, id } of rows) {
    if ("heading" in row) {
      const meta = { background: "BACKGROUND_TRANSPARENT", headerSize: "MEDIUM_HEADER", text: row.heading };
      parts[id] = { children: [], id, meta, parents, type: "HEADER" };
      continue;
    }
    const children = row.charts.map(([name]) => `CHART-${uuidOf("chart", name)}`);
    parts[id] = { children, id, meta: { background: "BACKGROUND_TRANSPARENT" }, parents, type: "ROW" };
    for (const [name, width] of row.charts) {
      const uuid = uuidOf("chart", name);
      parts[`CHART-${uuid}`] = {
        children: [],
        id: `CHART-${uuid}`,
        meta: { chartId: chartIds.get(name), height: row.height, sliceName: name, uuid, width },
        parents: [...parents, id],
        type: "CHART",
      };
    }
  }
  return parts;
}

/** Visitors have no list of dashboards to come from. */
function links(dashboard: Dashboard, all: readonly Dashboard[]): string {
  const names = all.map(({ title, slug }) =>
    slug === dashboard.slug ? `**${title}**` : `[${title}](/superset/dashboard/${slug}/)`,
  );
  return `${names.join(" · ")} — ${dashboard.about}`;
}

export function metadata(dashboard: Dashboard, chartIds: ReadonlyMap<string, number>): Form {
  return {
    color_scheme: COLOR_SCHEME,
    // As the page would work it out: what it finds different it tries to save, which a visitor may not.
    color_scheme_domain: COLORS,
    shared_label_colors: [],
    map_label_colors: {},
    cross_filters_enabled: false,
    default_filters: "{}",
    expanded_slices: {},
    label_colors: dashboard.colors ?? {},
    native_filter_configuration: dashboard.filters.map((filter) => filterForm(dashboard, filter, chartIds)),
    refresh_frequency: REFRESH_SECONDS,
    // All charts at once: a staggered refresh takes another five seconds.
    stagger_refresh: false,
    timed_refresh_immune_slices: [],
  };
}

function filterForm(dashboard: Dashboard, filter: Filter, chartIds: ReadonlyMap<string, number>): Form {
  const first = filter.choice === "first";
  return {
    id: filterId(dashboard, filter.name),
    name: filter.name,
    type: "NATIVE_FILTER",
    filterType: "filter_select",
    targets: [{ column: { name: filter.column }, datasetUuid: uuidOf("dataset", filter.dataset) }],
    defaultDataMask: { extraFormData: {}, filterState: {}, ownState: {} },
    cascadeParentIds: (filter.narrowedBy ?? []).map((name) => filterId(dashboard, name)),
    scope: { rootPath: ["ROOT_ID"], excluded: (filter.except ?? []).map((name) => chartIds.get(name)) },
    controlValues: {
      enableEmptyFilter: first,
      defaultToFirstItem: first,
      multiSelect: filter.choice === "many",
      searchAllOptions: false,
      inverseSelection: false,
      sortAscending: filter.order === "asc",
    },
    // Both this and enableEmptyFilter: or the box is filled and the charts show everything.
    requiredFirst: first,
    ...(typeof filter.order === "object" ? { sortMetric: filter.order.metric } : {}),
    description: "",
  };
}

function filterId(dashboard: Dashboard, name: string): string {
  return `NATIVE_FILTER-${uuidOf("filter", `${dashboard.slug}/${name}`)}`;
}
