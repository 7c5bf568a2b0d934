import { describe, expect, test } from "vitest";
import { parseCsv2Delivery, parseCsv2Info } from "../../../src/domain/cricket/csv2.ts";
import { scoredMatchJson, scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import { asVersion21, BUNDLED, bundledMatch, delivery, matchIds, matchSets, readMatch } from "../../support/cricket.ts";

function card(dir: string, id: string): unknown {
  const { rows, info } = readMatch(dir, id);
  const scored = scoreMatch(
    parseCsv2Info(id, info),
    rows.map((row) => parseCsv2Delivery(row)),
  );
  return JSON.parse(scoredMatchJson(scored));
}

describe("cards equal those of an independent scorer", () => {
  for (const { name, dir, expected } of matchSets()) {
    test(`all ${expected.size} matches of ${name}`, () => {
      expect(expected.size).toBeGreaterThanOrEqual(12);
      expect(matchIds(dir)).toEqual([...expected.keys()].sort());
      for (const [id, want] of expected) expect(card(dir, id), `match ${id}`).toEqual(want);
    });
  }

  test.each([
    ["a run of the total", '"runs": 241', '"runs": 242'],
    ["a bowler's maiden", '"maidens": 2', '"maidens": 3'],
    ["a fielder", '"BA Stokes"', '"B Stokes"'],
    ["null for false", '"declared": false', '"declared": null'],
    ["a label", '"49.6"', '"49.5"'],
    ["a missing innings flag", '"super_over": true', '"super_over": false'],
  ])("the comparison sees %s", (_what, from, to) => {
    const text = JSON.stringify(BUNDLED.expected.get("1144530")).replaceAll('":', '": ');
    const tampered = text.replace(from, to);
    expect(tampered).not.toBe(text);
    expect(card(BUNDLED.dir, "1144530")).not.toEqual(JSON.parse(tampered));
  });
});

describe("the printed line", () => {
  test("is the reference's own text: sorted keys, letters as they are", () => {
    const { match, deliveries } = bundledMatch("1474411");
    const line = scoredMatchJson(scoreMatch(match, deliveries));
    expect(line).not.toContain("\n");
    expect(line).toContain('"name": "S Fouché"');
    expect(line.startsWith('{"id": "1474411", "info": {"bpo": 6, "dates": ["2025/03/09"], "gender": "male"')).toBe(
      true,
    );
  });
});

describe("what a version cannot tell", () => {
  const v21 = (id: string): ReturnType<typeof scoreMatch> => {
    const { rows, info } = readMatch(BUNDLED.dir, id);
    const older = info
      .replace("version,2.3.0", "version,2.1.0")
      .split("\n")
      .filter(
        (line) => !/^info,(?:match_type|team_type|overs|super_over|target_\w+|match_id|match_type_number),/u.test(line),
      )
      .join("\n");
    return scoreMatch(
      parseCsv2Info(id, older),
      rows.map((row) => parseCsv2Delivery(asVersion21(row))),
    );
  };

  test("is null: declared, targets, match type; fours count though they may have been run", () => {
    const { info, innings } = v21("1144530");
    expect(info).toMatchObject({ match_type: null, team_type: null, overs: null });
    expect(innings.map(({ declared, target, boundaries_exact }) => [declared, target, boundaries_exact])).toEqual(
      Array.from({ length: 4 }, () => [null, null, false]),
    );
    const stokes = innings[1]?.batters.find(({ name }) => name === "BA Stokes");
    // The six off 49.4 was run, all of it; only 2.3 knows.
    expect(stokes?.sixes).toBe(3);
  });

  test("super overs are known by what they are: short innings behind the second of a tie", () => {
    expect(v21("1144530").innings.map(({ super_over }) => super_over)).toEqual([false, false, true, true]);
  });

  const short = { 1: 300, 2: 12, 3: 7, 4: 20 };
  test.each<[string, object, Readonly<Record<number, number>>, readonly boolean[]]>([
    ["not of a match that was not tied", { outcome: { winner: "India" } }, short, [false, false, false, false]],
    ["not the second innings, short as it may be", { outcome: { result: "tie" } }, short, [false, false, true, true]],
    [
      "not with more than 20 deliveries",
      { outcome: { result: "tie" } },
      { ...short, 4: 21 },
      [false, false, true, false],
    ],
    [
      "not over more than two days",
      { dates: ["2009-03-08", "2009-03-09", "2009-03-10"] },
      short,
      [false, false, false, false],
    ],
  ])("%s", (_what, changes, counts, flags) => {
    const { match } = bundledMatch("366627");
    const all = Object.entries(counts).flatMap(([innings, count]) =>
      Array.from({ length: count }, (_, n) =>
        delivery({ innings: Number(innings), over: Math.floor(n / 6), ball: (n % 6) + 1 }),
      ),
    );
    const scored = scoreMatch({ ...match, matchId: "1", outcome: { result: "tie" }, ...changes }, all);
    expect(scored.innings.map(({ super_over }) => super_over)).toEqual(flags);
  });
});

describe("innings of the card", () => {
  const { match } = bundledMatch("1144530");
  const mine = { ...match, matchId: "1", inningsNotes: [] };
  const note = {
    team: null,
    superOver: null,
    declared: null,
    forfeited: null,
    target: null,
    absentHurt: [],
    penaltyPre: 0,
    penaltyPost: 0,
  };

  test("none for a target of an innings that never began", () => {
    const target = { overs: 50, runs: 200 };
    const scored = scoreMatch({ ...mine, inningsNotes: [{ ...note, innings: 2, target }] }, [delivery()]);
    expect(scored.innings.map(({ number }) => number)).toEqual([1]);
  });

  test("a forfeited one is listed where the record names its team", () => {
    const scored = scoreMatch({ ...mine, inningsNotes: [{ ...note, innings: 2, team: "B", forfeited: true }] }, [
      delivery(),
    ]);
    expect(scored.innings[1]).toMatchObject({
      number: 2,
      team: "B",
      forfeited: true,
      runs: 0,
      overs: "0.0",
      batters: [],
      boundaries_exact: true,
    });
  });

  test("penalty runs before and after it are the team's, and nobody else's", () => {
    const notes = [{ ...note, innings: 1, penaltyPre: 5, penaltyPost: 10, absentHurt: ["a9"] }];
    const scored = scoreMatch({ ...mine, inningsNotes: notes }, [
      delivery({ bat: 3, wickets: [{ kind: "run out", playerOut: "a1", fielders: [] }] }),
    ]);
    expect(scored.innings[0]).toMatchObject({
      runs: 18,
      extras_total: 15,
      penalty_pre: 5,
      penalty_post: 10,
      absent_hurt: ["a9"],
    });
    expect(scored.innings[0]?.extras?.penalty).toBe(0);
    expect(scored.innings[0]?.fall).toEqual([[1, 8, "a1", "0.1"]]);
  });

  test("the order of rows in the database says nothing: 0.10 is behind 0.9", () => {
    const balls = Array.from({ length: 10 }, (_, n) =>
      delivery({ ball: n + 1, extra: n < 4 ? { wides: 1 } : {}, bat: n === 9 ? 4 : 0 }),
    );
    const forward = scoreMatch(mine, balls);
    expect(scoreMatch(mine, [...balls].reverse())).toEqual(forward);
    expect(forward.innings[0]).toMatchObject({ deliveries: 10, legal_balls: 6, overs: "1.0", runs: 8 });
  });

  test("two deliveries of one key, or a delivery of another match, are refused and not counted", () => {
    expect(() => scoreMatch(mine, [delivery(), delivery({ bat: 4 })])).toThrow("two deliveries d/1/1/0/1");
    expect(() => scoreMatch(mine, [delivery({ matchId: "2" })])).toThrow("is no delivery of match 1");
  });
});
