import type { DuckDBValue } from "@duckdb/node-api";
import { DuckDBBlobValue, DuckDBDateValue, DuckDBTimestampValue, DuckDBUUIDValue } from "@duckdb/node-api";
import { hexWords } from "./delivery-fields.ts";
import { BatchTexts } from "./batch-texts.ts";
import { type Table, TABLES } from "./tables.ts";

/** Column types of the warehouse, by how their values are kept here. */
const KINDS = {
  VARCHAR: "text",
  JSON: "text",
  INTEGER: "integer",
  DATE: "date",
  BOOLEAN: "boolean",
  BIGINT: "bigint",
  TIMESTAMP: "timestamp",
  DOUBLE: "double",
  UUID: "uuid",
  BLOB: "blob",
} as const;

export type Kind = (typeof KINDS)[keyof typeof KINDS];

const BYTES: Readonly<Record<Kind, number>> = {
  text: 4,
  integer: 4,
  date: 4,
  boolean: 1,
  bigint: 8,
  timestamp: 8,
  double: 8,
  uuid: 16,
  blob: 0,
};

/** Throws a RangeError when there is none. */
export function tableNamed(name: string): Table {
  const table = TABLES.find((other) => other.name === name);
  if (table === undefined) throw new RangeError(`there is no table ${name}`);
  return table;
}

export function kindOf(columnType: string): Kind {
  const [name = ""] = columnType.split(" ", 1);
  if (!Object.hasOwn(KINDS, name)) throw new RangeError(`no column here can be of type ${columnType}`);
  return KINDS[name as keyof typeof KINDS];
}

const FIRST_ROWS = 64;
/** A vector of DuckDB: the validity of its rows is one bit each. */
const NONE = 0xff;
const TWO_32 = 2 ** 32;

/** The values of one column as DuckDB keeps them, little-endian; texts as numbers of `BatchTexts`. */
export class ColumnValues {
  readonly name: string;
  readonly kind: Kind;
  readonly #texts: BatchTexts;
  #capacity = FIRST_ROWS;
  #bytes: Uint8Array<ArrayBuffer>;
  #ints: Int32Array<ArrayBuffer>;
  #doubles: Float64Array<ArrayBuffer>;
  #blobs: (Uint8Array | null)[] = [];
  readonly #words = new Int32Array(4);
  /** One bit a row, set where there is a value; undefined while no row is without. */
  #valid: Uint8Array<ArrayBuffer> | undefined;

