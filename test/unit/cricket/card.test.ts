import { describe, expect, test } from "vitest";
import { liveLine, renderCard } from "../../../src/domain/cricket/card.ts";
import { scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import { cells, clip, row, wrap } from "../../../src/domain/cricket/text-table.ts";
import type { Delivery, Outcome } from "../../../src/domain/cricket/types.ts";
import { howText, rate, resultText, shortNames } from "../../../src/domain/cricket/words.ts";
import { BUNDLED, bundledMatch } from "../../support/cricket.ts";

function cardOf(id: string): string {
  const { match, deliveries } = bundledMatch(id);
  return renderCard(scoreMatch(match, deliveries), match);
}

/** The line after the first `count` deliveries. */
function lineAfter(id: string, count: number): string {
  const { match, deliveries } = bundledMatch(id);
  return liveLine(scoreMatch(match, deliveries.slice(0, count)), match, deliveries[count - 1]);
}

describe("the card", () => {
  test("of Zimbabwe v West Indies, 2016", () => {
    const lines = cardOf("1059715").split("\n");
    expect(lines.slice(0, 5)).toEqual([
      "Zimbabwe v West Indies",
      "ODI, Zimbabwe Tri-Nation Series · Queens Sports Club, Bulawayo · 25 November 2016",
      "Toss: Zimbabwe, chose to bat",
      "Zimbabwe won by 5 runs (D/L)",
      "Player of the match: TS Chisoro",
    ]);
    const text = lines.map((line) => line.replaceAll(/ {2,}/gu, " | ")).join("\n");
    expect(text).toContain("Sikandar Raza | not out | 76 | 103 | 3 | 0 | 73.78");
    expect(text).toContain("SC Williams | c Hope b Nurse | 0 | 2 | 0 | 0 | 0.00");
    expect(text).toContain("Extras | (lb 4, nb 3, w 9) | 16");
    expect(text).toContain("Total | 218/8 (49 ov, RR 4.44)");
    expect(text).toContain("Did not bat: CB Mpofu");
    expect(text).toContain("Fall of wickets: 1-18 (Chibhabha, 3.6), 2-48 (Masakadza, 11.3)");
    expect(text).toContain("ML Cummins | 10 | 1 | 40 | 0 | 4.00 | 3 | 3");
    expect(text).toContain("Total | 124/5 (27.3 ov, RR 4.50), target 130 from 27.3 ov");
    // Two Brathwaites: the short name would be either's.
    expect(text).toContain("(KC Brathwaite, 17.4)");
  });

  test("is at most 100 cells wide, aligned, without blanks at line ends, for every bundled match", () => {
    for (const id of BUNDLED.expected.keys()) {
      const lines = cardOf(id).split("\n");
      for (const line of lines) {
        expect(cells(line)).toBeLessThanOrEqual(100);
        expect(line.trimEnd()).toBe(line);
      }
      const figures = lines.filter((line) => /\d\.\d\d$/u.test(line) && / (?:b |not out|run out)/u.test(line));
      expect(figures.length).toBeGreaterThan(0);
      expect(new Set(figures.map(cells)).size, `match ${id}`).toBe(1);
    }
  });

  test("shows super overs apart, and says who went through", () => {
    const card = cardOf("1144530");
    expect(card).toContain("Match tied (super over tied too, England won the tie-break)");
    expect(card).toContain("England (super over)");
    expect(cardOf("1474411")).toContain("Match tied (Canada won the super over)");
  });

  test("without a ball: teams and result, no innings", () => {
    const { match } = bundledMatch("1185311");
    expect(renderCard(scoreMatch(match, []), match)).toContain("No result");
  });
});

describe("the live line", () => {
  test("before, during and after", () => {
    expect(lineAfter("1059715", 0)).toBe("Zimbabwe v West Indies · not begun");
    expect(lineAfter("1059715", 200)).toBe(
      "Zimbabwe 107/7 (32.1 ov) v West Indies · Sikandar Raza 21* (47) · Nurse 8.1-0-21-3",
    );
    expect(lineAfter("1059715", 471)).toBe(
      "West Indies 123/5 (27.2 ov) v Zimbabwe · Carter 43* (56) · Cremer 5.2-0-27-0 · needs 7 from 1",
    );
  });

  test("a wicket is the news of its ball", () => {
    const { deliveries } = bundledMatch("1059715");
    const at = deliveries.findIndex(({ wickets }) => wickets.length > 0) + 1;
    expect(lineAfter("1059715", at)).toBe(
      "Zimbabwe 18/1 (4 ov) v West Indies · OUT Chibhabha b Holder 9 (11) · Holder 2-0-10-1",
    );
  });

  test("a super over is called one", () => {
    expect(lineAfter("1144530", bundledMatch("1144530").deliveries.length)).toContain(
      "v England (super over) · OUT Guptill run out 1 (1)",
    );
  });
});

describe("results in words", () => {
  const { match } = bundledMatch("1059715");
  test.each<[Outcome, string]>([
    [{ winner: "England", by: { wickets: 1 } }, "England won by 1 wicket"],
    [{ winner: "England", by: { wickets: 3 }, method: "D/L" }, "England won by 3 wickets (D/L)"],
    [{ winner: "England", by: { runs: 1 } }, "England won by 1 run"],
    [{ winner: "England", by: { innings: 1, runs: 12 } }, "England won by an innings and 12 runs"],
    [{ winner: "England", method: "Awarded" }, "England won (Awarded)"],
    [{ result: "tie" }, "Match tied"],
    [{ result: "tie", eliminator: "England" }, "Match tied (England won the eliminator)"],
    [{ result: "tie", bowl_out: "India" }, "Match tied (India won the bowl-out)"],
    [{ result: "draw" }, "Match drawn"],
    [{ result: "no result" }, "No result"],
    [{}, "Result not known yet"],
  ])("%j", (outcome, words) => {
    expect(resultText(scoreMatch({ ...match, outcome }, []))).toBe(words);
  });
});

describe("words of a line", () => {
  const name = (full: string): string => full.replace(/^[A-Z]+ /u, "");
  test.each<[string, string | null, readonly string[], string]>([
    ["bowled", "AR Nurse", [], "b Nurse"],
    ["caught", "AR Nurse", ["SD Hope"], "c Hope b Nurse"],
    ["caught", "AR Nurse", [], "caught b Nurse"],
    ["caught and bowled", "AR Nurse", [], "c & b Nurse"],
    ["stumped", "AR Nurse", ["SD Hope"], "st Hope b Nurse"],
    ["lbw", "AR Nurse", [], "lbw b Nurse"],
    ["hit wicket", "AR Nurse", [], "hit wicket b Nurse"],
    ["run out", null, ["SD Hope", "E Lewis"], "run out (Hope/Lewis)"],
    ["run out", null, [], "run out"],
    ["retired hurt", null, [], "retired hurt"],
    ["not out", null, [], "not out"],
  ])("%s by %s with %j", (how, bowler, fielders, words) => {
    expect(howText({ name: "x", runs: 0, balls: 0, fours: 0, sixes: 0, out: true, how, bowler, fielders }, name)).toBe(
      words,
    );
  });

  test("initials are dropped unless two people would share the rest", () => {
    const short = shortNames([
      "SD Hope",
      "KC Brathwaite",
      "CR Brathwaite",
      "Shakib Al Hasan",
      "C de Grandhomme",
      "É Côté",
    ]);
    expect(["SD Hope", "KC Brathwaite", "Shakib Al Hasan", "C de Grandhomme", "É Côté"].map(short)).toEqual([
      "Hope",
      "KC Brathwaite",
      "Shakib Al Hasan",
      "de Grandhomme",
      "Côté",
    ]);
  });

  test("rates are cut, not rounded, and nothing is divided by nothing", () => {
    expect([rate(218, 49), rate(57, 100), rate(600, 6), rate(0, 0), rate(3, null)]).toEqual([
      "4.44",
      "0.57",
      "100.00",
      "-",
      "-",
    ]);
  });
});

describe("text in cells", () => {
  test("an accent on top of a letter takes none, CJK letters take two", () => {
    expect([cells("Fouché"), cells("Fouche\u0301"), cells("王贞治")]).toEqual([6, 6, 6]);
  });

  test("is cut at a cell, not inside a letter", () => {
    expect([clip("Fouche\u0301s", 6), clip("abcdef", 6), clip("王贞治", 4)]).toEqual(["Fouch…", "abcdef", "王…"]);
  });

  test("rows are aligned and wrapped lists keep to the width", () => {
    expect(
      row(
        [
          { width: 6, align: "left" },
          { width: 4, align: "right" },
        ],
        ["Fouché", "7"],
      ),
    ).toBe("Fouché    7");
    expect(wrap("Did not bat: ", ["one", "two", "three"], ", ", 22, "  ")).toEqual([
      "Did not bat: one, two,",
      "  three",
    ]);
  });

  test("a wicket of a batter nobody knows leaves the line readable", () => {
    const { match, deliveries } = bundledMatch("1059715");
    const stranger: Delivery = { ...(deliveries[0] as Delivery), batter: "X", bowler: "Y", over: 60 };
    expect(liveLine(scoreMatch(match, deliveries.slice(0, 6)), match, stranger)).toMatch(/^Zimbabwe \d+\/\d/u);
  });
});
