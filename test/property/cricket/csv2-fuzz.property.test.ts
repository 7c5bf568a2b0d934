import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCsv2Delivery, parseCsv2Info } from "../../../src/domain/cricket/csv2.ts";
import { deliveryKey } from "../../../src/domain/cricket/identity.ts";
import { scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import { PoisonError } from "../../../src/domain/errors.ts";
import { contentOf, matchContentOf } from "../../support/cricket-identity.ts";
import { asVersion21, BUNDLED, bundledMatch, plainRow, readMatch } from "../../support/cricket.ts";

const { match } = bundledMatch("1059715");
const ROWS = [...BUNDLED.expected.keys()].flatMap((id) =>
  readMatch(BUNDLED.dir, id).rows.filter((_, n) => n % 40 === 0),
);
const INFOS = [...BUNDLED.expected.keys()].map((id) => readMatch(BUNDLED.dir, id));
const NASTY = [
  "",
  " ",
  "-1",
  "0.0",
  "1e9",
  "NaN",
  "__proto__",
  "0.10",
  "10.1",
  "9".repeat(400),
  "\u0000",
  "\uFFFD",
  "😀",
  "run out",
  "true",
  "null",
];

/** Runs a parser; anything but a value or a PoisonError with a one-line reason fails the test. */
function valueOrPoison<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    expect(error).toBeInstanceOf(PoisonError);
    const { message } = error as Error;
    expect(message).toMatch(/^[^\n]{10,600}$/u);
    return undefined;
  }
}

describe("whatever a row holds", () => {
  const text = fc.oneof(
    fc.constantFrom(...NASTY),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.integer({ min: -5, max: 600 }).map(String),
  );

  test("it is a delivery that can be scored, or poison with a reason", () => {
    const columns = Object.keys(plainRow());
    const change = fc.tuple(fc.constantFrom(...columns), fc.option(text, { nil: undefined }));
    let poisoned = 0;
    let read = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...ROWS),
        fc.boolean(),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        (row, older, changes) => {
          const mutated: Record<string, string> = older ? asVersion21(row) : { ...row };
          for (const [name, value] of changes) {
            if (value === undefined) delete mutated[name];
            else mutated[name] = value;
          }
          const d = valueOrPoison(() => parseCsv2Delivery(mutated));
          if (d === undefined) poisoned++;
          else {
            read++;
            const [innings] = scoreMatch({ ...match, matchId: d.matchId }, [d]).innings;
            expect(innings?.runs).toBe(d.runs.total);
            expect(deliveryKey(d)).toMatch(/^d\/[\w-]+\/\d+\/\d+\/\d+$/u);
            expect(JSON.parse(contentOf(d))).toHaveLength(3);
          }
        },
      ),
      { numRuns: 5_000 },
    );
    // Both must happen, or the mutations test nothing.
    expect(poisoned).toBeGreaterThan(500);
    expect(read).toBeGreaterThan(500);
  });

  test("columns of any names and texts are never anything but poison or a delivery", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.constantFrom(...Object.keys(plainRow())), fc.string()), text),
        (columns) => {
          valueOrPoison(() => parseCsv2Delivery(columns));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("whatever an info file holds", () => {
  test("cut off anywhere, it is a match or poison with a reason", () => {
    fc.assert(
      fc.property(fc.constantFrom(...INFOS), fc.double({ min: 0, max: 1, noNaN: true }), ({ id, info }, part) => {
        const read = valueOrPoison(() => parseCsv2Info(id, info.slice(0, Math.floor(info.length * part))));
        // What is read has its result: the files put it before the players, without whom nothing is read.
        if (read !== undefined) expect(read.outcome).toEqual(parseCsv2Info(id, info).outcome);
      }),
      { numRuns: 1_000 },
    );
  });

  test("with characters replaced and lines swapped, it is a match or poison with a reason", () => {
    const edit = fc.record({
      at: fc.double({ min: 0, max: 0.999, noNaN: true }),
      remove: fc.nat({ max: 12 }),
      put: fc.oneof(fc.constantFrom(...NASTY, "\n", '"', ","), fc.string({ unit: "binary", maxLength: 8 })),
    });
    fc.assert(
      fc.property(fc.constantFrom(...INFOS), fc.array(edit, { minLength: 1, maxLength: 4 }), ({ id, info }, edits) => {
        const mutated = edits.reduce((text, { at, remove, put }) => {
          const from = Math.floor(text.length * at);
          return text.slice(0, from) + put + text.slice(from + remove);
        }, info);
        const read = valueOrPoison(() => parseCsv2Info(id, mutated));
        if (read !== undefined) expect(JSON.parse(matchContentOf(read))).toHaveLength(19);
      }),
      { numRuns: 2_000 },
    );
  });

  test("any text at all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(valueOrPoison(() => parseCsv2Info("1", text))).toBeUndefined();
        valueOrPoison(() => parseCsv2Info("1", `version,2.3.0\ninfo,${text}`));
      }),
      { numRuns: 2_000 },
    );
  });
});
