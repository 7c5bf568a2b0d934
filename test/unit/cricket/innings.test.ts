import { describe, expect, test } from "vitest";
import {
  applyDelivery,
  foldInnings,
  initialInnings,
  type InningsScore,
  maidenInProgress,
} from "../../../src/domain/cricket/innings.ts";
import type { Delivery } from "../../../src/domain/cricket/types.ts";
import { delivery } from "../../support/cricket.ts";

/** An over of `balls`, in order; the n-th gets ball n. */
function over(number: number, balls: readonly Parameters<typeof delivery>[0][]): readonly Delivery[] {
  return balls.map((ball, n) => delivery({ ...ball, over: number, ball: n + 1 }));
}

function dots(count: number, changes: Parameters<typeof delivery>[0] = {}): readonly Parameters<typeof delivery>[0][] {
  return Array.from({ length: count }, () => changes);
}

function score(...overs: readonly (readonly Delivery[])[]): InningsScore {
  return foldInnings(initialInnings(1), overs.flat());
}

/** Maidens as a card shows them now, by bowler. */
function maidens(innings: InningsScore): Record<string, number> {
  const now = maidenInProgress(innings);
  return Object.fromEntries(
    innings.bowlers.map(({ name, maidens: before }) => [name, before + (name === now ? 1 : 0)]),
  );
}

describe("a maiden", () => {
  test("is six legal balls of one bowler with nothing off bat, wides and no-balls", () => {
    expect(maidens(score(over(0, dots(6))))).toEqual({ b1: 1 });
    expect(maidens(score(over(0, [...dots(5), { bat: 1 }])))).toEqual({ b1: 0 });
    expect(maidens(score(over(0, [...dots(6), { extra: { wides: 1 } }])))).toEqual({ b1: 0 });
    expect(maidens(score(over(0, [...dots(6), { extra: { noballs: 1 } }])))).toEqual({ b1: 0 });
  });

  test("survives byes, leg byes and penalty runs", () => {
    expect(
      maidens(
        score(over(0, [...dots(3), { extra: { byes: 4 } }, { extra: { legbyes: 1 } }, { extra: { penalty: 5 } }])),
      ),
    ).toEqual({ b1: 1 });
  });

  test("is nobody's when two bowlers shared the over", () => {
    expect(maidens(score(over(0, [...dots(3), ...dots(3, { bowler: "b2" })]), over(1, [{}])))).toEqual({
      b1: 0,
      b2: 0,
    });
  });

  test("may have five balls when another over followed, but not when the innings ended", () => {
    expect(maidens(score(over(0, dots(5)), over(1, [{ bowler: "b2" }])))).toEqual({ b1: 1, b2: 0 });
    expect(maidens(score(over(0, dots(5))))).toEqual({ b1: 0 });
  });

  test("is taken back when the over goes on and a run comes", () => {
    const six = score(over(0, dots(6)));
    expect(maidens(six)).toEqual({ b1: 1 });
    expect(maidens(applyDelivery(six, delivery({ ball: 7, bat: 1 })))).toEqual({ b1: 0 });
  });

  test("has as many balls as the match's overs have", () => {
    const eight = initialInnings(1, 8);
    expect(maidens(foldInnings(eight, over(0, dots(6))))).toEqual({ b1: 0 });
    expect(maidens(foldInnings(eight, over(0, dots(8))))).toEqual({ b1: 1 });
  });
});

describe("balls and runs", () => {
  test("a wide is not faced and not legal, a no-ball is faced and not legal", () => {
    const innings = score(over(0, [{ extra: { wides: 1 } }, { extra: { noballs: 1 }, bat: 4 }, { bat: 1 }]));
    expect(innings).toMatchObject({ runs: 7, deliveries: 3, legalBalls: 1, extrasTotal: 2 });
    expect(innings.batters[0]).toMatchObject({ name: "a1", runs: 5, balls: 2, fours: 1 });
    expect(innings.bowlers[0]).toMatchObject({ balls: 1, runs: 7, wides: 1, noballs: 1 });
  });

  test("byes, leg byes and penalty runs are the team's, not the bowler's", () => {
    const innings = score(over(0, [{ extra: { byes: 4 } }, { extra: { legbyes: 2 } }, { extra: { penalty: 5 } }]));
    expect(innings).toMatchObject({ runs: 11, extrasTotal: 11, extras: { byes: 4, legbyes: 2, penalty: 5 } });
    expect(innings.bowlers[0]).toMatchObject({ runs: 0, balls: 3 });
  });

  test("fours and sixes that were run are runs, but no boundaries", () => {
    const innings = score(
      over(0, [{ bat: 4 }, { bat: 4, nonBoundary: true }, { bat: 6 }, { bat: 6, nonBoundary: true }, { bat: 5 }]),
    );
    expect(innings.batters[0]).toMatchObject({ runs: 25, fours: 1, sixes: 1 });
    expect(innings.boundariesExact).toBe(true);
  });

  test("where the format does not know, boundaries are not exact", () => {
    expect(score(over(0, [{ bat: 4, nonBoundary: null }]))).toMatchObject({
      boundariesExact: false,
      batters: [{ fours: 1 }, {}],
    });
  });
});

