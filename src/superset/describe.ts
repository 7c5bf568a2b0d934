/**
 * What a dashboard is made of, as this project describes it. Superset's own files (bundle.ts) are generated from these
 * descriptions; the queries that the tests check are made from them too (query.ts), so that there is one source of both.
 */
export type ColumnType = "VARCHAR" | "INTEGER" | "BIGINT" | "DOUBLE" | "BOOLEAN" | "DATE" | "TIMESTAMP";

export type DatasetColumn = readonly [name: string, type: ColumnType, label: string];

export interface Metric {
  readonly name: string;
  /** For people: what stands above a column or beside an axis. */
  readonly label: string;
  /** An SQL aggregate over the dataset's columns. A ratio is a sum over a sum, never a mean of ratios. */
  readonly sql: string;
  /** d3 format. */
  readonly format?: string;
}

export interface Dataset {
  readonly name: string;
  readonly about: string;
  /** A query over the warehouse; no parameters, no trailing semicolon. */
  readonly sql: string;
  readonly columns: readonly DatasetColumn[];
  readonly metrics: readonly Metric[];
}

/** What every kind of chart has. */
interface ChartBase {
  /** Unique over all dashboards: its uuid is made from it. */
  readonly name: string;
  readonly about?: string;
  readonly dataset: string;
  /** Conditions over columns, joined by AND; SQL. */
  readonly where?: readonly string[];
  /** Conditions over aggregates, joined by AND; SQL. */
  readonly having?: readonly string[];
}

export type Chart = ChartBase &
  (
    | { readonly kind: "number"; readonly metric: string; readonly format?: string; readonly subtitle?: string }
    /** Rows as they are. */
    | {
        readonly kind: "rows";
        readonly columns: readonly string[];
        readonly orderBy: readonly (readonly [column: string, direction: "asc" | "desc"])[];
        readonly limit: number;
        /** Columns with a bar behind the number. */
        readonly bars?: readonly string[];
      }
    /** A row for each value of `by`, the greatest `orderBy` first. */
    | {
        readonly kind: "leaders";
        readonly by: readonly string[];
        readonly metrics: readonly string[];
        readonly orderBy: string;
        readonly direction?: "asc" | "desc";
        readonly limit: number;
      }
    /** `metrics` over `x`, one line or row of bars for each value of `series`. */
    | {
        readonly kind: "lines" | "bars" | "stacks";
        readonly x: string;
        readonly metrics: readonly string[];
        readonly series?: string;
        readonly xTitle: string;
        readonly yTitle: string;
        readonly format?: string;
      }
    | {
        readonly kind: "bubbles";
        readonly entity: string;
        readonly series: string;
        readonly x: string;
        readonly y: string;
        readonly size: string;
        readonly limit: number;
      }
  );

export type ChartKind = Chart["kind"];

export interface Filter {
  readonly name: string;
  readonly dataset: string;
  readonly column: string;
  /** `first`: one value, and one is always chosen, the first in order. `one`: one or none. `many`: any number. */
  readonly choice: "first" | "one" | "many";
  /** Values in rising order, falling order, or by a metric of the dataset, greatest first. */
  readonly order: "asc" | "desc" | { readonly metric: string };
  /** Filters whose choice narrows the values of this one, by name. */
  readonly narrowedBy?: readonly string[];
  /** Names of charts that it leaves as they are. */
  readonly except?: readonly string[];
}

/** 12 columns wide; heights in units of 8 px. */
export type Row =
  | { readonly heading: string }
  | { readonly height: number; readonly charts: readonly (readonly [chart: string, width: number])[] };

export interface Dashboard {
  readonly title: string;
  readonly slug: string;
  readonly about: string;
  /** Of values that always look the same. */
  readonly colors?: Readonly<Record<string, string>>;
  readonly filters: readonly Filter[];
  readonly rows: readonly Row[];
}

export interface Description {
  readonly datasets: readonly Dataset[];
  readonly charts: readonly Chart[];
  readonly dashboards: readonly Dashboard[];
}
