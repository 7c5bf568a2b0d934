import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deliveryIdentity, deliveryKey } from "../../../src/domain/cricket/identity.ts";
import type { Delivery } from "../../../src/domain/cricket/types.ts";
import { contentOf, sameFact } from "../../support/cricket-identity.ts";
import { deliveries } from "./arbitraries.ts";

const one: fc.Arbitrary<Delivery> = deliveries.chain((all) => fc.constantFrom(...all));
const RUNS = { numRuns: 1_000 };

/** Every field of a delivery that can be changed by itself, and how. */
const CHANGES: Readonly<Record<string, (d: Delivery) => Delivery>> = {
  matchId: (d) => ({ ...d, matchId: `${d.matchId}0` }),
  innings: (d) => ({ ...d, innings: d.innings + 1 }),
  over: (d) => ({ ...d, over: d.over + 1 }),
  ball: (d) => ({ ...d, ball: d.ball * 10 }),
  battingTeam: (d) => ({ ...d, battingTeam: `${d.battingTeam} A` }),
  batter: (d) => ({ ...d, batter: `${d.batter}e` }),
  nonStriker: (d) => ({ ...d, nonStriker: `X ${d.nonStriker}` }),
  bowler: (d) => ({ ...d, bowler: d.bowler.toUpperCase() + d.bowler }),
  "runs.batter": (d) => ({ ...d, runs: { ...d.runs, batter: d.runs.batter + 1 } }),
  "runs.extras": (d) => ({ ...d, runs: { ...d.runs, extras: d.runs.extras + 1 } }),
  "runs.total": (d) => ({ ...d, runs: { ...d.runs, total: d.runs.total + 1 } }),
  extras: (d) => ({
    ...d,
    extras: d.extras === null ? null : { ...d.extras, byes: d.extras.legbyes + 1, legbyes: d.extras.byes },
  }),
  nonBoundary: (d) => ({ ...d, nonBoundary: d.nonBoundary !== true }),
  "wickets, one more": (d) => ({ ...d, wickets: [...d.wickets, { kind: "timed out", playerOut: "Z", fielders: [] }] }),
  "wickets[].kind": (d) => ({
    ...d,
    wickets: [{ kind: "handled the ball", playerOut: d.batter, fielders: [] }, ...d.wickets.slice(1)],
  }),
  "wickets[].fielders": (d) => ({
    ...d,
    wickets:
      d.wickets.length === 0
        ? [{ kind: "caught", playerOut: d.batter, fielders: ["F"] }]
        : d.wickets.map((w) => ({ ...w, fielders: ["F", ...(w.fielders ?? [])] })),
  }),
};

describe("identity", () => {
  test.each(Object.entries(CHANGES))("a change of %s is a new key or new content", (_field, change) => {
    fc.assert(
      fc.property(one, (d) => {
        const changed = change(d);
        expect(deliveryKey(changed) + contentOf(changed)).not.toBe(deliveryKey(d) + contentOf(d));
        if (deliveryKey(changed) === deliveryKey(d))
          expect(sameFact(deliveryIdentity(d), deliveryIdentity(changed))).toBe(false);
      }),
      RUNS,
    );
  });

  test("a replay has the same key and content, however its members are ordered", () => {
    const reordered = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reordered)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([name, member]) => [name, reordered(member)]),
            )
          : value;
    fc.assert(
      fc.property(one, (d) => {
        const replay = reordered(structuredClone(d)) as Delivery;
        expect([deliveryKey(replay), contentOf(replay)]).toEqual([deliveryKey(d), contentOf(d)]);
        expect(sameFact(deliveryIdentity(replay), deliveryIdentity(d))).toBe(true);
      }),
      RUNS,
    );
  });

  test("equal key and content mean equal deliveries, where one format feeds the stream", () => {
    fc.assert(
      fc.property(one, one, (a, b) => {
        const same = deliveryKey(a) === deliveryKey(b) && contentOf(a) === contentOf(b);
        if (same) expect(a).toEqual(b);
        else expect(a).not.toEqual(b);
      }),
      RUNS,
    );
  });
});
