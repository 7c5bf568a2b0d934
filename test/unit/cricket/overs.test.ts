import { describe, expect, test } from "vitest";
import { chaseOf, isDecided } from "../../../src/dashboard/server/view/chase.ts";
import { renderCard } from "../../../src/domain/cricket/card.ts";
import { liveLine } from "../../../src/domain/cricket/live-line.ts";
import { scoredMatchJson, scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
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

  test("where wides cannot be told nobody counts", () => {
    const untold = innings(2, [5, 1]).map((d) => ({ ...d, extras: null }));
    expect(line(chase(20), untold)).toMatch(/needs 50$/u);
    expect(line(chase(20), untold)).not.toContain("ov)");
  });
});
