/**
 * Decoder of pgoutput, protocol version 1 (PostgreSQL documentation, "Logical Replication Message Formats").
 * Pure: bytes in, messages out. It keeps the relations it was told of, because a row names its table by number only.
 */
import type { Lsn } from "./lsn.ts";

export interface Relation {
  readonly id: number;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

/**
 * A column as it stands in the stream: its text, null, or `unchanged`: a large value (TOAST) that an update did not touch and that
 * the server therefore left out. It is NOT null.
 */
export const UNCHANGED: unique symbol = Symbol("unchanged");
export type Cell = Buffer | null | typeof UNCHANGED;

/** Cells in the order of `relation.columns`. */
export type Tuple = readonly Cell[];

export type PgOutputMessage =
  | { readonly kind: "begin"; readonly commitLsn: Lsn; readonly commitTimeMs: number; readonly xid: number }
  | { readonly kind: "commit"; readonly commitLsn: Lsn; readonly endLsn: Lsn; readonly commitTimeMs: number }
  | { readonly kind: "relation"; readonly relation: Relation }
  | { readonly kind: "insert"; readonly relation: Relation; readonly row: Tuple }
  /** `row` has unchanged large columns filled in from the old row where the server sent it whole. */
  | { readonly kind: "update"; readonly relation: Relation; readonly row: Tuple }
  | { readonly kind: "delete"; readonly relation: Relation }
  | { readonly kind: "truncate"; readonly relations: readonly Relation[] }
  | { readonly kind: "type" }
  | { readonly kind: "origin"; readonly name: string }
  | { readonly kind: "message"; readonly prefix: string; readonly content: Buffer };

/** The server said something that this decoder does not understand, or cut a message short. */
export class PgOutputError extends Error {
  override readonly name = "PgOutputError";
}

/** ms between the Unix epoch and 2000-01-01, from which Postgres counts. */
const POSTGRES_EPOCH_MS = 946_684_800_000;

/** Postgres's microseconds since 2000 as ms since the Unix epoch. */
export function fromPostgresTime(micros: bigint): number {
  return POSTGRES_EPOCH_MS + Number(micros / 1000n);
}

/** The reverse of `fromPostgresTime`. */
export function toPostgresTime(unixMs: number): bigint {
  return BigInt(unixMs - POSTGRES_EPOCH_MS) * 1000n;
}

class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  #advance(length: number): number {
    const from = this.#at;
    if (length < 0 || from + length > this.#bytes.length)
      throw new PgOutputError(`message ends at byte ${this.#bytes.length}, ${from + length} needed`);
    this.#at = from + length;
    return from;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }
  char(): string {
    return String.fromCharCode(this.u8());
  }
  i16(): number {
    return this.#bytes.readInt16BE(this.#advance(2));
  }
  u32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }
  i32(): number {
    return this.#bytes.readInt32BE(this.#advance(4));
  }
  u64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#advance(8));
  }
  i64(): bigint {
    return this.#bytes.readBigInt64BE(this.#advance(8));
  }
  bytes(length: number): Buffer {
    const from = this.#advance(length);
    return this.#bytes.subarray(from, from + length);
  }
  string(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new PgOutputError("message ends within a string");
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }
  end(): void {
    if (this.#at !== this.#bytes.length)
      throw new PgOutputError(`${this.#bytes.length - this.#at} bytes too many in a message`);
  }
}

export class PgOutputDecoder {
  readonly #relations = new Map<number, Relation>();

  /** Decodes one message, as one XLogData carries it. @throws PgOutputError */
  decode(bytes: Buffer): PgOutputMessage {
    const cursor = new Cursor(bytes);
    const message = this.#body(cursor.char(), cursor);
    cursor.end();
    return message;
  }

