import { describe, expect, test } from "vitest";
import { scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import type { ScoredInnings } from "../../../src/domain/cricket/scored.ts";
import type { Delivery } from "../../../src/domain/cricket/types.ts";
import { bundledMatch, delivery } from "../../support/cricket.ts";

const { match } = bundledMatch("1144530");

/** The same ball as the original CSV has it. */
function asCsv1(d: Delivery): Delivery {
  return { ...d, extras: null, nonBoundary: null, wickets: d.wickets.map((wicket) => ({ ...wicket, fielders: null })) };
}

function score(...deliveries: readonly Delivery[]): ScoredInnings {
  const [innings] = scoreMatch({ ...match, matchId: "1", inningsNotes: [] }, deliveries).innings;
  return innings!;
}

/** An over of b1 with a wide in it, then one of b2, the balls of which come from the original CSV where asked. */
function twoOvers(fromCsv1: (d: Delivery) => boolean): ScoredInnings {
  const first = Array.from({ length: 7 }, (_, n) => delivery({ ball: n + 1, ...(n === 2 && { extra: { wides: 1 } }) }));
  const second = Array.from({ length: 6 }, (_, n) =>
    delivery({ over: 1, ball: n + 1, batter: "a2", nonStriker: "a1", bowler: "b2", bat: n === 0 ? 4 : 0 }),
  );
  return score(...[...first, ...second].map((d) => (fromCsv1(d) ? asCsv1(d) : d)));
}

describe("deliveries of one innings from two formats", () => {
  test("all of them complete: everything is known", () => {
    expect(twoOvers(() => false)).toMatchObject({ overs: "2.0", extras: { wides: 1 }, boundaries_exact: true });
  });

  test("one ball without kinds of extras: what hangs on it is null, and nothing else", () => {
    const innings = twoOvers(({ over, ball }) => over === 0 && ball === 3);
    expect(innings).toMatchObject({
      runs: 5,
      extras_total: 1,
      deliveries: 13,
      extras: null,
      overs: null,
      legal_balls: null,
      boundaries_exact: false,
    });
    expect(innings.batters.map(({ name, runs, balls }) => [name, runs, balls])).toEqual([
      ["a1", 0, null],
      ["a2", 4, 6],
    ]);
    expect(innings.bowlers.map(({ name, balls, maidens, runs, wides }) => [name, balls, maidens, runs, wides])).toEqual(
      [
        ["b1", null, null, null, null],
        ["b2", 6, 0, 4, 0],
      ],
    );
  });

  test("none complete: nobody's balls are known, not even of who faced none", () => {
    const innings = twoOvers(() => true);
    expect(innings.batters.map(({ balls }) => balls)).toEqual([null, null]);
    expect(score(asCsv1(delivery())).batters.map(({ balls }) => balls)).toEqual([null, null]);
    expect(innings.bowlers.map(({ balls, runs }) => [balls, runs])).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  test("a maiden of the complete over is his, whatever the over before was", () => {
    const maiden = Array.from({ length: 6 }, (_, n) => delivery({ over: 1, ball: n + 1, bowler: "b2" }));
    const innings = score(asCsv1(delivery()), ...maiden, delivery({ over: 2, ball: 1 }));
    expect(innings.bowlers.map(({ name, maidens }) => [name, maidens])).toEqual([
      ["b1", null],
      ["b2", 1],
    ]);
  });

  test("fielders where the ball's format has them", () => {
    const caught = { kind: "caught", playerOut: "a1", fielders: ["b3"] };
    const run = { kind: "run out", playerOut: "a2", fielders: ["b4"] };
    const innings = score(delivery({ wickets: [caught] }), asCsv1(delivery({ ball: 2, batter: "a3", wickets: [run] })));
    expect(innings.batters.map(({ name, how, fielders }) => [name, how, fielders])).toEqual([
      ["a1", "caught", ["b3"]],
      ["a2", "run out", []],
      ["a3", "not out", []],
    ]);
  });
});
