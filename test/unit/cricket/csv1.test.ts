import { describe, expect, test } from "vitest";
import { parseCsv1Delivery, parseCsv1Match } from "../../../src/domain/cricket/csv1.ts";
import { PoisonError } from "../../../src/domain/errors.ts";

function row(changes: Readonly<Record<string, string | undefined>> = {}): Record<string, string> {
  const columns: Record<string, string | undefined> = {
    match_id: "238200",
    innings: "1",
    ball: "47.1",
    nth: "1",
    batting_team: "Australia",
    striker: "RT Ponting",
    non_striker: "A Symonds",
    bowler: "R Telemachus",
    runs_off_bat: "4",
    extras: "1",
    kind: "",
    player_dismissed: "",
    ...changes,
  };
  return Object.fromEntries(
    Object.entries(columns).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const INFO = `version,1.3.0
info,team,Australia
info,team,South Africa
info,date,2006/03/12
info,series,Australia in South Africa ODI Series
info,city,
info,winner,South Africa
info,winner_wickets,1
`;

describe("a row of the original CSV becomes a delivery", () => {
  test("what the form cannot carry is unknown", () => {
    expect(parseCsv1Delivery(row())).toEqual({
      matchId: "238200",
      innings: 1,
      over: 47,
      ball: 1,
      battingTeam: "Australia",
      batter: "RT Ponting",
      nonStriker: "A Symonds",
      bowler: "R Telemachus",
      runs: { batter: 4, extras: 1, total: 5 },
      extras: null,
      nonBoundary: null,
      wickets: [],
    });
  });

  test("47.1 is the first delivery of its over or the tenth, as it was counted", () => {
    expect(parseCsv1Delivery(row({ nth: "10" }))).toMatchObject({ over: 47, ball: 10 });
    expect(parseCsv1Delivery(row({ ball: "47.10", nth: "10" }))).toMatchObject({ over: 47, ball: 10 });
    expect(parseCsv1Delivery(row({ ball: "47.2", nth: "20" }))).toMatchObject({ over: 47, ball: 20 });
  });

  test("a wicket without fielders", () => {
    expect(parseCsv1Delivery(row({ kind: "caught", player_dismissed: "RT Ponting" })).wickets).toEqual([
      { kind: "caught", playerOut: "RT Ponting", fielders: null },
    ]);
  });

  const KINDS = { wides: "", noballs: "1", byes: "", legbyes: "", penalty: "" };
  const DETAILS = {
    actual_delivery: "47.1",
    non_boundary: "true",
    fielder_1: "AB de Villiers",
    fielder_2: "",
    fielder_3: "",
  };

  test("a longer line tells the kinds of extras, and of version 1.8 fielders and run fours", () => {
    expect(parseCsv1Delivery(row(KINDS))).toMatchObject({ extras: { wides: 0, noballs: 1 }, nonBoundary: null });
    const out = { ...KINDS, ...DETAILS, kind: "run out", player_dismissed: "A Symonds" };
    expect(parseCsv1Delivery(row(out))).toMatchObject({
      extras: { noballs: 1 },
      nonBoundary: true,
      wickets: [{ kind: "run out", playerOut: "A Symonds", fielders: ["AB de Villiers"] }],
      // The form has room for one.
      moreWickets: null,
    });
    expect(parseCsv1Delivery(row({ ...KINDS, ...DETAILS, fielder_1: "" }))).not.toHaveProperty("moreWickets");
  });

  test("what nobody reads changes nothing", () => {
    expect(parseCsv1Delivery(row({ umpire: "x".repeat(5_000), "": "\u0000" }))).toEqual(parseCsv1Delivery(row()));
  });

  test.each<[string, Readonly<Record<string, string | undefined>>, string]>([
    ["kinds of extras that do not add up", { ...KINDS, wides: "1" }, "extras do not add up"],
    ["a fielder for nothing", { ...KINDS, ...DETAILS }, 'fielder "AB de Villiers" without a wicket'],
    [
      "a count that does not fit the label",
      { nth: "2" },
      'column "ball" is "47.1", but the delivery is number 2 of its over',
    ],
    ["no count", { nth: undefined }, 'column "nth" is missing'],
    ["delivery zero", { nth: "0", ball: "47.0" }, "delivery 0; the first of an over is 1"],
    ["a word for a ball", { ball: "last" }, 'column "ball" is "last"'],
    ["an over beyond any innings", { ball: "500.1" }, "over 500 in an innings"],
    ["runs that are no number", { extras: "x" }, 'column "extras" is not a whole number: "x"'],
    ["no runs", { runs_off_bat: "" }, 'column "runs_off_bat" is empty'],
    ["an unknown wicket", { kind: "gone", player_dismissed: "A" }, 'unknown wicket "gone"'],
    ["a wicket of nobody", { kind: "bowled" }, '"player_dismissed" is empty'],
    ["somebody out for nothing", { player_dismissed: "A" }, '"kind" is empty'],
    ["a NUL byte", { bowler: "R\u0000" }, "holds a control character"],
  ])("poison: %s", (_what, changes, reason) => {
    const parse = (): unknown => parseCsv1Delivery(row(changes));
    expect(parse).toThrow(PoisonError);
    expect(parse).toThrow(reason);
    expect(parse).toThrow("match 238200, innings 1");
  });
});

describe("the other lines of an original CSV become a match", () => {
  test("with its series for an event, no players, and nothing of what it does not say", () => {
    expect(parseCsv1Match("238200", INFO)).toMatchObject({
      format: "csv1",
      version: "1.3.0",
      matchType: null,
      city: null,
      event: "Australia in South Africa ODI Series",
      dates: ["2006-03-12"],
      ballsPerOver: 6,
      outcome: { winner: "South Africa", by: { wickets: 1 } },
      players: [],
      inningsNotes: [],
    });
  });

  test("penalty runs before and after an innings", () => {
    const { inningsNotes } = parseCsv1Match(
      "1",
      `${INFO}penalty_runs,2,post,5\npenalty_runs,2,pre,5\npenalty_runs,2,post,5\n`,
    );
    expect(inningsNotes).toMatchObject([
      { innings: 2, penaltyPre: 5, penaltyPost: 10, declared: null, superOver: null },
    ]);
  });

  test("keys and values that nobody knows change nothing, nor does a key without a value", () => {
    const more = INFO.replace(
      "info,team,Australia\n",
      "info,team,Australia,home\ninfo,weather\ninfo,registry,venues,X\n",
    );
    expect(parseCsv1Match("1", more)).toEqual(parseCsv1Match("1", INFO));
    expect(() => parseCsv1Match("1", `${INFO}info,play`)).toThrow("line 9 is cut off");
  });

  test("keys that later versions brought", () => {
    const later = INFO.replace("1.3.0", "1.8.0").replace("series", "event");
    const text = `${later}info,match_type,ODI\ninfo,player,Australia,RT Ponting\ninfo,registry,people,RT Ponting,7d415ea5\n`;
    expect(parseCsv1Match("1", text)).toMatchObject({
      matchType: "ODI",
      event: "Australia in South Africa ODI Series",
      players: [{ team: "Australia", name: "RT Ponting", registryId: "7d415ea5" }],
    });
  });

  test.each<[string, string, string]>([
    ["csv2's version", INFO.replace("1.3.0", "2.3.0"), 'version "2.3.0" is unknown; this reader knows 1.3'],
    ["an older version", INFO.replace("1.3.0", "1.2.0"), 'version "1.2.0" is unknown'],
    ["no result", INFO.slice(0, INFO.indexOf("info,winner")), "it has no result: the file is cut off"],
    ["a ball among them", `${INFO}ball,1,0.1,Australia\n`, 'line 9 begins with "ball"'],
    [
      "penalty runs at no time",
      `${INFO}penalty_runs,2,mid,5\n`,
      'line 9, "penalty_runs" is "mid"; expected pre or post',
    ],
    [
      "penalty runs that are no number",
      `${INFO}penalty_runs,2,pre,many\n`,
      'line 9, "penalty_runs" is not a whole number',
    ],
  ])("poison: %s", (_what, text, reason) => {
    const parse = (): unknown => parseCsv1Match("238200", text);
    expect(parse).toThrow(PoisonError);
    expect(parse).toThrow(reason);
  });
});
