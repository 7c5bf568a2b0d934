/**
 * Superset's import files, generated from the description. The same description gives the same bytes: the files are
 * checked in (superset/bundle), and a test holds them in step. After a change: `npm run superset:bundle`.
 */
import { dump } from "js-yaml";
import { chartForm } from "./chart-form.ts";
import { metadata, positions } from "./dashboard-form.ts";
import type { Chart, Dashboard, Dataset, Description } from "./describe.ts";
import { uuidOf } from "./uuid.ts";

const VERSION = "1.0.0";
const DATABASE = "Cricket";
/** bootstrap.py puts the snapshot of the machine in its place. */
const WAREHOUSE = "duckdb:////warehouse/pub/current/cricket.duckdb";
/** Never from a cache, whatever one is configured. */
const NO_CACHE = -1;

/**
 * What a connection may do. Reading alone is no sandbox: whoever may write SQL could read files of the machine without
 * the other settings. Every connection to one file must have the same, or DuckDB refuses it.
 */
const CONNECTION = {
  access_mode: "READ_ONLY",
  enable_external_access: false,
  lock_configuration: true,
  autoinstall_known_extensions: false,
  autoload_known_extensions: false,
  threads: 2,
  memory_limit: "512MB",
};

/** A list of the last fifty warns that it is cut off. */
const CSS = "[data-test='slice-header'] [aria-label='warning'] { display: none; }";

/** Paths below superset/bundle, with their contents. */
export function bundleFiles(description: Description): ReadonlyMap<string, string> {
  const chartIds = new Map(description.charts.map(({ name }, index) => [name, index + 1]));
  const datasets = new Map(description.datasets.map((dataset) => [dataset.name, dataset]));
  return new Map([
    // A time of its own would make every bundle another one.
    ["metadata.yaml", yaml({ version: VERSION, type: "assets", timestamp: "2026-01-01T00:00:00+00:00" })],
    [`databases/${DATABASE}.yaml`, yaml(database())],
    ...description.datasets.map(
      (dataset) => [`datasets/${DATABASE}/${dataset.name}.yaml`, yaml(datasetForm(dataset))] as const,
    ),
    ...description.charts.map((chart) => {
      const dataset = datasets.get(chart.dataset);
      if (dataset === undefined) throw new RangeError(`chart ${chart.name}: there is no dataset ${chart.dataset}`);
      return [`charts/${fileName(chart.name)}.yaml`, yaml(chartFile(chart, dataset))] as const;
    }),
    ...description.dashboards.map(
      (dashboard) =>
        [
          `dashboards/${dashboard.slug}.yaml`,
          yaml(dashboardFile(dashboard, description.dashboards, chartIds)),
        ] as const,
    ),
  ]);
}

function database(): object {
  return {
    database_name: DATABASE,
    sqlalchemy_uri: WAREHOUSE,
    cache_timeout: NO_CACHE,
    expose_in_sqllab: true,
    allow_run_async: false,
    allow_ctas: false,
    allow_cvas: false,
    allow_dml: false,
    allow_csv_upload: false,
    extra: {
      engine_params: { connect_args: { config: CONNECTION } },
      metadata_params: {},
      schemas_allowed_for_csv_upload: [],
    },
    uuid: uuidOf("database", DATABASE),
    version: VERSION,
  };
}

function datasetForm(dataset: Dataset): object {
  return {
    table_name: dataset.name,
    description: dataset.about,
    main_dttm_col: null,
    schema: "main",
    catalog: null,
    sql: dataset.sql,
    cache_timeout: NO_CACHE,
    filter_select_enabled: true,
    columns: dataset.columns.map(([name, type, label]) => ({
      column_name: name,
      verbose_name: label,
      type,
      is_dttm: type === "TIMESTAMP",
      is_active: true,
      groupby: true,
      filterable: true,
      expression: null,
      extra: {},
    })),
    metrics: dataset.metrics.map(({ name, label, sql, format }) => ({
      metric_name: name,
      verbose_name: label,
      expression: sql,
      d3format: format ?? null,
      extra: {},
    })),
    uuid: uuidOf("dataset", dataset.name),
    database_uuid: uuidOf("database", DATABASE),
    version: VERSION,
  };
}

function chartFile(chart: Chart, dataset: Dataset): object {
  const params = chartForm(chart, dataset);
  return {
    slice_name: chart.name,
    description: chart.about ?? null,
    viz_type: params["viz_type"],
    params,
    query_context: null,
    cache_timeout: NO_CACHE,
    uuid: uuidOf("chart", chart.name),
    dataset_uuid: uuidOf("dataset", dataset.name),
    version: VERSION,
  };
}

function dashboardFile(dashboard: Dashboard, all: readonly Dashboard[], chartIds: ReadonlyMap<string, number>): object {
  return {
    dashboard_title: dashboard.title,
    description: dashboard.about,
    css: CSS,
    slug: dashboard.slug,
    published: true,
    position: positions(dashboard, all, chartIds),
    metadata: metadata(dashboard, chartIds),
    uuid: uuidOf("dashboard", dashboard.slug),
    version: VERSION,
  };
}

function fileName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/gu, "-");
}

function yaml(value: object): string {
  return dump(value, { lineWidth: -1, noRefs: true });
}
