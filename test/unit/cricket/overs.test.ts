import { describe, expect, test } from "vitest";
import { inningsView, scoreLine } from "../../../src/dashboard/server/view/innings.ts";
import { chaseOf, isDecided } from "../../../src/dashboard/server/view/chase.ts";
import { renderCard } from "../../../src/domain/cricket/card.ts";
import { liveLine } from "../../../src/domain/cricket/live-line.ts";
import { ballsBowled } from "../../../src/domain/cricket/overs.ts";
import { scoredMatchJson, scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import { bowlerOvers } from "../../../src/domain/cricket/words.ts";
import type { Delivery, InningsNote, Match } from "../../../src/domain/cricket/types.ts";
import { bundledMatch, delivery } from "../../support/cricket.ts";

const NOTE = { declared: false, forfeited: false, absentHurt: [], penaltyPre: 0, penaltyPost: 0 } as const;

/** A chase of 50 runs in so many overs. */
function chase(overs: number | null, changes: Partial<Match> & { readonly superOver?: boolean } = {}): Match {
  const { superOver = false, ...rest } = changes;
  const notes: InningsNote[] = [
    { ...NOTE, innings: 1, team: "A", superOver, target: null },
    { ...NOTE, innings: 2, team: "B", superOver, target: superOver ? null : { overs, runs: 50 } },
  ];
  const base = {
    ...bundledMatch("1144530").match,
    matchId: "1",
    teams: ["A", "B"],
    format: "json",
    version: "1.1.0",
  } as const;
  return { ...base, outcome: {}, overs, matchType: "T20", players: [], inningsNotes: notes, ...rest };
}

/** An over a number: so many legal balls, and as many wides before them. */
function innings(number: number, overs: readonly number[], wides = 0): Delivery[] {
  return overs.flatMap((legal, over) =>
    Array.from({ length: legal + wides }, (_, n) =>
      delivery({
        innings: number,
        over,
        ball: n + 1,
        battingTeam: number === 1 ? "A" : "B",
        ...(n < wides && { extra: { wides: 1 } }),
      }),
    ),
  );
}

function line(match: Match, second: readonly Delivery[], first: readonly Delivery[] = innings(1, [6])): string {
  return liveLine(scoreMatch(match, [...first, ...second]), match, undefined);
}

describe("an over that the umpire miscounted", () => {
  test.each([
    ["of five balls, once the next has begun", [5, 1], "(1.1 ov)", "from 113"],
    ["of seven balls", [7, 1], "(1.1 ov)", "from 113"],
    ["of seven, before the next", [7], "(1 ov)", "from 114"],
    ["of five, before the next: nobody knows yet", [5], "(0.5 ov)", "from 115"],
    ["both, and one ball is left", [5, 7, ...Array.from({ length: 17 }, () => 6), 5], "(19.5 ov)", "from 1"],
    ["none", [6, 2], "(1.2 ov)", "from 112"],
  ])("%s", (_what, overs, bowled, left) => {
    for (const wides of [0, 2]) {
      const shown = line(chase(20), innings(2, overs, wides));
      expect(shown).toContain(bowled);
      expect(shown.endsWith(left), shown).toBe(true);
    }
  });

  test("counts in a chase that rain cut short within an over, in a super over, and in overs of eight balls", () => {
    expect(line(chase(17.4), innings(2, [5, 6]))).toMatch(/from 94$/u);
    expect(line(chase(17.4), innings(2, [7, 6]))).toMatch(/from 94$/u);
    expect(line(chase(40, { ballsPerOver: 8 }), innings(2, [7, 8, 3]))).toMatch(/\(2\.3 ov\).*from 301$/u);
    const superOver = chase(20, { superOver: true });
    const hit = innings(1, [6]).map((d) => ({ ...d, runs: { batter: 4, extras: 0, total: 4 } }));
    expect(line(superOver, innings(2, [4], 1), hit)).toMatch(/from 2$/u);
  });

  test("what is left is the same on the page, and so is the end", () => {
    const match = chase(2);
    const chaseAfter = (overs: readonly number[]): unknown => {
      const scored = scoreMatch(match, [...innings(1, [5, 6]), ...innings(2, overs)]);
      return [chaseOf(scored, match)?.ballsLeft, isDecided(scored, match)];
    };
    expect(chaseAfter([5, 5])).toEqual([1, false]);
    expect(chaseAfter([7, 5])).toEqual([1, false]);
    expect(chaseAfter([5, 6])).toEqual([0, true]);
  });

  test("the card says so; the printed form has legal balls in sixes, as before, and nothing more", () => {
    const match = chase(20);
    const scored = scoreMatch(match, innings(1, [5, 6]));
    expect(renderCard(scored, match)).toContain("0/0 (2 ov,");
    const [printed] = (JSON.parse(scoredMatchJson(scored)) as typeof scored).innings;
    expect(printed).toMatchObject({ overs: "1.5", legal_balls: 11 });
    expect(printed).not.toHaveProperty("bowled");
  });

  test.each([
    ["of five balls: an over of whoever bowled it", [5, 1], "1", "0.1"],
    ["of seven balls", [7, 1], "1", "0.1"],
    ["of five, before the next", [5], "0.5", undefined],
    ["of seven, before the next", [7], "1", undefined],
  ])("in a bowler's figures, %s", (_what, overs, first, second) => {
    const match = chase(20);
    const balls = innings(1, overs, 1).map((d) => ({ ...d, bowler: d.over === 0 ? "First" : "Second" }));
    const scored = scoreMatch(match, balls);
    const figures = new Map(scored.innings[0]?.bowlers.map((bowler) => [bowler.name, ballsBowled(bowler)]));
    const shown = (name: string): string | undefined => {
      const found = figures.get(name);
      return found === undefined ? undefined : bowlerOvers(Number(found), 6);
    };
    expect([shown("First"), shown("Second")]).toEqual([first, second]);
    expect(renderCard(scored, match)).toMatch(new RegExp(`^First +${first.replace(".", "[.]")} `, "mu"));
    const page = inningsView(match, scored.innings[0]!, balls, (name) => name);
    expect(page.bowled).toEqual([...figures.values()]);
    expect(page.card.bowlers[0]).toMatchObject({ balls: overs[0] });
    expect(page.card.bowlers[0]).not.toHaveProperty("used");
    expect(scored.innings.flatMap((each) => each.bowlers.map(({ used }) => used))).toEqual([...figures.values()]);
  });

  test("that two bowlers shared: each has the balls he bowled, and none beyond the over's six", () => {
    const shared = (legal: number): Delivery[] =>
      innings(1, [legal, 1]).map((d) => ({ ...d, bowler: d.over === 1 ? "Third" : d.ball <= 4 ? "First" : "Second" }));
    const figures = (legal: number): unknown =>
      scoreMatch(chase(20), shared(legal)).innings[0]?.bowlers.map(({ name, used }) => `${name} ${used}`);
    expect(figures(5)).toEqual(["First 4", "Second 1", "Third 1"]);
    expect(figures(7)).toEqual(["First 4", "Second 2", "Third 1"]);
  });

  test("on the page: overs, run rate and the axis of the worm are those of a scoreboard", () => {
    const match = chase(20);
    const balls = innings(1, [5, 7, 3]).map((d) => ({ ...d, runs: { batter: 1, extras: 0, total: 1 } }));
    const card = scoreMatch(match, balls).innings[0]!;
    expect(inningsView(match, card, balls, (name) => name)).toMatchObject({ overs: "2.3", runRate: 6 });
    expect(scoreLine(card).overs).toBe("2.3");
    const axis = inningsView(match, card, balls, (name) => name).worm.map(([, , , , at]) => at);
    expect([axis[4], axis[5], axis[11], axis[14]]).toEqual([0.833, 1.167, 2, 2.5]);
    expect(renderCard(scoreMatch(match, balls), match)).toContain("(2.3 ov, RR 6.00)");
  });

  test("where wides cannot be told nobody counts", () => {
    const untold = innings(2, [5, 1]).map((d) => ({ ...d, extras: null }));
    expect(line(chase(20), untold)).toMatch(/needs 50$/u);
    expect(line(chase(20), untold)).not.toContain("ov)");
  });
});
