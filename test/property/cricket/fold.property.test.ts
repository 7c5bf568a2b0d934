import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { liveLine, renderCard } from "../../../src/domain/cricket/card.ts";
import { deliveryKey } from "../../../src/domain/cricket/identity.ts";
import { applyDelivery, foldInnings, initialInnings } from "../../../src/domain/cricket/innings.ts";
import { scoredMatchJson, scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import { cells } from "../../../src/domain/cricket/text-table.ts";
import type { Delivery, Match } from "../../../src/domain/cricket/types.ts";
import { bundledMatch } from "../../support/cricket.ts";
import { ball, deliveries } from "./arbitraries.ts";

const MATCH: Match = {
  ...bundledMatch("1059715").match,
  matchId: "1",
  teams: ["A", "B"],
  players: [],
  inningsNotes: [],
};
const RUNS = { numRuns: 300 };

function sum<T>(list: readonly T[], of: (item: T) => number | null): number {
  return list.reduce((total, item) => total + (of(item) ?? 0), 0);
}

describe("every card of any deliveries", () => {
  test("adds up: the balls, the batters and extras, the bowlers, all to the same total", () => {
    fc.assert(
      fc.property(deliveries, (all) => {
        for (const innings of scoreMatch(MATCH, all).innings) {
          const mine = all.filter((d) => d.innings === innings.number);
          expect(innings.runs).toBe(sum(mine, (d) => d.runs.total));
          expect(innings.runs).toBe(sum(innings.batters, ({ runs }) => runs) + innings.extras_total);
          expect(innings.extras_total).toBe(sum(Object.values(innings.extras ?? {}), (runs) => runs));
          expect(innings.deliveries).toBe(mine.length);
          expect(innings.legal_balls).toBe(sum(innings.bowlers, ({ balls }) => balls));
          // What is not charged to a bowler is byes, leg byes and penalty runs, and nothing else.
          const { byes = 0, legbyes = 0, penalty = 0 } = innings.extras ?? {};
          expect(sum(innings.bowlers, ({ runs }) => runs)).toBe(innings.runs - byes - legbyes - penalty);
          // A ball is faced by its striker unless it is a wide.
          expect(sum(innings.batters, ({ balls }) => balls)).toBe(mine.filter((d) => d.extras?.wides === 0).length);
        }
      }),
      RUNS,
    );
  });

  test("keeps the rules of wickets and maidens", () => {
    fc.assert(
      fc.property(deliveries, (all) => {
        for (const innings of scoreMatch(MATCH, all).innings) {
          expect(innings.fall.map(([wicket]) => wicket)).toEqual(
            Array.from({ length: innings.wickets }, (_, n) => n + 1),
          );
          expect(sum(innings.bowlers, ({ wickets }) => wickets)).toBeLessThanOrEqual(innings.wickets);
          expect(innings.batters.filter(({ out }) => out).length).toBeLessThanOrEqual(innings.wickets);
          for (const { out, how, bowler } of innings.batters) {
            expect(out).toBe(!["not out", "retired hurt", "retired not out"].includes(how));
            if (bowler !== null) expect(["bowled", "caught", "lbw", "stumped"]).toContain(how);
          }
          const overs = new Set(all.filter((d) => d.innings === innings.number).map(({ over }) => over)).size;
          expect(sum(innings.bowlers, ({ maidens }) => maidens)).toBeLessThanOrEqual(overs);
        }
      }),
      RUNS,
    );
  });

  test("does not depend on the order in which the rows come", () => {
    fc.assert(
      fc.property(
        deliveries.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length }))),
        ([all, shuffled]) => {
          expect(scoredMatchJson(scoreMatch(MATCH, shuffled))).toBe(scoredMatchJson(scoreMatch(MATCH, all)));
        },
      ),
      RUNS,
    );
  });

  test("fits a terminal, after every ball too", () => {
    fc.assert(
      fc.property(deliveries, (all) => {
        const scored = scoreMatch(MATCH, all);
        for (const line of renderCard(scored, MATCH).split("\n")) expect(cells(line)).toBeLessThanOrEqual(100);
        expect(liveLine(scored, MATCH, all.at(-1))).not.toContain("\n");
      }),
      { numRuns: 100 },
    );
  });
});

describe("EO-10: the fold equals what the accepted set recomputes", () => {
  test("ball by ball, with corrections that replace what they correct", () => {
    const corrections = fc.array(fc.tuple(fc.nat(), ball), { maxLength: 12 });
    fc.assert(
      fc.property(deliveries, corrections, (all, fixes) => {
        const accepted = new Map<string, Delivery>(all.map((d) => [deliveryKey(d), d]));
        for (const [pick, content] of fixes) {
          const corrected = all[pick % all.length] as Delivery;
          accepted.set(deliveryKey(corrected), { ...corrected, ...content });
        }
        const rebuilt = scoreMatch(MATCH, [...accepted.values()]);
        for (const innings of rebuilt.innings) {
          const mine = [...accepted.values()].filter((d) => d.innings === innings.number);
          // The map keeps the place of a replaced delivery, so this is the order of play.
          const live = mine.reduce(applyDelivery, initialInnings(innings.number));
          expect(live).toEqual(foldInnings(initialInnings(innings.number), [...mine].reverse()));
          expect([live.runs, live.wickets, live.legalBalls]).toEqual([
            innings.runs,
            innings.wickets,
            innings.legal_balls,
          ]);
        }
      }),
      RUNS,
    );
  });

  test("a correction taken back leaves no trace", () => {
    fc.assert(
      fc.property(deliveries, fc.nat(), ball, (all, pick, content) => {
        const before = scoredMatchJson(scoreMatch(MATCH, all));
        const at = pick % all.length;
        const wrong = all.with(at, { ...(all[at] as Delivery), ...content });
        scoreMatch(MATCH, wrong);
        expect(scoredMatchJson(scoreMatch(MATCH, wrong.with(at, all[at] as Delivery)))).toBe(before);
      }),
      RUNS,
    );
  });
});
