/** What the tables of a schema are to a pipeline, and how it sees one row of them. */
import { isUtf8 } from "node:buffer";
import type { SourceEvent, Unreadable } from "../kit/index.ts";
import type { Relation, Tuple } from "./pgoutput.ts";

/** One row, column by column: those that the table's entry names, and null for any other. */
export interface Row {
  /** The column as Postgres prints it; null where it is null or not there. @throws Error when it is not UTF-8. */
  text(column: string): string | null;
  /** 0 for what is no number that JSON keeps. */
  number(column: string): number;
  /** All columns that are not null, as a JSON object of texts, in the order in which the entry names them. */
  json(): Buffer;
}

export interface SourceTable {
  /** What is read, besides `id` (a number that rises) and `inserted_at`. A column that others add changes no event. */
  readonly columns: readonly string[];
  /** What it throws makes the row unreadable. */
  readonly toEvent: (row: Row) => SourceEvent;
}

export interface SourceTables {
  readonly schema: string;
  /** The column of every table that is the record's key. */
  readonly keyName: string;
  /** By name, in the order in which they are copied. */
  readonly tables: Readonly<Record<string, SourceTable>>;
  /** The event that says why a row could not go out as it is. */
  readonly unreadable: (what: Unreadable) => SourceEvent;
}

/** `schema.table`, for people. */
export function fullName({ schema }: SourceTables, table: string): string {
  return `${schema}.${table}`;
}

/** The same for SQL. */
export function quotedName({ schema }: SourceTables, table: string): string {
  return [schema, table].map((name) => `"${name.replaceAll('"', '""')}"`).join(".");
}

/** A row of the stream or of a copy. */
export class TupleRow implements Row {
  readonly #relation: Relation;
  readonly #row: Tuple;
  readonly #columns: ReadonlySet<string>;

  constructor(relation: Relation, row: Tuple, columns: ReadonlySet<string>) {
    this.#relation = relation;
    this.#row = row;
    this.#columns = columns;
  }

  text(column: string): string | null {
    if (!this.#columns.has(column)) return null;
    const cell = this.#row[this.#relation.columns.indexOf(column)];
    if (!Buffer.isBuffer(cell)) return null;
    // A server without an encoding (SQL_ASCII) sends any bytes; a name with a replacement character in it would be another name.
    if (!isUtf8(cell)) throw new Error(`column ${column} is not UTF-8`);
    return cell.toString("utf8");
  }

  number(column: string): number {
    const number = Number(this.text(column) ?? "");
    return Number.isSafeInteger(number) ? number : 0;
  }

  json(): Buffer {
    const columns: Record<string, string> = {};
    for (const name of this.#columns) {
      const cell = this.text(name);
      if (cell !== null) columns[name] = cell;
    }
    return Buffer.from(JSON.stringify(columns));
  }
}
