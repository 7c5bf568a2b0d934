import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCsv1Delivery } from "../../../src/domain/cricket/csv1.ts";
import { parseCsv2Delivery, parseCsv2Info } from "../../../src/domain/cricket/csv2.ts";
import { parseJsonDelivery, parseJsonMatch } from "../../../src/domain/cricket/json.ts";
import { parseYamlObject } from "../../../src/domain/cricket/yaml.ts";
import { checkSchema } from "../../../src/schemas/validate.ts";
import * as schemas from "../../../src/schemas/compiled.ts";
import { yamlText } from "../../support/cricket-files.ts";
import {
  csv1LongRow,
  csv1Row,
  csv2Info,
  csv2Row,
  jsonDelivery,
  jsonMatch,
  yamlDelivery,
  yamlMatch,
} from "../../support/cricket-writers.ts";
import { deliveries, matches } from "./arbitraries.ts";
import { load, FAILSAFE_SCHEMA } from "js-yaml";

const delivery = deliveries.map((all) => all[0]!);

/** Names that no format has; some live on the prototype of an object. */
const name = fc.oneof(
  fc.constantFrom("review", "drs", "constructor", "toString", "wides_by", "$set", "a.b", ""),
  fc.string({ minLength: 1, maxLength: 8 }).map((text) => `new ${text}`),
);
const text = fc.oneof(fc.string(), fc.constantFrom("\u0000", "\uFFFD", "x".repeat(2_000)));
const value = fc.oneof(
  text,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 2 }),
  fc.dictionary(name, text),
);
const additions = fc.array(fc.tuple(fc.nat(), name, value), { minLength: 1, maxLength: 6 });

/** Objects within a document in which a format may get new members: not those whose members are names of people or labels. */
function objectsIn(document: unknown, within = ""): Record<string, unknown>[] {
  if (Array.isArray(document)) return document.flatMap((item) => objectsIn(item, within));
  if (typeof document !== "object" || document === null) return [];
  const found = Object.entries(document).flatMap(([key, member]) => objectsIn(member, key));
  return within === "people" ? found : [document as Record<string, unknown>, ...found];
}

/** A copy of a document with new members here and there. */
function withMore<D>(
  document: D,
  more: readonly (readonly [number, string, unknown])[],
  as: (value: unknown) => unknown = (v) => v,
): D {
  const copy = structuredClone(document);
  for (const [at, key, added] of more) {
    const objects = objectsIn(copy);
    const object = objects[at % objects.length]!;
    if (!Object.hasOwn(object, key)) Object.defineProperty(object, key, { value: as(added), enumerable: true });
  }
  return copy;
}

const asTexts = (added: unknown): unknown =>
  typeof added === "object" && added !== null ? added : String(added).replaceAll(/[^ -~]/gu, "?");

describe("what a later version adds changes nothing, wherever it stands", () => {
  test("columns of both CSVs", () => {
    fc.assert(
      fc.property(delivery, fc.array(fc.tuple(name, value), { minLength: 1 }), (d, more) => {
        for (const [row, parse, schema] of [
          [csv1Row(d), parseCsv1Delivery, schemas.odiCsv1Delivery],
          [csv1LongRow(d), parseCsv1Delivery, schemas.odiCsv1Delivery],
          [csv2Row(d, "2.1"), parseCsv2Delivery, schemas.odiDelivery],
          [csv2Row(d, "2.3"), parseCsv2Delivery, schemas.odiDelivery],
        ] as const) {
          const longer = { ...Object.fromEntries(more), ...row } as Record<string, string>;
          checkSchema(schema, longer);
          expect(parse(longer)).toEqual(parse(row));
        }
      }),
    );
  });

  test("lines and fields of an info file", () => {
    const plain = fc.string({ unit: fc.constantFrom(...Array.from("abc é-")), maxLength: 8 });
    const line = fc.array(plain, { maxLength: 3 }).map((fields) => ["info", "new_key", ...fields].join(","));
    fc.assert(
      fc.property(matches, fc.array(fc.tuple(fc.nat(), line), { minLength: 1 }), plain, (m, more, field) => {
        const lines = csv2Info(m, "2.3").trimEnd().split("\n");
        const longer = lines.map((given) => (given.startsWith("info") ? `${given},${field}` : given));
        for (const [at, added] of more) longer.splice(1 + (at % (longer.length - 1)), 0, added);
        const read = (from: readonly string[]): unknown => parseCsv2Info(m.matchId, `${from.join("\n")}\n`);
        expect(read(longer)).toEqual(read(lines));
      }),
    );
  });

  test("members of a JSON document, at every level", () => {
    fc.assert(
      fc.property(delivery, matches, additions, (d, m, more) => {
        const ball = JSON.parse(JSON.stringify(jsonDelivery(d))) as object;
        const longer = withMore(ball, more);
        checkSchema(schemas.t20iDelivery, longer);
        expect(parseJsonDelivery(longer)).toEqual(parseJsonDelivery(ball));
        const match = JSON.parse(JSON.stringify(jsonMatch(m))) as object;
        const longerMatch = withMore(match, more);
        checkSchema(schemas.t20iMatch, longerMatch);
        expect(parseJsonMatch(longerMatch)).toEqual(parseJsonMatch(match));
      }),
    );
  });

  test("keys of a YAML object, at every level", () => {
    fc.assert(
      fc.property(delivery, matches, additions, (d, m, more) => {
        for (const object of [yamlDelivery(d), yamlMatch(m)]) {
          const read = load(object, { schema: FAILSAFE_SCHEMA }) as object;
          const longer = withMore(read, more, asTexts);
          expect(parseYamlObject(yamlText(longer))).toEqual(parseYamlObject(object));
        }
      }),
    );
  });
});
