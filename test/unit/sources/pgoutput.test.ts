import { describe, expect, test } from "vitest";
import { formatLsn, parseLsn } from "../../../src/sources/postgres/lsn.ts";
import { PgOutputDecoder, PgOutputError, UNCHANGED, toPostgresTime } from "../../../src/sources/postgres/pgoutput.ts";

const u8 = (n: number): Buffer => Buffer.from([n]);
const i16 = (n: number): Buffer => {
  const b = Buffer.alloc(2);
  b.writeInt16BE(n);
  return b;
};
const i32 = (n: number): Buffer => {
  const b = Buffer.alloc(4);
  b.writeInt32BE(n);
  return b;
};
const u64 = (n: bigint): Buffer => {
  const b = Buffer.alloc(8);
  b.writeBigUInt64BE(n);
  return b;
};
const z = (text: string): Buffer => Buffer.from(`${text}\0`);
const bytes = (...parts: (Buffer | string)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));

const relation = (id: number, name: string, columns: readonly string[]): Buffer =>
  bytes(
    ...["R", i32(id), z("odi"), z(name), "f", i16(columns.length)],
    ...columns.flatMap((column) => [u8(1), z(column), i32(25), i32(-1)]),
  );
/** Stands for an unchanged large column. */
const UNTOUCHED = "unchanged!";
const tuple = (...cells: readonly (string | null)[]): Buffer =>
  bytes(
    i16(cells.length),
    ...cells.map((cell) =>
      cell === null
        ? Buffer.from("n")
        : cell === UNTOUCHED
          ? Buffer.from("u")
          : bytes("t", i32(Buffer.byteLength(cell)), cell),
    ),
  );

const text = (row: readonly unknown[]): unknown[] =>
  row.map((cell) => (Buffer.isBuffer(cell) ? cell.toString() : cell));

function described(): PgOutputDecoder {
  const decoder = new PgOutputDecoder();
  decoder.decode(relation(7, "deliveries", ["id", "ball", "note"]));
  return decoder;
}

describe("messages of pgoutput", () => {
  test("begin and commit carry position and time of the transaction", () => {
    const decoder = new PgOutputDecoder();
    const at = Date.UTC(2024, 5, 1, 10, 20, 30, 123);
    expect(decoder.decode(bytes("B", u64(0x16_b374_d848n), u64(toPostgresTime(at)), i32(742)))).toEqual({
      kind: "begin",
      commitLsn: 0x16_b374_d848n,
      commitTimeMs: at,
      xid: 742,
    });
    expect(decoder.decode(bytes("C", u8(0), u64(100n), u64(148n), u64(toPostgresTime(at))))).toEqual({
      kind: "commit",
      commitLsn: 100n,
      endLsn: 148n,
      commitTimeMs: at,
    });
  });

  test("an insert names its columns by the last description of its table", () => {
    const decoder = described();
    const insert = decoder.decode(bytes("I", i32(7), "N", tuple("1", "0.10", null)));
    expect(insert.kind === "insert" && text(insert.row)).toEqual(["1", "0.10", null]);
    decoder.decode(relation(7, "deliveries", ["id", "ball"]));
    const later = decoder.decode(bytes("I", i32(7), "N", tuple("2", "0.2")));
    expect(later.kind === "insert" && later.relation.columns).toEqual(["id", "ball"]);
  });

  test("a column that an update left out is taken from the old row, and is never null", () => {
    const decoder = described();
    const full = decoder.decode(bytes("U", i32(7), "O", tuple("1", "0.1", "long"), "N", tuple("1", "0.2", UNTOUCHED)));
    expect(full.kind === "update" && text(full.row)).toEqual(["1", "0.2", "long"]);
    const alone = decoder.decode(bytes("U", i32(7), "N", tuple("1", "0.2", UNTOUCHED)));
    expect(alone.kind === "update" && alone.row[2]).toBe(UNCHANGED);
  });

  test("the nulls of a key tuple are not taken for data", () => {
    const update = described().decode(
      bytes("U", i32(7), "K", tuple("1", null, null), "N", tuple("2", "0.2", UNTOUCHED)),
    );
    expect(update.kind === "update" && text(update.row)).toEqual(["2", "0.2", UNCHANGED]);
  });

  test("delete, truncate, type, origin and message are understood", () => {
    const decoder = described();
    expect(decoder.decode(bytes("D", i32(7), "K", tuple("1", null, null))).kind).toBe("delete");
    const truncate = decoder.decode(bytes("T", i32(1), u8(0), i32(7)));
    expect(truncate.kind === "truncate" && truncate.relations.map((r) => r.name)).toEqual(["deliveries"]);
    expect(decoder.decode(bytes("Y", i32(99), z("odi"), z("mood")))).toEqual({ kind: "type" });
    expect(decoder.decode(bytes("O", u64(1n), z("elsewhere")))).toEqual({ kind: "origin", name: "elsewhere" });
    expect(decoder.decode(bytes("M", u8(1), u64(5n), z("third-umpire"), i32(4), "mark"))).toMatchObject({
      kind: "message",
      prefix: "third-umpire",
      content: Buffer.from("mark"),
    });
  });
});

describe("what is no pgoutput", () => {
  test.each([
    ["a message cut short", bytes("B", u64(1n))],
    ["bytes too many", bytes("C", u8(0), u64(1n), u64(2n), u64(3n), "x")],
    ["an unknown message", bytes("?")],
    ["a row of a table never described", bytes("I", i32(8), "N", tuple("1"))],
    ["a row with other columns than its table", bytes("I", i32(7), "N", tuple("1"))],
    ["a binary column", bytes("I", i32(7), "N", i16(3), "b", i32(1), "x", "n", "n")],
    ["an insert with an old row", bytes("I", i32(7), "O", tuple("1", "2", "3"))],
  ])("%s is refused, not guessed", (_, message) => {
    expect(() => described().decode(message)).toThrow(PgOutputError);
  });

  test("every prefix of a valid message is refused", () => {
    const whole = bytes("U", i32(7), "O", tuple("1", "0.1", "long"), "N", tuple("1", "0.2", null));
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => described().decode(whole.subarray(0, length))).toThrow();
    }
  });
});

test("an LSN is written in two hexadecimal halves and sorts by value", () => {
  expect(formatLsn(parseLsn("16/B374D848"))).toBe("16/B374D848");
  expect(parseLsn("1/0")).toBe(0x1_0000_0000n);
  expect(() => parseLsn("1-0")).toThrow(RangeError);
});
