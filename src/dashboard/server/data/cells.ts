import type { DuckDBValue } from "@duckdb/node-api";

export function text(value: DuckDBValue | undefined): string {
  if (typeof value !== "string") throw new TypeError(`a text was expected in the warehouse, not ${typeof value}`);
  return value;
}

export function textOrNull(value: DuckDBValue | undefined): string | null {
  return value === null || value === undefined ? null : text(value);
}

export function number(value: DuckDBValue | undefined): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  throw new TypeError(`a number was expected in the warehouse, not ${typeof value}`);
}

export function numberOrNull(value: DuckDBValue | undefined): number | null {
  return value === null || value === undefined ? null : number(value);
}

/** A JSON cell that holds a list of texts. */
export function texts(value: DuckDBValue | undefined): string[] {
  const list: unknown = value === null || value === undefined ? [] : JSON.parse(text(value));
  if (!Array.isArray(list)) throw new TypeError("a list was expected in the warehouse");
  return list.map(String);
}
