import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCsv1Delivery, parseCsv1Match } from "../../../src/domain/cricket/csv1.ts";
import { deliveryIdentity, matchIdentity } from "../../../src/domain/cricket/identity.ts";
import { parseJsonDelivery, parseJsonMatch } from "../../../src/domain/cricket/json.ts";
import { scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import type { Delivery, Match } from "../../../src/domain/cricket/types.ts";
import { parseYamlObject } from "../../../src/domain/cricket/yaml.ts";
import { PoisonError } from "../../../src/domain/errors.ts";
import { csv1Records, jsonDocuments, yamlObjects } from "../../support/cricket-files.ts";
import { bundledMatch } from "../../support/cricket.ts";

const ROOT = join(import.meta.dirname, "../../..");
const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const every = <T>(n: number, all: readonly T[]): T[] => all.filter((_, index) => index % n === 0);

const JSON_FILE = jsonDocuments("1485939", text("data/t20i/1485939.json"));
const YAML_FILE = yamlObjects("1152848", text("data/test/1152848.yaml"));
const CSV1_FILE = csv1Records("238200", text("test/fixtures/cricket/csv1/238200.csv"));
const { match } = bundledMatch("1059715");

/** Runs a parser; anything but a value or a PoisonError with a one-line reason fails the test. */
function valueOrPoison<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    expect(error).toBeInstanceOf(PoisonError);
    const { message } = error as Error;
    expect(message).toMatch(/^[^\n]{10,800}$/u);
    return undefined;
  }
}

/** What a parser gave can be used for everything that follows. */
function checkDelivery(d: Delivery): void {
  const [innings] = scoreMatch({ ...match, matchId: d.matchId }, [d]).innings;
  expect(innings?.runs).toBe(d.runs.total);
  expect(deliveryIdentity(d).key).toMatch(/^d\/[\w-]+\/\d+\/\d+\/\d+$/u);
}

function checkMatch(m: Match): void {
  expect(scoreMatch(m, []).id).toBe(m.matchId);
  expect(matchIdentity(m).facets.length).toBe(18);
}

const NASTY: readonly unknown[] = [
  null,
  "",
  " ",
  "-1",
  "4.10",
  "constructor",
  "__proto__",
  "\u0000",
  "\uFFFD",
  "x".repeat(2_000),
  -1,
  0.5,
  1e308,
  Number.NaN,
  true,
  [],
  {},
  [[[[]]]],
  ["a", 1],
  { name: null },
];
const nasty = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.integer({ min: -5, max: 600 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** A document with some of its values replaced, taken out or joined by others. */
const edits = fc.array(fc.record({ at: fc.nat(), how: fc.constantFrom("put", "drop", "add"), value: nasty }), {
  minLength: 1,
  maxLength: 3,
});

function mutate(document: unknown, changes: readonly { at: number; how: string; value: unknown }[]): unknown {
  const copy = structuredClone(document);
  for (const { at, how, value } of changes) {
    const places = placesOf(copy);
    const place = places[at % places.length];
    if (place === undefined) break;
    const [holder, name] = place;
    if (how === "drop") delete holder[name];
    else holder[how === "add" ? `${name}_${at % 3}` : name] = value;
  }
  return copy;
}

function placesOf(document: unknown): (readonly [holder: Record<string, unknown>, name: string])[] {
  if (typeof document !== "object" || document === null) return [];
  const holder = document as Record<string, unknown>;
  return Object.keys(holder).flatMap((name) => [[holder, name] as const, ...placesOf(holder[name])]);
}

/** Parses many mutations; both poison and values have to come, or the mutations test nothing. */
function fuzz<T>(drawn: fc.Arbitrary<T>, parse: (value: T) => unknown, numRuns: number): void {
  let poisoned = 0;
  let read = 0;
  fc.assert(
    fc.property(drawn, (value) => {
      if (parse(value) === undefined) poisoned++;
      else read++;
    }),
    { numRuns },
  );
  expect(poisoned).toBeGreaterThan(numRuns / 20);
  expect(read).toBeGreaterThan(numRuns / 20);
}

describe("whatever a JSON document holds, it is a record that can be used, or poison with a reason", () => {
  test("deliveries with values of other types, missing and added members", () => {
    const drawn = fc.tuple(fc.constantFrom(...every(25, JSON_FILE.deliveries)), edits);
    const parse = ([document, changes]: [object, Parameters<typeof mutate>[1]]): Delivery | undefined => {
      const d = valueOrPoison(() => parseJsonDelivery(mutate(document, changes)));
      if (d !== undefined) checkDelivery(d);
      return d;
    };
    fuzz(drawn, parse, 3_000);
  });

  test("matches, the same", () => {
    const drawn = edits.map((changes) => mutate(JSON_FILE.match, changes));
    const parse = (document: unknown): Match | undefined => {
      const m = valueOrPoison(() => parseJsonMatch(document));
      if (m !== undefined) checkMatch(m);
      return m;
    };
    fuzz(drawn, parse, 1_500);
  });

  test("anything at all", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withSparseArray: true }), (value) => {
        expect(valueOrPoison(() => parseJsonDelivery(value))).toBeUndefined();
        expect(valueOrPoison(() => parseJsonMatch(value))).toBeUndefined();
        valueOrPoison(() => parseJsonDelivery({ ...JSON_FILE.deliveries[0], delivery: value }));
        valueOrPoison(() => parseJsonMatch({ ...JSON_FILE.match, match: value }));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** A text with pieces taken out and put in. */
const textEdits = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 0.999, noNaN: true }),
    remove: fc.oneof(fc.constant(0), fc.nat({ max: 2 }), fc.nat({ max: 8 })),
    put: fc.oneof(
      fc.constantFrom("", "a", "é", "1", "0"),
      fc.constantFrom(
        "",
        "\n",
        "  ",
        ": ",
        "- ",
        "&a ",
        "*a",
        "<<: ",
        "!!int ",
        "'",
        '"',
        "{",
        "}",
        "[",
        "|",
        ">",
        "\t",
        "\u0000",
        "---\n",
        "? ",
        "%YAML",
      ),
      fc.string({ unit: "binary", maxLength: 6 }),
    ),
  }),
  { minLength: 1, maxLength: 2 },
);

