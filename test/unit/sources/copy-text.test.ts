import fc from "fast-check";
import { expect, test } from "vitest";
import { CopyTextReader } from "../../../src/sources/postgres/copy-text.ts";

/** As Postgres writes it (CopyAttributeOutText). */
const NAMES: Readonly<Record<string, string>> = {
  "\b": "b",
  "\f": "f",
  "\n": "n",
  "\r": "r",
  "\t": "t",
  "\v": "v",
  "\\": "\\",
};
const written = (cell: string | null): string =>
  cell === null ? "\\N" : cell.replace(/[\b\f\n\r\t\v\\]/gu, (char) => `\\${NAMES[char]}`);

test("rows survive any cutting into chunks, whatever characters their columns hold", () => {
  const cell = fc.option(fc.string({ unit: fc.constantFrom(...Array.from('ab,\\N\t\n\r\b\v\fé😀"')) }), { nil: null });
  const rows = fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 8 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 7 }), (given, size) => {
      const bytes = Buffer.from(given.map((row) => `${row.map(written).join("\t")}\n`).join(""));
      const reader = new CopyTextReader();
      const read: (string | null)[][] = [];
      for (let at = 0; at < bytes.length; at += size) {
        for (const row of reader.push(bytes.subarray(at, at + size))) read.push(row.map((c) => c?.toString() ?? null));
      }
      expect(reader.complete).toBe(true);
      expect(read).toEqual(given);
    }),
  );
});

test("a stream that ends within a row is not complete", () => {
  const reader = new CopyTextReader();
  expect([...reader.push(Buffer.from("1\tx\n2\t"))]).toHaveLength(1);
  expect(reader.complete).toBe(false);
});