  #body(tag: string, cursor: Cursor): PgOutputMessage {
    switch (tag) {
      case "B":
        return {
          kind: "begin",
          commitLsn: cursor.u64(),
          commitTimeMs: fromPostgresTime(cursor.i64()),
          xid: cursor.u32(),
        };
      case "C": {
        cursor.u8(); // flags, unused
        return {
          kind: "commit",
          commitLsn: cursor.u64(),
          endLsn: cursor.u64(),
          commitTimeMs: fromPostgresTime(cursor.i64()),
        };
      }
      case "R":
        return { kind: "relation", relation: this.#relation(cursor) };
      case "I": {
        const relation = this.#known(cursor.u32());
        expectTag(cursor.char(), "N", "insert");
        return { kind: "insert", relation, row: tuple(cursor, relation) };
      }
      case "U":
        return this.#update(cursor);
      case "D": {
        const relation = this.#known(cursor.u32());
        expectTag(cursor.char(), "KO", "delete");
        tuple(cursor, relation); // read for its length only: a delete is no event
        return { kind: "delete", relation };
      }
      case "T": {
        const count = cursor.i32();
        cursor.u8(); // cascade and restart-identity flags
        return { kind: "truncate", relations: Array.from({ length: count }, () => this.#known(cursor.u32())) };
      }
      case "Y": {
        cursor.u32();
        cursor.string();
        cursor.string();
        return { kind: "type" };
      }
      case "O": {
        cursor.u64();
        return { kind: "origin", name: cursor.string() };
      }
      case "M": {
        cursor.u8();
        cursor.u64();
        const prefix = cursor.string();
        return { kind: "message", prefix, content: cursor.bytes(cursor.i32()) };
      }
      default:
        throw new PgOutputError(`unknown message type ${JSON.stringify(tag)}`);
    }
  }

  #relation(cursor: Cursor): Relation {
    const id = cursor.u32();
    // The catalogue schema is sent as an empty name.
    const schema = cursor.string() || "pg_catalog";
    const name = cursor.string();
    cursor.u8(); // replica identity
    const columns = Array.from({ length: cursor.i16() }, () => {
      cursor.u8(); // part of the key?
      const column = cursor.string();
      cursor.u32(); // type
      cursor.i32(); // type modifier
      return column;
    });
    const relation = { id, schema, name, columns };
    this.#relations.set(id, relation);
    return relation;
  }

  #update(cursor: Cursor): PgOutputMessage {
    const relation = this.#known(cursor.u32());
    let tag = cursor.char();
    let old: Tuple | undefined;
    if (tag === "O") old = tuple(cursor, relation);
    // A key tuple has null for every column outside the key: it says nothing about the row.
    else if (tag === "K") tuple(cursor, relation);
    if (tag === "O" || tag === "K") tag = cursor.char();
    expectTag(tag, "N", "update");
    const row = tuple(cursor, relation).map((cell, index) => (cell === UNCHANGED ? (old?.[index] ?? UNCHANGED) : cell));
    return { kind: "update", relation, row };
  }

  #known(id: number): Relation {
    const relation = this.#relations.get(id);
    if (relation === undefined) throw new PgOutputError(`row of table ${id}, which was never described`);
    return relation;
  }
}

function expectTag(tag: string, allowed: string, of: string): void {
  if (!allowed.includes(tag)) throw new PgOutputError(`${of} with a tuple of type ${JSON.stringify(tag)}`);
}

function tuple(cursor: Cursor, relation: Relation): Tuple {
  const count = cursor.i16();
  if (count !== relation.columns.length) {
    throw new PgOutputError(
      `row with ${count} columns of ${relation.schema}.${relation.name}, which has ${relation.columns.length}`,
    );
  }
  return Array.from({ length: count }, () => cell(cursor));
}

function cell(cursor: Cursor): Cell {
  const tag = cursor.char();
  if (tag === "n") return null;
  if (tag === "u") return UNCHANGED;
  if (tag === "t") return cursor.bytes(cursor.i32());
  throw new PgOutputError(`column of type ${JSON.stringify(tag)}: only the text format is asked for`);
}
