import { describe, expect, test } from "vitest";
import { parseCsv2Delivery } from "../../../src/domain/cricket/csv2.ts";
import { PoisonError } from "../../../src/domain/errors.ts";
import { asVersion21, plainRow } from "../../support/cricket.ts";

describe("a row becomes a delivery", () => {
  test("with every figure where it belongs", () => {
    const row = plainRow({
      ball: "24.10",
      runs_off_bat: "4",
      extras: "3",
      noballs: "1",
      legbyes: "2",
      non_boundary: "true",
    });
    expect(parseCsv2Delivery(row)).toEqual({
      matchId: "1144530",
      innings: 1,
      over: 24,
      ball: 10,
      battingTeam: "New Zealand",
      batter: "MJ Guptill",
      nonStriker: "HM Nicholls",
      bowler: "CR Woakes",
      runs: { batter: 4, extras: 3, total: 7 },
      extras: { wides: 0, noballs: 1, byes: 0, legbyes: 2, penalty: 0 },
      nonBoundary: true,
      wickets: [],
    });
  });

  test("ball is text: 0.10 is the tenth delivery and 0.1 the first", () => {
    expect(parseCsv2Delivery(plainRow({ ball: "0.10" }))).toMatchObject({ over: 0, ball: 10 });
    expect(parseCsv2Delivery(plainRow({ ball: "0.1" }))).toMatchObject({ over: 0, ball: 1 });
  });

  test("ball counts the deliveries; actual_delivery, which repeats a label after a wide, does not", () => {
    expect(parseCsv2Delivery(plainRow({ ball: "32.7", actual_delivery: "32.6" }))).toMatchObject({ over: 32, ball: 7 });
  });

  test("with its fielders", () => {
    const row = plainRow({
      wicket_type: "run out",
      player_dismissed: "HM Nicholls",
      fielder_1: "JM Vince",
      fielder_2: "S Fouché",
    });
    expect(parseCsv2Delivery(row).wickets).toEqual([
      { kind: "run out", playerOut: "HM Nicholls", fielders: ["JM Vince", "S Fouché"] },
    ]);
  });

  test("with two wickets, the fielders of the first", () => {
    const row = plainRow({
      wicket_type: "caught",
      player_dismissed: "MJ Guptill",
      other_wicket_type: "timed out",
      other_player_dismissed: "AD Mathews",
      fielder_1: "Mahmudullah",
    });
    expect(parseCsv2Delivery(row).wickets).toEqual([
      { kind: "caught", playerOut: "MJ Guptill", fielders: ["Mahmudullah"] },
      { kind: "timed out", playerOut: "AD Mathews", fielders: [] },
    ]);
  });

  test("of 2.1 and 2.2, where fielders and run fours are unknown, not none", () => {
    const row = asVersion21(plainRow({ wicket_type: "caught", player_dismissed: "MJ Guptill" }));
    expect(parseCsv2Delivery(row)).toMatchObject({ nonBoundary: null, wickets: [{ fielders: null }] });
  });

  test("an absent column is an empty one: a database's null is left out of the record", () => {
    const full = plainRow({ extras: "1", wides: "1" });
    const sparse = Object.fromEntries(Object.entries(full).filter(([, text]) => text !== ""));
    expect(parseCsv2Delivery(sparse)).toEqual(parseCsv2Delivery(full));
  });

  test("columns that later versions add are ignored, and the order of columns does not matter", () => {
    const row = plainRow();
    const later = Object.fromEntries([["shot_type", "cover drive"], ...Object.entries(row).reverse()]);
    expect(parseCsv2Delivery(later)).toEqual(parseCsv2Delivery(row));
  });

  test("a wide with runs off the bat is odd but readable: Cricsheet has one", () => {
    expect(parseCsv2Delivery(plainRow({ runs_off_bat: "1", extras: "1", wides: "1" })).runs.total).toBe(2);
  });
});

