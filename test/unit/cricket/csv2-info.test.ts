import { describe, expect, test } from "vitest";
import { parseCsv2Info } from "../../../src/domain/cricket/csv2.ts";
import { PoisonError } from "../../../src/domain/errors.ts";
import { BUNDLED, readMatch } from "../../support/cricket.ts";

const INFO: readonly string[] = [
  "version,2.3.0",
  "info,balls_per_over,6",
  "info,team,England",
  "info,team,New Zealand",
  "info,gender,male",
  "info,date,2019/07/14",
  "info,winner,England",
  "info,winner_runs,5",
  "info,player,England,JJ Roy",
  "info,player,New Zealand,MJ Guptill",
];

/** The lines above with some taken out (by their beginning) and some put in before the players. */
function info(add: readonly string[] = [], without: readonly string[] = []): string {
  const kept = INFO.filter((line) => !without.some((start) => line.startsWith(start)));
  return `${[...kept.slice(0, -2), ...add, ...kept.slice(-2)].join("\n")}\n`;
}

describe("an info file becomes a match", () => {
  test("the World Cup final of 2019, whole", () => {
    const match = parseCsv2Info("1144530", readMatch(BUNDLED.dir, "1144530").info);
    expect(match).toMatchObject({
      matchId: "1144530",
      format: "csv2",
      version: "2.3.0",
      matchType: "ODI",
      gender: "male",
      teamType: "international",
      teams: ["England", "New Zealand"],
      season: "2019",
      dates: ["2019-07-14"],
      venue: "Lord's",
      city: "London",
      event: "World Cup",
      overs: 50,
      ballsPerOver: 6,
      toss: { winner: "New Zealand", decision: "bat" },
      outcome: { result: "tie", eliminator: "England" },
      playersOfMatch: ["BA Stokes"],
    });
    expect(match.players).toHaveLength(22);
    expect(match.players[0]).toEqual({ team: "New Zealand", name: "MJ Guptill", registryId: "2be41edb" });
    expect(match.inningsNotes.map(({ innings, superOver, target }) => [innings, superOver, target])).toEqual([
      [2, false, { overs: 50, runs: 242 }],
      [3, true, null],
      [4, true, null],
    ]);
  });

  test("fields in quotes, an empty city, overs in cricket notation", () => {
    const text = info([
      'info,venue,"Queen\'s Park Oval, Port of Spain"',
      "info,city,",
      "info,target_runs,2,130",
      "info,target_overs,2,27.3",
    ]);
    const match = parseCsv2Info("1", text);
    expect(match).toMatchObject({ venue: "Queen's Park Oval, Port of Spain", city: null });
    expect(match.inningsNotes[0]?.target).toEqual({ overs: 27.3, runs: 130 });
  });

  test("players under either word", () => {
    const text = info(["info,players,England,JE Root"]);
    expect(parseCsv2Info("1", text).players.map(({ name }) => name)).toEqual(["JJ Roy", "MJ Guptill", "JE Root"]);
  });

  test.each<[string, readonly string[], object]>([
    ["by runs", ["info,winner,England", "info,winner_runs,5"], { winner: "England", by: { runs: 5 } }],
    [
      "by wickets, Duckworth/Lewis",
      ["info,winner,England", "info,winner_wickets,3", "info,method,D/L"],
      { winner: "England", by: { wickets: 3 }, method: "D/L" },
    ],
    [
      "by an innings",
      ["info,winner,England", "info,winner_innings,1", "info,winner_runs,12"],
      { winner: "England", by: { innings: 1, runs: 12 } },
    ],
    ["awarded", ["info,winner,England", "info,method,Awarded"], { winner: "England", method: "Awarded" }],
    ["no result", ["info,outcome,no result"], { result: "no result" }],
    ["draw", ["info,outcome,draw"], { result: "draw" }],
    ["tie and bowl-out", ["info,outcome,tie", "info,bowl_out,England"], { result: "tie", bowl_out: "England" }],
    ["not over yet", [], {}],
  ])("outcome: %s", (_what, lines, outcome) => {
    expect(parseCsv2Info("1", info(lines, ["info,winner"])).outcome).toEqual(outcome);
  });

  test("declared and forfeited innings", () => {
    const match = parseCsv2Info("1", info(["info,declared,1", "info,forfeited,2"]));
    expect(match.inningsNotes).toMatchObject([
      { innings: 1, declared: true, superOver: false, forfeited: null },
      { innings: 2, declared: false, forfeited: true },
    ]);
  });

  test("two dates, several players of the match, a byte order mark, CRLF", () => {
    const text = info(["info,date,2019/07/15", "info,player_of_match,JJ Roy", "info,player_of_match,MJ Guptill"]);
    const match = parseCsv2Info("1", `\uFEFF${text.replaceAll("\n", "\r\n")}`);
    expect(match).toMatchObject({ dates: ["2019-07-14", "2019-07-15"], playersOfMatch: ["JJ Roy", "MJ Guptill"] });
  });

  test.each(["2.1.0", "2.2.0", "2.3.1", "2.4.0", "2.17.3"])(
    "version %s is read, keys it added are ignored",
    (version) => {
      const text = info(["info,wind_speed,12,north"]).replace("2.3.0", version);
      expect(parseCsv2Info("1", text).version).toBe(version);
    },
  );
});

