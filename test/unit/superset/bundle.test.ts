import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { packageFile } from "../../../src/local/paths.ts";
import { bundleFiles } from "../../../src/superset/bundle.ts";
import { DESCRIPTION } from "../../../src/superset/description.ts";
import { uuidOf } from "../../../src/superset/uuid.ts";

const FOLDER = packageFile("superset", "bundle");
const files = bundleFiles(DESCRIPTION);
const { charts, dashboards, datasets } = DESCRIPTION;

function checkedIn(): Map<string, string> {
  return new Map(
    readdirSync(FOLDER, { recursive: true })
      .map(String)
      .filter((path) => statSync(join(FOLDER, path)).isFile())
      .map((path) => [path, readFileSync(join(FOLDER, path), "utf8")] as const),
  );
}

const repeated = (names: readonly string[]): string[] => names.filter((name, index) => names.indexOf(name) !== index);

/** The objects of one kind, parsed. */
const parsed = (kind: string): Record<string, unknown>[] =>
  [...files].filter(([path]) => path.startsWith(kind)).map(([, text]) => parse(text) as Record<string, unknown>);

describe("the bundle", () => {
  test("is what the description gives: npm run superset:bundle writes it", () => {
    expect(Object.fromEntries(checkedIn())).toEqual(Object.fromEntries(files));
  });

  test("gives everything a uuid of its own, the same for ever", () => {
    const uuids = ["databases/", "datasets/", "charts/", "dashboards/"].flatMap(parsed).map(({ uuid }) => String(uuid));
    expect(uuids).toHaveLength(1 + datasets.length + charts.length + dashboards.length);
    expect(repeated(uuids)).toEqual([]);
    expect(uuids.filter((uuid) => !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u.test(uuid))).toEqual([]);
    expect(uuidOf("dashboard", "live-match")).toBe("6a2699e9-e859-5008-83aa-bcb9b468fcdb");
  });

  test("lets a connection read the warehouse and nothing else of the machine", () => {
    expect(parsed("databases/")).toMatchObject([
      {
        allow_dml: false,
        allow_ctas: false,
        allow_cvas: false,
        allow_csv_upload: false,
        extra: {
          engine_params: {
            connect_args: {
              config: { access_mode: "READ_ONLY", enable_external_access: false, lock_configuration: true },
            },
          },
        },
      },
    ]);
    // Any pool would keep an old snapshot open.
    expect(JSON.stringify(parsed("databases/"))).not.toMatch(/pool/u);
  });

  test("refers to nothing that is not in it", () => {
    const known = (kind: string): unknown[] => parsed(kind).map(({ uuid }) => uuid);
    const [tables, drawn] = [known("datasets/"), known("charts/")];
    for (const { dataset_uuid } of parsed("charts/")) expect(tables).toContain(dataset_uuid);
    for (const { database_uuid } of parsed("datasets/")) expect(known("databases/")).toContain(database_uuid);
    for (const dashboard of parsed("dashboards/")) {
      const position = dashboard["position"] as Record<string, { type?: string; meta?: { uuid?: string } }>;
      const placed = Object.values(position).filter(({ type }) => type === "CHART");
      expect(placed.length).toBeGreaterThan(0);
      for (const { meta } of placed) expect(drawn).toContain(meta?.uuid);
      const { native_filter_configuration: filters } = dashboard["metadata"] as {
        native_filter_configuration: { targets: { datasetUuid: string }[]; scope: { excluded: unknown[] } }[];
      };
      for (const { targets, scope } of filters) {
        expect(tables).toContain(targets[0]?.datasetUuid);
        expect(scope.excluded.every((id) => typeof id === "number")).toBe(true);
      }
    }
  });

  test("asks again every ten seconds on every dashboard, all charts at once, past every cache", () => {
    const metadata = parsed("dashboards/").map((dashboard) => dashboard["metadata"]);
    expect(metadata).toHaveLength(4);
    for (const each of metadata) expect(each).toMatchObject({ refresh_frequency: 10, stagger_refresh: false });
    for (const kind of ["databases/", "datasets/", "charts/"])
      expect(parsed(kind).every(({ cache_timeout }) => cache_timeout === -1)).toBe(true);
  });
});

describe("the description", () => {
  test("names everything once, and puts every chart on one dashboard", () => {
    expect(repeated(charts.map(({ name }) => name))).toEqual([]);
    expect(repeated(datasets.map(({ name }) => name))).toEqual([]);
    const placed = dashboards.flatMap(({ rows }) => rows.flatMap((row) => ("heading" in row ? [] : row.charts)));
    expect(placed.map(([name]) => name).toSorted()).toEqual(charts.map(({ name }) => name).toSorted());
  });

  test("fills rows of twelve columns", () => {
    for (const { rows } of dashboards) {
      for (const row of rows) {
        if ("heading" in row) continue;
        expect(row.charts.reduce((sum, [, width]) => sum + width, 0)).toBe(12);
      }
    }
  });

  test.each(datasets.map((dataset) => [dataset.name, dataset] as const))(
    "%s: no metric has the name of a column, by which Superset would sort its rows",
    (_, { columns, metrics }) => {
      const names = [...columns.map(([name]) => name), ...metrics.map(({ name }) => name)];
      expect(repeated(names)).toEqual([]);
    },
  );

  test("filters by columns there are, narrowed by filters and sparing charts of the same dashboard", () => {
    for (const { filters, rows } of dashboards) {
      const here = rows.flatMap((row) => ("heading" in row ? [] : row.charts.map(([name]) => name)));
      for (const { dataset, column, narrowedBy = [], except = [] } of filters) {
        const found = datasets.find(({ name }) => name === dataset);
        expect(found?.columns.map(([name]) => name)).toContain(column);
        expect(filters.map(({ name }) => name)).toEqual(expect.arrayContaining([...narrowedBy]));
        expect(here).toEqual(expect.arrayContaining([...except]));
      }
    }
  });
});