  constructor(name: string, kind: Kind, texts: BatchTexts) {
    this.name = name;
    this.kind = kind;
    this.#texts = texts;
    const buffer = new ArrayBuffer(BYTES[kind] * FIRST_ROWS);
    [this.#bytes, this.#ints, this.#doubles] = viewsOf(buffer);
  }

  /** Throws a TypeError for a value that the column cannot hold: DuckDB would write it as something else. */
  set(row: number, value: DuckDBValue): void {
    if (value === null) {
      this.setNull(row);
      return;
    }
    switch (this.kind) {
      case "text":
        if (typeof value !== "string") throw this.#refusal(value);
        this.setTextId(row, this.#texts.idOf(value));
        return;
      case "integer":
        if (typeof value !== "number") throw this.#refusal(value);
        this.setInteger(row, value);
        return;
      case "boolean":
        if (typeof value !== "boolean") throw this.#refusal(value);
        this.setBoolean(row, value);
        return;
      case "bigint":
        this.#setWide(row, value);
        return;
      case "timestamp":
        this.#setTime(row, value);
        return;
      case "double":
        if (typeof value !== "number") throw this.#refusal(value);
        this.#present(row);
        this.#doubles[row] = value;
        return;
      case "uuid":
        this.#setUuid(row, value);
        return;
      case "date":
        if (!(value instanceof DuckDBDateValue)) throw this.#refusal(value);
        this.#present(row);
        this.#ints[row] = value.days;
        return;
      case "blob":
        if (!(value instanceof DuckDBBlobValue)) throw this.#refusal(value);
        this.#present(row);
        this.#blobs[row] = value.bytes;
        return;
    }
  }

  /*
   * The setters below are for who knows the column's kind: they do not look at it. Of the value they refuse what does not fit.
   */

  setNull(row: number): void {
    if (row >= this.#capacity) this.#grow(row);
    // A text that is none has the number 0; its bit is needed where it is written without the numbers.
    this.#valid ??= new Uint8Array(this.#capacity >> 3).fill(NONE);
    this.#valid[row >> 3]! &= ~(1 << (row & 7));
    if (this.kind === "text") this.#ints[row] = 0;
    else if (this.kind === "blob") this.#blobs[row] = null;
  }

  /** A number of the batch's `BatchTexts`. */
  setTextId(row: number, id: number): void {
    this.#present(row);
    this.#ints[row] = id;
  }

  setInteger(row: number, value: number): void {
    if ((value | 0) !== value) throw this.#refusal(value);
    this.#present(row);
    this.#ints[row] = value;
  }

  setBoolean(row: number, value: boolean): void {
    this.#present(row);
    this.#bytes[row] = value ? 1 : 0;
  }

  /** A BIGINT. */
  setWideNumber(row: number, value: number): void {
    if (!Number.isSafeInteger(value)) throw this.#refusal(value);
    this.#setLowHigh(row, value % TWO_32, Math.floor(value / TWO_32));
  }

  /** Since the Unix epoch, fractions cut to microseconds. */
  setMilliseconds(row: number, value: number): void {
    this.setWideNumber(row, Math.trunc(value * 1000));
  }

  /** 128 bits from the most significant word to the least. DuckDB keeps a UUID as a signed number, its topmost bit turned over. */
  setWords(row: number, words: Int32Array): void {
    this.#present(row);
    const ints = this.#ints;
    const at = 4 * row;
    ints[at] = words[3]!;
    ints[at + 1] = words[2]!;
    ints[at + 2] = words[1]!;
    ints[at + 3] = words[0]! ^ 0x8000_0000;
  }

  /** The next rows may have other values; the memory stays. */
  clear(): void {
    this.#valid = undefined;
    this.#blobs = [];
  }

  /** Bytes of these rows. */
  data(from: number, to: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(from * BYTES[this.kind], to * BYTES[this.kind]);
  }

  /** Validity bits of these rows, `from` a multiple of 64; undefined when all have a value. */
  validity(from: number, to: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#valid?.subarray(from >> 3, (from >> 3) + (Math.ceil((to - from) / 64) << 3));
  }

  blob(row: number): Uint8Array | null {
    return this.#blobs[row] ?? null;
  }

  text(row: number): string | null {
    return this.#texts.textOf(this.#ints[row]!);
  }

  #present(row: number): void {
    if (row >= this.#capacity) this.#grow(row);
    if (this.#valid !== undefined) this.#valid[row >> 3]! |= 1 << (row & 7);
  }

  #setWide(row: number, value: DuckDBValue): void {
    if (typeof value === "bigint") {
      this.#setLowHigh(row, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
    } else if (typeof value === "number") this.setWideNumber(row, value);
    else throw this.#refusal(value);
  }

  #setTime(row: number, value: DuckDBValue): void {
    if (value instanceof DuckDBTimestampValue) this.#setWide(row, value.micros);
    else if (typeof value === "number") this.setMilliseconds(row, value);
    else throw this.#refusal(value);
  }

  #setLowHigh(row: number, low: number, high: number): void {
    this.#present(row);
    this.#ints[2 * row] = low;
    this.#ints[2 * row + 1] = high;
  }

  /** A text is 32 hexadecimal digits. */
  #setUuid(row: number, value: DuckDBValue): void {
    if (typeof value === "string" && value.length === 32) {
      hexWords(value, this.#words);
      this.setWords(row, this.#words);
    } else if (value instanceof DuckDBUUIDValue) {
      this.#present(row);
      const { hugeint } = value;
      for (let word = 0; word < 4; word++) {
        this.#ints[4 * row + word] = Number(BigInt.asIntN(32, hugeint >> BigInt(32 * word)));
      }
    } else throw this.#refusal(value);
  }

  #grow(row: number): void {
    const valid = this.#valid;
    while (row >= this.#capacity) this.#capacity *= 2;
    const before = this.#bytes;
    [this.#bytes, this.#ints, this.#doubles] = viewsOf(new ArrayBuffer(BYTES[this.kind] * this.#capacity));
    this.#bytes.set(before);
    if (valid === undefined) return;
    this.#valid = new Uint8Array(this.#capacity >> 3).fill(NONE);
    this.#valid.set(valid);
  }

  #refusal(value: DuckDBValue): TypeError {
    return new TypeError(`column ${this.name} (${this.kind}) cannot hold ${typeof value} ${String(value)}`);
  }
}

type Views = [Uint8Array<ArrayBuffer>, Int32Array<ArrayBuffer>, Float64Array<ArrayBuffer>];

function viewsOf(buffer: ArrayBuffer): Views {
  const wide = buffer.byteLength % 8 === 0 ? buffer : new ArrayBuffer(0);
  return [new Uint8Array(buffer), new Int32Array(wide), new Float64Array(wide)];
}

/** Rows of one table, by column. */
export class ColumnBatch {
  readonly table: Table;
  readonly texts: BatchTexts;
  readonly columns: readonly ColumnValues[];
  length = 0;

  constructor(table: Table, texts: BatchTexts = new BatchTexts()) {
    this.table = table;
    this.texts = texts;
    this.columns = table.columns.map(([name, type]) => new ColumnValues(name, kindOf(type), texts));
  }

  /** Throws a RangeError when there is none. */
  column(name: string): ColumnValues {
    const column = this.columns.find((other) => other.name === name);
    if (column === undefined) throw new RangeError(`${this.table.name} has no column ${name}`);
    return column;
  }

  /** No rows, and the memory for as many as there were. */
  clear(): void {
    this.length = 0;
    this.texts.clear();
    for (const column of this.columns) column.clear();
  }

  push(values: readonly DuckDBValue[]): void {
    this.set(this.length, values);
    this.length++;
  }

  /** Writes over a row, or the next one. */
  set(row: number, values: readonly DuckDBValue[]): void {
    const { columns } = this;
    if (values.length !== columns.length) {
      throw new RangeError(`${this.table.name} has ${columns.length} columns, not ${values.length}`);
    }
    for (let n = 0; n < columns.length; n++) columns[n]!.set(row, values[n]!);
  }
}