describe("an info file that cannot be read is poison, and says why", () => {
  test.each<[string, string, string]>([
    ["nothing", "", "the file is empty"],
    ["no version", info().replace("version,2.3.0\n", ""), 'it begins with "info", not with a version line'],
    [
      "the other CSV",
      info().replace("2.3.0", "1.8.0"),
      'version "1.8.0" is unknown; this reader knows 2.1 and later 2.x',
    ],
    ["the next major", info().replace("2.3.0", "3.0.0"), 'version "3.0.0" is unknown'],
    ["2.0", info().replace("2.3.0", "2.0.0"), 'version "2.0.0" is unknown'],
    ["a version of nothing", info().replace("2.3.0", ""), 'version "" is unknown'],
    ["one team", info([], ["info,team,England"]), 'it names "New Zealand"; expected two different teams'],
    ["three teams", info(["info,team,Kenya"]), "expected two different teams"],
    ["no date", info([], ["info,date"]), "it has no date"],
    ["a date that is none", info(["info,date,14 July"]), '"14 July" is not a date'],
    ["a line of another kind", info(["penalty_runs,1,pre,5"]), 'line 9 begins with "penalty_runs", not with "info"'],
    ["two winners", info(["info,winner,New Zealand"]), 'two values for "winner": "England" and "New Zealand"'],
    ["a margin in words", info(["info,winner_wickets,many"]), '"winner_wickets" is not a whole number: "many"'],
    ["eleven wickets", info(["info,winner_wickets,11"]), "more than 10 is not cricket"],
    ["another match", info(["info,match_id,2"]), 'its match_id line says "2"'],
    ["a super over of no innings", info(["info,super_over,x"]), 'line 9, "super_over": unknown innings "x"'],
    ["a target in words", info(["info,target_overs,2,fifty"]), '"target_overs" is "fifty"'],
    ["its end lost before the players", info([], ["info,player"]), "it names no players: the file is cut off"],
    [
      "its end lost in a player",
      `${info()}info,player,New Zea`,
      "line 11 is cut off: a player line needs a team and a name",
    ],
    [
      "its end lost in the register",
      `${info()}info,registry,people,JJ Roy`,
      "line 11 is cut off: a registry line needs a name and an id",
    ],
    ["its end lost in a key", `${info()}info,regis`, 'line 11 is cut off: "info,regis"'],
    ["an open quote", `${info()}info,venue,"Lord's`, "it is not CSV"],
    ["bytes that were not UTF-8", info(["info,city,S\uFFFDo Paulo"]), "holds bytes that were not UTF-8"],
    ["a long field", info([`info,venue,${"x".repeat(5_000)}`]), "line 9: a field is 5000 characters long"],
    ["10 MB", info([`info,venue,${"x".repeat(10 * 1024 * 1024)}`]), "characters; 1000000 is the limit"],
  ])("%s", (_what, text, reason) => {
    const parse = (): unknown => parseCsv2Info("1", text);
    expect(parse).toThrow(PoisonError);
    expect(parse).toThrow(reason);
    expect(parse).toThrow('info of match "1": ');
  });

  test("a match id that is no id", () => {
    expect(() => parseCsv2Info("../x", info())).toThrow("is not a match id");
  });
});