describe("wickets", () => {
  const out = (kind: string, playerOut = "a1"): Delivery["wickets"] => [{ kind, playerOut, fielders: [] }];

  test.each(["bowled", "caught", "caught and bowled", "lbw", "stumped", "hit wicket"])("%s is the bowler's", (kind) => {
    const innings = score(over(0, [{ wickets: out(kind) }]));
    expect(innings).toMatchObject({
      wickets: 1,
      bowlers: [{ wickets: 1 }],
      fall: [{ wicket: 1, player: "a1", label: "0.1" }],
    });
  });

  test.each(["run out", "timed out", "obstructing the field", "hit the ball twice", "handled the ball", "retired out"])(
    "%s is the team's loss and not the bowler's gain",
    (kind) => {
      expect(score(over(0, [{ wickets: out(kind) }]))).toMatchObject({ wickets: 1, bowlers: [{ wickets: 0 }] });
    },
  );

  test.each(["retired hurt", "retired not out"])("%s is no wicket", (kind) => {
    const innings = score(over(0, [{ wickets: out(kind) }]));
    expect(innings).toMatchObject({ wickets: 0, fall: [], bowlers: [{ wickets: 0 }] });
    expect(innings.batters[0]?.wicket?.kind).toBe(kind);
  });

  test("who retired hurt and comes back is not out, and can get out later", () => {
    const retired = over(0, [
      { wickets: out("retired hurt") },
      { batter: "a3" },
      { batter: "a1", nonStriker: "a3", bat: 2 },
    ]);
    expect(score(retired).batters[0]).toMatchObject({ name: "a1", runs: 2, balls: 2, wicket: null });
    const bowled = over(1, [{ batter: "a3", nonStriker: "a1", wickets: out("run out", "a1") }]);
    expect(score(retired, bowled)).toMatchObject({
      wickets: 1,
      batters: [{ name: "a1", wicket: { kind: "run out" } }, {}, {}],
    });
  });

  test("two fall on one ball: who was timed out comes into the order without a ball", () => {
    const innings = score(
      over(0, [{ bat: 1 }, { wickets: [...out("caught", "a1"), ...out("timed out", "a4")] }, { batter: "a5" }]),
    );
    expect(innings.batters.map(({ name, balls }) => [name, balls])).toEqual([
      ["a1", 2],
      ["a2", 0],
      ["a4", 0],
      ["a5", 1],
    ]);
    expect(innings.fall.map(({ wicket, runs, player, label }) => [wicket, runs, player, label])).toEqual([
      [1, 1, "a1", "0.2"],
      [2, 1, "a4", "0.2"],
    ]);
    expect(innings.bowlers[0]?.wickets).toBe(1);
  });

  test("the label of a fall counts deliveries: the tenth of over 47 is 47.10", () => {
    const [ball] = over(47, [{ wickets: out("lbw") }]);
    expect(foldInnings(initialInnings(1), [{ ...(ball as Delivery), ball: 10 }]).fall[0]?.label).toBe("47.10");
  });
});

describe("the fold", () => {
  test("leaves the score it came from as it was", () => {
    const before = score(over(0, dots(3)));
    const copy = structuredClone(before);
    applyDelivery(before, delivery({ ball: 4, bat: 6, wickets: [{ kind: "bowled", playerOut: "a2", fielders: [] }] }));
    expect(before).toEqual(copy);
  });

  test("refuses a delivery that is not behind the last one", () => {
    const at = score(over(3, dots(2)));
    expect(() => applyDelivery(at, delivery({ over: 3, ball: 2 }))).toThrow("delivery 3.2 came after 3.2");
    expect(() => applyDelivery(at, delivery({ over: 2, ball: 6 }))).toThrow(RangeError);
  });

  test("without kinds of extras nothing that needs them is known", () => {
    const innings = score(over(0, [{ extras: null, runs: { batter: 0, extras: 1, total: 1 } }]));
    expect(innings).toMatchObject({ extrasKnown: false, runs: 1, extrasTotal: 1 });
    expect(maidenInProgress(innings)).toBeNull();
  });
});