describe("a row that cannot be scored is poison, and says why", () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ["no ball column", { ball: undefined }, 'column "ball" is missing'],
    ["no bowler column", { bowler: undefined }, 'column "bowler" is missing'],
    ["an empty striker", { striker: " " }, 'column "striker" is empty'],
    ["a word for a ball", { ball: "abc" }, 'column "ball" is "abc"; expected <over from 0>.<delivery from 1>'],
    ["a ball without a dot", { ball: "7" }, 'column "ball" is "7"'],
    ["a ball before the first", { ball: "0.0" }, 'column "ball" is "0.0"'],
    ["a ball with a sign", { ball: "-1.1" }, 'column "ball" is "-1.1"'],
    ["a ball with two dots", { ball: "1.1.1" }, 'column "ball" is "1.1.1"'],
    ["a ball in exponent form", { ball: "1e1.1" }, 'column "ball" is "1e1.1"'],
    ["an over beyond any innings", { ball: "500.1" }, 'column "ball": over 500 in an innings of at most 500 overs'],
    ["more deliveries than an over can have", { ball: "0.41" }, 'column "ball": delivery 41 of one over'],
    ["runs that are no number", { runs_off_bat: "four" }, 'column "runs_off_bat" is not a whole number: "four"'],
    ["half a run", { runs_off_bat: "1.5" }, 'column "runs_off_bat" is not a whole number: "1.5"'],
    ["negative runs", { runs_off_bat: "-1" }, 'column "runs_off_bat" is negative: "-1"'],
    ["a hundred off one ball", { runs_off_bat: "100" }, 'column "runs_off_bat" is "100"; more than 20 is not cricket'],
    ["no runs", { runs_off_bat: "" }, 'column "runs_off_bat" is empty'],
    [
      "extras of no kind",
      { extras: "2" },
      'extras do not add up: column "extras" says 2, but no kind of extras is given',
    ],
    [
      "extras that do not add up",
      { extras: "2", wides: "1", byes: "2" },
      'column "extras" says 2, but wides 1 + byes 2 make 3',
    ],
    ["negative wides", { extras: "-1", wides: "-1" }, 'column "wides" is negative: "-1"'],
    ["innings zero", { innings: "0" }, 'column "innings": unknown innings "0"; expected 1 to 12'],
    ["innings thirteen", { innings: "13" }, 'unknown innings "13"'],
    ["an innings in words", { innings: "1st" }, 'unknown innings "1st"'],
    ["a match id that is no id", { match_id: "a/b" }, '"a/b" is not a match id'],
    ["one team on both sides", { bowling_team: "New Zealand" }, '"New Zealand" both bats and bowls'],
    [
      "an unknown wicket",
      { wicket_type: "bored", player_dismissed: "MJ Guptill" },
      'column "wicket_type": unknown wicket "bored"',
    ],
    [
      "a wicket of nobody",
      { wicket_type: "bowled" },
      'column "wicket_type" is "bowled", but "player_dismissed" is empty',
    ],
    [
      "a dismissal of no kind",
      { player_dismissed: "MJ Guptill" },
      '"player_dismissed" names "MJ Guptill", but "wicket_type" is empty',
    ],
    ["a fielder without a wicket", { fielder_1: "JM Vince" }, 'fielder "JM Vince" without a wicket'],
    [
      "a flag that is neither",
      { non_boundary: "perhaps" },
      'column "non_boundary" is "perhaps"; expected "true" or nothing',
    ],
    ["bytes that were not UTF-8", { striker: "S Fouch\uFFFD" }, "holds bytes that were not UTF-8"],
    [
      "a control character",
      { bowler: "CR\u0000Woakes" },
      String.raw`column "bowler" "CR\u0000Woakes" holds a control character`,
    ],
  ])("%s", (_what, changes, reason) => {
    const parse = (): unknown => parseCsv2Delivery(plainRow(changes));
    expect(parse).toThrow(PoisonError);
    expect(parse).toThrow(reason);
  });

  test("out twice on one ball", () => {
    const row = plainRow({
      wicket_type: "caught",
      player_dismissed: "A",
      other_wicket_type: "timed out",
      other_player_dismissed: "A",
    });
    expect(() => parseCsv2Delivery(row)).toThrow('"A" is out twice on one ball');
  });

  test("the reason names the ball, so that a person finds the row", () => {
    expect(() => parseCsv2Delivery(plainRow({ innings: "2", ball: "49.4", runs_off_bat: "x" }))).toThrow(
      'match 1144530, innings 2, ball 49.4: column "runs_off_bat" is not a whole number: "x"',
    );
  });

  test("a field of 10 MB: the reason stays short", () => {
    const row = plainRow({ bowler: "x".repeat(10 * 1024 * 1024) });
    expect(() => parseCsv2Delivery(row)).toThrow(
      'column "bowler" is 10485760 characters long; no field needs more than 1000',
    );
  });

  test("a column that nobody reads changes nothing, whatever it holds", () => {
    const unread = { venue: "x".repeat(2_000), season: "\u0000", notes: 7, constructor: "\uFFFD", "": null };
    const row = { ...plainRow(), ...unread } as unknown as Record<string, string>;
    expect(parseCsv2Delivery(row)).toEqual(parseCsv2Delivery(plainRow()));
  });

  test("the bowling side may be missing: the batting side is known", () => {
    expect(parseCsv2Delivery(plainRow({ bowling_team: undefined }))).toEqual(parseCsv2Delivery(plainRow()));
  });

  test("a value that is not text, and names that live on the prototype", () => {
    expect(() => parseCsv2Delivery({ ...plainRow(), extras: 1 as unknown as string })).toThrow(
      'column "extras" is not text',
    );
    expect(() => parseCsv2Delivery(Object.create(plainRow()) as Record<string, string>)).toThrow(
      'column "ball" is missing',
    );
  });

  test("an over beyond the format's limit, where the caller knows the format", () => {
    expect(() => parseCsv2Delivery(plainRow({ ball: "60.1" }), { overs: 60 })).toThrow(
      "over 60 in an innings of at most 60 overs",
    );
    expect(parseCsv2Delivery(plainRow({ ball: "59.6" }), { overs: 60 }).over).toBe(59);
  });
});