function edited(original: string, changes: readonly { at: number; remove: number; put: string }[]): string {
  return changes.reduce((now, { at, remove, put }) => {
    const from = Math.floor(now.length * at);
    return now.slice(0, from) + put + now.slice(from + remove);
  }, original);
}

describe("whatever a YAML object holds, it is a record that can be used, or poison with a reason", () => {
  const parse = (object: string): unknown => {
    const fact = valueOrPoison(() => parseYamlObject(object));
    if (fact?.kind === "delivery") checkDelivery(fact.delivery);
    if (fact?.kind === "match") checkMatch(fact.match);
    return fact;
  };

  test("deliveries and matches with characters replaced", () => {
    const objects = [...every(100, YAML_FILE.deliveries), YAML_FILE.match];
    const drawn = fc.tuple(fc.constantFrom(...objects), textEdits).map(([object, changes]) => edited(object, changes));
    fuzz(drawn, parse, 4_000);
  });

  test("any text at all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), textEdits, (object, changes) => {
        expect(parse(object)).toBeUndefined();
        expect(parse(edited(object, changes))).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("whatever the original CSV holds, it is a record that can be used, or poison with a reason", () => {
  test("rows with columns replaced and missing", () => {
    const value = fc.option(
      fc.oneof(
        fc.constantFrom("", "0.1", "47.1", "47.10", "-1", "\u0000", "9".repeat(50), "retired hurt", "1e3"),
        fc.string({ unit: "binary", maxLength: 12 }),
        fc.integer({ min: -2, max: 50 }).map(String),
      ),
      { nil: undefined },
    );
    const columns = Object.keys(CSV1_FILE.rows[0]!);
    const changes = fc.array(fc.tuple(fc.constantFrom(...columns), value), { minLength: 1, maxLength: 2 });
    const drawn = fc.tuple(fc.constantFrom(...every(20, CSV1_FILE.rows)), changes);
    fuzz(
      drawn,
      ([row, replaced]) => {
        const kept = Object.entries({ ...row, ...Object.fromEntries(replaced) }).filter(
          ([, column]) => column !== undefined,
        );
        const d = valueOrPoison(() => parseCsv1Delivery(Object.fromEntries(kept) as Record<string, string>));
        if (d !== undefined) checkDelivery(d);
        return d;
      },
      3_000,
    );
  });

  test("the other lines, edited and cut off", () => {
    const drawn = fc.oneof(
      textEdits.map((changes) => edited(CSV1_FILE.info, changes)),
      fc.nat({ max: CSV1_FILE.info.length }).map((length) => CSV1_FILE.info.slice(0, length)),
      fc
        .oneof(
          fc.constantFrom("1,pre,5", "2,post,10", "1,mid,5", "0,pre,5", "2,post,-5", "2,post"),
          fc.string({ unit: "binary" }),
        )
        .map((line) => `${CSV1_FILE.info.trimEnd()}\npenalty_runs,${line}\n`),
    );
    fuzz(
      drawn,
      (info) => {
        const m = valueOrPoison(() => parseCsv1Match("238200", info));
        if (m !== undefined) checkMatch(m);
        return m;
      },
      800,
    );
  });
});
