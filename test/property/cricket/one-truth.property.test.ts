import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCsv1Delivery } from "../../../src/domain/cricket/csv1.ts";
import { deliveryIdentity, matchIdentity } from "../../../src/domain/cricket/identity.ts";
import type { Delivery, Match } from "../../../src/domain/cricket/types.ts";
import { DELIVERIES, type Form, FORMS, MATCHES } from "../../support/cricket-forms.ts";
import { csv1LongRow } from "../../support/cricket-writers.ts";
import { sameFact } from "../../support/cricket-identity.ts";
import { deliveries, matches } from "./arbitraries.ts";

const delivery = deliveries.map((all) => all[0]!);

describe("a delivery is one fact in every form", () => {
  test("identities of any two forms agree, both ways", () => {
    fc.assert(
      fc.property(delivery, (d) => {
        const identities = FORMS.map((form) => deliveryIdentity(DELIVERIES[form](d)));
        for (const a of identities) {
          expect(a.key).toBe(identities[0]!.key);
          for (const b of identities) expect(sameFact(a, b), `${a.content}\n${b.content}`).toBe(true);
        }
        expect(identities.map(({ facets }) => facets.map((facet) => facet !== null))).toEqual([
          [true, true],
          [true, true],
          [true, true],
          [true, false],
          [false, false],
        ]);
      }),
      { numRuns: 1_000 },
    );
  });

  test("nor does the longer line of the original CSV contradict any form, though it has one wicket a ball", () => {
    fc.assert(
      fc.property(delivery, (d) => {
        const long = deliveryIdentity(parseCsv1Delivery(csv1LongRow(d)));
        for (const form of FORMS) expect(sameFact(long, deliveryIdentity(DELIVERIES[form](d))), form).toBe(true);
        expect(long.facets.map((facet) => facet !== null)).toEqual([d.wickets.length === 0, true]);
      }),
      { numRuns: 1_000 },
    );
  });

  const NOT_CSV1: readonly Form[] = ["json", "yaml", "csv2 2.3", "csv2 2.1"];
  const DETAILED: readonly Form[] = ["json", "yaml", "csv2 2.3"];
  const caught = { kind: "caught", playerOut: "Someone", fielders: ["Nurse"] } as const;
  test.each<[string, readonly Form[], (d: Delivery) => Delivery]>([
    ["the side", FORMS, (d) => ({ ...d, battingTeam: "Another side" })],
    ["the striker", FORMS, (d) => ({ ...d, batter: "Another" })],
    ["the non-striker", FORMS, (d) => ({ ...d, nonStriker: "Another" })],
    ["the bowler", FORMS, (d) => ({ ...d, bowler: "Another" })],
    ["a run", FORMS, (d) => ({ ...d, runs: { ...d.runs, batter: d.runs.batter + 1, total: d.runs.total + 1 } })],
    ["who is out", FORMS, (d) => ({ ...d, wickets: [{ ...caught, playerOut: "Somebody else" }] })],
    ["how he is out", FORMS, (d) => ({ ...d, wickets: [{ ...caught, kind: "lbw", fielders: [] }] })],
    [
      "a second wicket",
      NOT_CSV1,
      (d) => ({ ...d, wickets: [caught, { kind: "timed out", playerOut: "The next", fielders: [] }] }),
    ],
    [
      "the kind of extras",
      NOT_CSV1,
      (d) => ({ ...d, extras: { ...d.extras!, wides: d.extras!.byes + 1, byes: d.extras!.wides } }),
    ],
    ["a fielder", DETAILED, (d) => ({ ...d, wickets: [{ ...caught, fielders: ["Another"] }] })],
    ["whether it reached the boundary", DETAILED, (d) => ({ ...d, nonBoundary: !d.nonBoundary! })],
  ])("a change of %s is seen by every two forms that carry it, and by no other pair", (what, carrying, change) => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(delivery, (drawn) => {
        const d = withExtras({ ...drawn, wickets: [caught] }, { wides: 0, byes: 1 });
        const changed = what === "the kind of extras" ? withExtras(change(d), { wides: 1, byes: 0 }) : change(d);
        const before = FORMS.map((form) => [form, deliveryIdentity(DELIVERIES[form](d))] as const);
        const after = FORMS.map((form) => [form, deliveryIdentity(DELIVERIES[form](changed))] as const);
        for (const [a, old] of before) {
          for (const [b, now] of after) {
            const same = sameFact(old, now);
            expect(same, `${a} and ${b}`).toBe(!(carrying.includes(a) && carrying.includes(b)));
            if (!same) seen.add(`${a}/${b}`);
          }
        }
      }),
      { numRuns: 50 },
    );
    expect(seen.size).toBe(carrying.length ** 2);
  });

  test("another place is another key", () => {
    fc.assert(
      fc.property(delivery, fc.constantFrom("innings", "over", "ball"), (d, name) => {
        const moved = { ...d, [name]: d[name] + 9 };
        for (const form of FORMS) {
          expect(deliveryIdentity(DELIVERIES[form](moved)).key).not.toBe(deliveryIdentity(DELIVERIES[form](d)).key);
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** Other extras, runs kept in step. */
function withExtras(d: Delivery, { wides, byes }: { readonly wides: number; readonly byes: number }): Delivery {
  const sum = wides + byes;
  return {
    ...d,
    extras: { wides, noballs: 0, byes, legbyes: 0, penalty: 0 },
    runs: { batter: d.runs.batter, extras: sum, total: d.runs.batter + sum },
  };
}

describe("a match is one fact in every form", () => {
  test("identities of any two forms agree, both ways", () => {
    fc.assert(
      fc.property(matches, (m) => {
        const identities = FORMS.map((form) => matchIdentity(MATCHES[form](m)));
        for (const a of identities) {
          for (const b of identities) {
            expect(sameFact(a, b), `${JSON.stringify(a, null, 1)}\n${JSON.stringify(b, null, 1)}`).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  const REGISTERED: readonly Form[] = ["json", "yaml", "csv2 2.3", "csv2 2.1"];
  const FLAGGED: readonly Form[] = ["json", "yaml", "csv2 2.3"];
  const first = (m: Match, change: Partial<Match["inningsNotes"][number]>): Match => ({
    ...m,
    inningsNotes: m.inningsNotes.map((note, index) => (index === 0 ? { ...note, ...change } : note)),
  });
  test.each<[string, readonly Form[], (m: Match) => Match]>([
    ["the venue", FORMS, (m) => ({ ...m, venue: "Somewhere else" })],
    ["a date", FORMS, (m) => ({ ...m, dates: ["1999-12-31"] })],
    ["a team", FORMS, (m) => ({ ...m, teams: [m.teams[0], "Others"] })],
    ["the winner", FORMS, (m) => ({ ...m, outcome: { winner: "Nobody" } })],
    ["the toss", FORMS, (m) => ({ ...m, toss: { winner: "Nobody", decision: "bat" } })],
    [
      "a player",
      REGISTERED,
      (m) => ({ ...m, players: [...m.players, { team: m.teams[0], name: "A Newman", registryId: null }] }),
    ],
    ["a register id", REGISTERED, (m) => ({ ...m, players: m.players.map((p) => ({ ...p, registryId: "ffffffff" })) })],
    ["the season", ["json", "csv2 2.3", "csv2 2.1", "csv1"], (m) => ({ ...m, season: "1877" })],
    ["the gender", FORMS, (m) => ({ ...m, gender: "other" })],
    ["the event", ["json", "csv2 2.3", "csv2 2.1"], (m) => ({ ...m, event: "Another cup" })],
    ["the type", FLAGGED, (m) => ({ ...m, matchType: "T10" })],
    ["a declaration", FLAGGED, (m) => first(m, { declared: !m.inningsNotes[0]!.declared! })],
    ["a target", ["json", "csv2 2.3"], (m) => first(m, { target: { overs: 20, runs: 999 } })],
    ["who was absent", ["json", "yaml"], (m) => first(m, { absentHurt: ["A Newman"] })],
    ["penalty runs", ["json", "yaml"], (m) => first(m, { penaltyPost: m.inningsNotes[0]!.penaltyPost + 5 })],
    ["a forfeited innings", ["json", "yaml"], (m) => first(m, { forfeited: !m.inningsNotes[0]!.forfeited! })],
  ])("a change of %s is seen by every two forms that carry it, and by no other pair", (_what, carrying, change) => {
    let compared = 0;
    fc.assert(
      fc.property(matches, (m) => {
        const changed = change(m);
        const before = FORMS.map((form) => [form, matchIdentity(MATCHES[form](m))] as const);
        const after = FORMS.map((form) => [form, matchIdentity(MATCHES[form](changed))] as const);
        for (const [a, old] of before) {
          for (const [b, now] of after) {
            const same = sameFact(old, now);
            expect(same, `${a} and ${b}`).toBe(!(carrying.includes(a) && carrying.includes(b)));
            compared++;
          }
        }
      }),
      { numRuns: 30 },
    );
    expect(compared).toBe(30 * FORMS.length ** 2);
  });
});
