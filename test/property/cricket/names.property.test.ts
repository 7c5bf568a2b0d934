import fc from "fast-check";
import { FAILSAFE_SCHEMA, load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { parseCsv1Delivery, parseCsv1Match } from "../../../src/domain/cricket/csv1.ts";
import { parseCsv2Delivery, parseCsv2Info } from "../../../src/domain/cricket/csv2.ts";
import { deliveryIdentity } from "../../../src/domain/cricket/identity.ts";
import { parseJsonDelivery, parseJsonMatch } from "../../../src/domain/cricket/json.ts";
import { cleanName } from "../../../src/domain/cricket/names.ts";
import { scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import type { Delivery, Match } from "../../../src/domain/cricket/types.ts";
import { parseYamlObject } from "../../../src/domain/cricket/yaml.ts";
import { yamlText } from "../../support/cricket-files.ts";
import {
  csv1Info,
  csv1LongRow,
  csv2Info,
  csv2Row,
  jsonDelivery,
  jsonMatch,
  yamlDelivery,
  yamlMatch,
} from "../../support/cricket-writers.ts";
import { deliveries, matches } from "./arbitraries.ts";

/** Spells a name in another way that nobody sees, or hardly. */
type Spelling = (name: string) => string;

const spelling: fc.Arbitrary<Spelling> = fc
  .record({
    form: fc.constantFrom("NFC", "NFD"),
    blank: fc.constantFrom(" ", "  ", "\u00A0", " \u2009", "\u3000"),
    before: fc.constantFrom("", " ", "\uFEFF", "\u200E", "\u00A0"),
    after: fc.constantFrom("", "  ", "\u200B", "\u2060", "\u00A0"),
    within: fc.constantFrom("", "\u200B", "\u00AD", "\u200D"),
    apostrophe: fc.constantFrom("'", "\u2019", "\u02BC"),
  })
  .map(({ form, blank, before, after, within, apostrophe }) => (name: string) => {
    const spelt = name.normalize(form).replaceAll(" ", blank).replaceAll("'", apostrophe);
    return before + spelt.slice(0, 1) + within + spelt.slice(1) + after;
  });

/** Spells whatever is a name in a document, be it a value or a key. */
function spelt(value: unknown, names: ReadonlySet<string>, spellings: () => Spelling): unknown {
  const one = (text: string): string => (names.has(text.replace(/ \(sub\)$/u, "")) ? spellings()(text) : text);
  if (typeof value === "string") return one(value);
  if (Array.isArray(value)) return value.map((item) => spelt(item, names, spellings));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [one(key), spelt(member, names, spellings)] as const),
  );
}

/** A different one each time it is asked. */
function inTurn(spellings: readonly Spelling[]): () => Spelling {
  let next = 0;
  return () => spellings[next++ % spellings.length]!;
}

function namesOf(d: Delivery): ReadonlySet<string> {
  const out = d.wickets.flatMap(({ playerOut, fielders }) => [playerOut, ...(fielders ?? [])]);
  return new Set([d.battingTeam, d.batter, d.nonStriker, d.bowler, "The others", ...out]);
}

const spellings = fc.array(spelling, { minLength: 1, maxLength: 5 });

describe("a name is one name, in whatever form and with whatever blanks", () => {
  const yaml = (text: string): Delivery | Match => {
    const fact = parseYamlObject(text);
    if (fact.kind === "deletion") throw new Error("a deletion");
    return fact.kind === "delivery" ? fact.delivery : fact.match;
  };

  test("of a delivery, from every format", () => {
    const delivery = deliveries.map((all) => all[0]!);
    fc.assert(
      fc.property(delivery, spellings, (d, given) => {
        const other = (value: unknown): never => spelt(value, namesOf(d), inTurn(given)) as never;
        const json = JSON.parse(JSON.stringify(jsonDelivery(d))) as object;
        expect(parseJsonDelivery(other(json))).toEqual(parseJsonDelivery(json));
        const object = yamlDelivery(d);
        expect(yaml(yamlText(other(load(object, { schema: FAILSAFE_SCHEMA }))))).toEqual(yaml(object));
        for (const row of [csv2Row(d, "2.1"), csv2Row(d, "2.3")])
          expect(parseCsv2Delivery(other(row))).toEqual(parseCsv2Delivery(row));
        expect(parseCsv1Delivery(other(csv1LongRow(d)))).toEqual(parseCsv1Delivery(csv1LongRow(d)));
        expect(deliveryIdentity(parseJsonDelivery(other(json)))).toEqual(deliveryIdentity(parseJsonDelivery(json)));
      }),
    );
  });

  test("of a match: teams, players, the register, awards and results", () => {
    fc.assert(
      fc.property(matches, spellings, (m, given) => {
        const names = new Set([...m.teams, ...m.players.map(({ name }) => name)]);
        const other = (value: unknown): never => spelt(value, names, inTurn(given)) as never;
        const json = JSON.parse(JSON.stringify(jsonMatch(m))) as object;
        expect(parseJsonMatch(other(json))).toEqual(parseJsonMatch(json));
        const object = yamlMatch(m);
        const texts = load(object, { schema: FAILSAFE_SCHEMA }) as { match: { innings: object[] } };
        expect(yaml(yamlText(other(texts)))).toEqual(yaml(object));
        const lines = (info: string): string =>
          info
            .split("\n")
            .map((line) => (other(line.split(",")) as string[]).join(","))
            .join("\n");
        const csv2 = csv2Info(m, "2.3");
        expect(parseCsv2Info(m.matchId, lines(csv2))).toEqual(parseCsv2Info(m.matchId, csv2));
        expect(parseCsv1Match(m.matchId, lines(csv1Info(m)))).toEqual(parseCsv1Match(m.matchId, csv1Info(m)));
      }),
    );
  });

  test("so a card has each player once", () => {
    fc.assert(
      fc.property(matches, deliveries, spellings, (m, all, given) => {
        const spell = inTurn(given);
        const other = all.map((d) => {
          const ball = JSON.parse(JSON.stringify(jsonDelivery({ ...d, matchId: m.matchId }))) as object;
          return parseJsonDelivery(spelt(ball, namesOf(d), spell));
        });
        const card = scoreMatch(m, other);
        expect(card).toEqual(
          scoreMatch(
            m,
            all.map((d) => parseJsonDelivery(jsonDelivery({ ...d, matchId: m.matchId }))),
          ),
        );
        for (const { batters } of card.innings)
          expect(new Set(batters.map(({ name }) => name)).size).toBe(batters.length);
      }),
      { numRuns: 50 },
    );
  });

  test("cleaning is done once: what is clean stays as it is, byte by byte", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const clean = cleanName(text);
        expect(cleanName(clean)).toBe(clean);
        expect(clean).toBe(clean.normalize("NFC"));
      }),
    );
    for (const name of ["S Fouché", "O'Brien", "Mohammad Nawaz (3)", "J Smith-Jones", "किशन कुमार", "Nguyễn Văn A"])
      expect(cleanName(name)).toBe(name);
  });
});
