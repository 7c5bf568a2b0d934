import fc from "fast-check";
import { expect, test } from "vitest";
import type { CleanDelivery } from "../../../src/domain/cricket/types.ts";
import { FatalError } from "../../../src/domain/errors.ts";
import { decodeDelivery } from "../../../src/loader/decode.ts";
import { BALL_MAX, DeliveryFields, OVER_MAX } from "../../../src/loader/delivery-fields.ts";
import { DeliveryScanner } from "../../../src/loader/delivery-scanner.ts";
import { PackedDeliveries } from "../../../src/loader/packed-deliveries.ts";
import { SharedTexts } from "../../../src/loader/shared-texts.ts";

const INT_MAX = 2 ** 31 - 1;
/** Mostly names as they are; some with what JSON has to escape, or more bytes than letters. */
const name = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom("JE Root", "KS Williamson", "England", "O'Keefe", "Ærø") },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme" }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
);
const few = fc.nat(7);
const wide = fc.oneof(few, fc.nat(INT_MAX));
const hex = fc.stringMatching(/^[0-9a-f]{32}$/u);

const clean: fc.Arbitrary<CleanDelivery> = fc.record({
  eventId: hex,
  verdict: fc.constantFrom("accepted" as const, "correction" as const, "duplicate" as const),
  supersedes: fc.option(hex),
  source: fc.record({
    topic: name,
    partition: few,
    offset: fc.oneof({ weight: 9, arbitrary: fc.nat(1e9) }, fc.nat(Number.MAX_SAFE_INTEGER)),
    id: fc.option(name),
    time: fc.oneof({ weight: 9, arbitrary: fc.nat(2e12) }, fc.double({ noNaN: true, noDefaultInfinity: true })),
  }),
  delivery: fc.record({
    matchId: name,
    innings: fc.integer({ min: 1, max: 6 }),
    over: fc.nat(OVER_MAX),
    ball: fc.nat(BALL_MAX),
    battingTeam: name,
    batter: name,
    nonStriker: name,
    bowler: name,
    runs: fc.record({ batter: wide, extras: few, total: wide }),
    extras: fc.option(fc.record({ wides: few, noballs: few, byes: few, legbyes: few, penalty: wide })),
    nonBoundary: fc.option(fc.boolean()),
    wickets: fc.array(fc.record({ kind: name, playerOut: name, fielders: fc.option(fc.array(name)) }), {
      maxLength: 2,
    }),
  }),
});

/** The fields with texts for numbers. */
function spelledOut(fields: DeliveryFields, names: SharedTexts): unknown {
  const { supersedes, hasSupersedes, eventId, ...others } = fields;
  const named = new Set(["verdict", "sourceTopic", "matchId", "battingTeam", "batter", "nonStriker", "bowler"]);
  return {
    ...Object.fromEntries(
      Object.entries(others).map(([field, value]) => [field, named.has(field) ? names.textOf(value as number) : value]),
    ),
    eventId: [...eventId],
    supersedes: hasSupersedes ? [...supersedes] : null,
  };
}

const place = { topic: "t", partition: 0, offset: 1 };

class Readers {
  readonly names = new SharedTexts();
  readonly #scanner = new DeliveryScanner(this.names);
  scanned = 0;

  /** What the scanner makes of the bytes; undefined when it declines. */
  scan(bytes: Buffer): unknown {
    const fields = new DeliveryFields();
    if (!this.#scanner.scan(bytes, fields)) return undefined;
    this.scanned++;
    return spelledOut(fields, this.names);
  }

  /** What JSON says; undefined when it is no delivery. */
  parse(bytes: Buffer): unknown {
    const fields = new DeliveryFields();
    try {
      fields.read(decodeDelivery(bytes, place), this.names);
    } catch (error) {
      if (error instanceof FatalError) return undefined;
      throw error;
    }
    return spelledOut(fields, this.names);
  }
}

test("a delivery read out of its bytes is the one that JSON says", () => {
  const readers = new Readers();
  let written = 0;
  fc.assert(
    fc.property(clean, (record) => {
      const bytes = Buffer.from(JSON.stringify(record));
      const plain = !bytes.includes("\\") && Number.isInteger(record.source.time) && record.source.offset < 1e15;
      if (plain && record.source.time >= 0 && record.source.time < 1e15) written++;
      const scanned = readers.scan(bytes);
      if (scanned !== undefined) expect(scanned).toEqual(readers.parse(bytes));
    }),
    { numRuns: 3000 },
  );
  // It must not decline what the processor writes.
  expect(readers.scanned).toBeGreaterThan(0.95 * written);
  expect(written).toBeGreaterThan(500);
});

test("bytes that were changed are read as JSON says, or declined", () => {
  const readers = new Readers();
  const change = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom("replace", "insert", "remove", "cut"),
    byte: fc.oneof(fc.constantFrom(...Buffer.from('"\\{}[],:019-.eE nt')), fc.integer({ min: 0, max: 255 })),
  });
  fc.assert(
    fc.property(clean, fc.array(change, { minLength: 1, maxLength: 2 }), (record, changes) => {
      let bytes = Buffer.from(JSON.stringify(record));
      for (const { at, kind, byte } of changes) {
        const index = at % bytes.length;
        const after = kind === "insert" ? index : index + 1;
        const between = kind === "remove" ? [] : [byte];
        bytes =
          kind === "cut"
            ? bytes.subarray(0, index + 1)
            : Buffer.concat([bytes.subarray(0, index), Buffer.from(between), bytes.subarray(after)]);
      }
      const scanned = readers.scan(bytes);
      if (scanned !== undefined) expect(scanned).toEqual(readers.parse(bytes));
    }),
    { numRuns: 10_000 },
  );
  expect(readers.scanned).toBeGreaterThan(200);
});

test("a delivery comes out of the packed ones as it went in, in any row", () => {
  fc.assert(
    fc.property(fc.array(clean, { minLength: 1, maxLength: 100 }), fc.nat(), (records, seed) => {
      const names = new SharedTexts();
      const fields = new DeliveryFields();
      const packed = new PackedDeliveries(names);
      const expected: CleanDelivery["delivery"][] = [];
      for (const [n, { delivery }] of records.entries()) {
        fields.readDelivery(delivery, names);
        const row = (seed * 31 + n * 17) % (expected.length + 1);
        if (n % 3 === 0 && row < expected.length) {
          expected[row] = delivery;
        } else {
          if (row < expected.length) packed.makeRoom(row);
          expected.splice(row, 0, delivery);
        }
        packed.set(row, fields, n);
        expect(packed.offset(row)).toBe(n);
      }
      expect(expected.map(({ matchId }, row) => packed.at(row, matchId))).toEqual(expected);
      const copied = new PackedDeliveries(names);
      for (let row = 0; row < packed.length; row++) copied.copy(row, packed, row);
      expect(expected.map(({ matchId }, row) => copied.at(row, matchId))).toEqual(expected);
    }),
  );
});
