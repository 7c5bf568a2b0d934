import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deliveryIdentity, deliveryKey, matchIdentity } from "../../../src/domain/cricket/identity.ts";
import { mergeDelivery, mergeMatch } from "../../../src/domain/cricket/merge.ts";
import { scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import type { Delivery, Match } from "../../../src/domain/cricket/types.ts";
import { DELIVERIES, type Form, FORMS, MATCHES } from "../../support/cricket-forms.ts";
import { deliveries, matches } from "./arbitraries.ts";

type Facets = readonly (string | null)[];

interface Known<T> {
  readonly value: T;
  readonly facets: Facets;
}

/** What stands after records of one fact have come: one that knows more than was known is merged, the others change nothing. */
function arrive<T>(records: readonly T[], facetsOf: (record: T) => Facets, merge: (known: T, next: T) => T): Known<T> {
  const [first, ...others] = records as readonly [T, ...T[]];
  let known: Known<T> = { value: first, facets: facetsOf(first) };
  for (const next of others) {
    const said = facetsOf(next);
    if (!said.some((facet, at) => facet !== null && known.facets[at] === null)) continue;
    known = { value: merge(known.value, next), facets: known.facets.map((facet, at) => facet ?? said[at]!) };
  }
  return known;
}

const ofMatch = (m: Match): Facets => matchIdentity(m).facets;
const ofDelivery = (d: Delivery): Facets => deliveryIdentity(d).facets;

/** The forms that told of a match, in the order in which they came. */
const arrivals = fc.shuffledSubarray([...FORMS], { minLength: 1 });

/** csv2 does not tell which of two wickets a fielder had part in: here he had part in the first. */
const balls = deliveries.map((all) =>
  all.map((d): Delivery => ({
    ...d,
    wickets: d.wickets.map((wicket, at) => (at === 0 ? wicket : { ...wicket, fielders: [] })),
  })),
);

/** Without what formats write differently for one fact: the mark of a substitute, and the strokes of a date. */
function card(match: Match, played: readonly Delivery[]): string {
  return JSON.stringify(scoreMatch(match, played)).replaceAll(" (sub)", "").replaceAll("/", "-");
}

describe("one match in several forms", () => {
  test("ends at one card, whatever the order of arrival, and knows all that any of them told", () => {
    fc.assert(
      fc.property(
        matches.map((m): Match => ({ ...m, matchId: "1" })),
        balls,
        arrivals,
        fc.func(fc.integer()),
        (m, played, forms, rank) => {
          const orders: readonly Form[][] = [forms, forms.toReversed(), forms.toSorted((a, b) => rank(a) - rank(b))];
          const ends = orders.map((order) => {
            const match = arrive(
              order.map((form) => MATCHES[form](m)),
              ofMatch,
              mergeMatch,
            );
            const known = played.map((d) =>
              arrive(
                order.map((form) => DELIVERIES[form](d)),
                ofDelivery,
                mergeDelivery,
              ),
            );
            // What the merged value says is what the review knows: the audit compares the two.
            expect(ofMatch(match.value)).toEqual(match.facets);
            for (const { value, facets } of known) expect(ofDelivery(value)).toEqual(facets);
            return card(
              match.value,
              known.map(({ value }) => value),
            );
          });
          for (const end of ends) expect(end).toBe(ends[0]);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("a later merge of the same changes nothing", () => {
    fc.assert(
      fc.property(matches, fc.constantFrom(...FORMS), fc.constantFrom(...FORMS), (m, a, b) => {
        const once = mergeMatch(MATCHES[a](m), MATCHES[b](m));
        expect(mergeMatch(once, once)).toEqual(once);
      }),
      { numRuns: 200 },
    );
  });
});

describe("a correction of a format that knows less", () => {
  const one = deliveries.map((all) => all[0]!);

  test("keeps what still holds of a delivery, and nothing that does not", () => {
    fc.assert(
      fc.property(one, one, (before, after) => {
        const next = DELIVERIES.csv1({ ...after, innings: before.innings, over: before.over, ball: before.ball });
        const merged = mergeDelivery(DELIVERIES.json(before), next);
        expect(deliveryKey(merged)).toBe(deliveryKey(next));
        expect(deliveryIdentity(merged).content).toBe(deliveryIdentity(next).content);
        const { extras } = merged;
        if (extras !== null) {
          const sum = extras.wides + extras.noballs + extras.byes + extras.legbyes + extras.penalty;
          expect(sum).toBe(merged.runs.extras);
        }
        if (merged.runs.batter === before.runs.batter) expect(merged.nonBoundary).toBe(before.nonBoundary);
        else expect(merged.nonBoundary).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });

  test("keeps a match's penalty runs, absent batters and targets", () => {
    fc.assert(
      fc.property(matches, (m) => {
        const before = MATCHES.json(m);
        const corrected = mergeMatch(before, MATCHES["csv2 2.1"]({ ...m, venue: "Another ground" }));
        expect(corrected.venue).toBe("Another ground");
        expect(corrected.inningsNotes).toEqual(before.inningsNotes);
        expect(matchIdentity(corrected).facets).toEqual(matchIdentity(before).facets);
      }),
      { numRuns: 200 },
    );
  });
});
