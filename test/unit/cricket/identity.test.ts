import { describe, expect, test } from "vitest";
import { parseCsv2Delivery, parseCsv2Info } from "../../../src/domain/cricket/csv2.ts";
import { deliveryIdentity, deliveryKey, matchIdentity, matchKey } from "../../../src/domain/cricket/identity.ts";
import { contentOf, matchContentOf, sameFact } from "../../support/cricket-identity.ts";
import { asVersion21, BUNDLED, bundledMatch, delivery, plainRow, readMatch } from "../../support/cricket.ts";

describe("natural keys", () => {
  test("name match, innings, over and n-th delivery", () => {
    expect(deliveryKey(parseCsv2Delivery(plainRow({ innings: "2", ball: "49.10" })))).toBe("d/1144530/2/49/10");
    expect(deliveryKey(parseCsv2Delivery(plainRow({ ball: "0.1" })))).not.toBe(
      deliveryKey(parseCsv2Delivery(plainRow({ ball: "0.10" }))),
    );
    expect(matchKey(bundledMatch("1144530").match)).toBe("m/1144530");
  });

  test("are unique in every bundled match", () => {
    for (const id of BUNDLED.expected.keys()) {
      const { deliveries } = bundledMatch(id);
      expect(new Set(deliveries.map(deliveryKey)).size).toBe(deliveries.length);
    }
  });
});

describe("content", () => {
  test("is canonical JSON, pinned: a changed form would make every known fact a correction", () => {
    const row = plainRow({
      runs_off_bat: "1",
      extras: "1",
      noballs: "1",
      wicket_type: "run out",
      player_dismissed: "HM Nicholls",
      fielder_1: "JM Vince",
    });
    expect(deliveryIdentity(parseCsv2Delivery(row))).toEqual({
      key: "d/1144530/1/0/1",
      content:
        '{"batter":"MJ Guptill","battingTeam":"New Zealand","bowler":"CR Woakes","nonStriker":"HM Nicholls",' +
        '"runs":[1,1,2],"wicket":["run out","HM Nicholls"]}',
      facets: [
        '{"byes":0,"further":[],"legbyes":0,"noballs":1,"penalty":0,"wides":0}',
        '{"fielders":["JM Vince"],"nonBoundary":false}',
      ],
    });
  });

  test("does not hold how the file was written: column order, nulls, actual_delivery, venue", () => {
    const row = plainRow();
    const other = { ...Object.fromEntries(Object.entries(row).reverse()), actual_delivery: "0.2", venue: "Lords" };
    expect(contentOf(parseCsv2Delivery(other))).toBe(contentOf(parseCsv2Delivery(row)));
  });

  test.each<[string, Record<string, string>]>([
    ["batting_team", { batting_team: "NZ" }],
    ["striker", { striker: "M Guptill" }],
    ["non_striker", { non_striker: "H Nicholls" }],
    ["bowler", { bowler: "C Woakes" }],
    ["runs_off_bat", { runs_off_bat: "4" }],
    ["kinds of extras", { wides: "0", byes: "1" }],
    ["non_boundary", { non_boundary: "true" }],
    ["wicket_type", { wicket_type: "lbw" }],
    ["player_dismissed", { player_dismissed: "HM Nicholls" }],
    ["other_wicket_type", { other_wicket_type: "retired hurt" }],
    ["other_player_dismissed", { other_player_dismissed: "X" }],
    ["fielder_1", { fielder_1: "JM Vince" }],
    ["fielder_2", { fielder_2: "JM Vince" }],
  ])("changes with %s", (_what, change) => {
    const row = plainRow({
      extras: "1",
      wides: "1",
      wicket_type: "run out",
      player_dismissed: "MJ Guptill",
      other_wicket_type: "timed out",
      other_player_dismissed: "Y",
      fielder_1: "JJ Roy",
    });
    expect(contentOf(parseCsv2Delivery({ ...row, ...change }))).not.toBe(contentOf(parseCsv2Delivery(row)));
  });

  test.each<[string, string, string]>([
    ["the winner", "info,eliminator,England", "info,eliminator,New Zealand"],
    ["the target", "info,target_runs,2,242", "info,target_runs,2,243"],
    ["target overs", "info,target_overs,2,50", "info,target_overs,2,49"],
    ["a super over", "info,super_over,4\n", ""],
    ["a declaration", "info,super_over,3", "info,super_over,3\ninfo,declared,1"],
    ["a date", "info,date,2019/07/14", "info,date,2019/07/15"],
    ["the venue", "info,venue,Lord's", "info,venue,Lords"],
    ["the toss", "info,toss_decision,bat", "info,toss_decision,field"],
    ["a player's name", "info,player,England,JJ Roy", "info,player,England,J Roy"],
    ["a register id", "people,BA Stokes,e087956b", "people,BA Stokes,e087956c"],
    ["the season", "info,season,2019", "info,season,2019/20"],
    ["the match type", "info,match_type,ODI", "info,match_type,T20"],
    ["the method", "info,outcome,tie", "info,outcome,tie\ninfo,method,D/L"],
  ])("of a match changes with %s", (_what, from, to) => {
    const { info } = readMatch(BUNDLED.dir, "1144530");
    expect(info).toContain(from);
    expect(matchContentOf(parseCsv2Info("1144530", info.replace(from, to)))).not.toBe(
      matchContentOf(parseCsv2Info("1144530", info)),
    );
  });
});

describe("the same fact from a format that carries less", () => {
  const row = plainRow({ wicket_type: "caught", player_dismissed: "MJ Guptill", fielder_1: "JJ Roy" });
  const full = deliveryIdentity(parseCsv2Delivery(row));
  const older = deliveryIdentity(parseCsv2Delivery(asVersion21(row)));

  test("agrees: fields that a format cannot carry never make a correction", () => {
    expect(sameFact(full, older)).toBe(true);
    expect(sameFact(older, full)).toBe(true);
    const csv1 = deliveryIdentity({ ...parseCsv2Delivery(asVersion21(row)), extras: null });
    expect(sameFact(csv1, full)).toBe(true);
  });

  test("differs in a facet that both know, and in the core", () => {
    expect(sameFact(full, deliveryIdentity(parseCsv2Delivery({ ...row, fielder_1: "JE Root" })))).toBe(false);
    expect(sameFact(older, deliveryIdentity(parseCsv2Delivery({ ...row, bowler: "JC Archer" })))).toBe(false);
  });

  test("a substitute is the same person with and without the mark; one without a name is left out", () => {
    const wickets = (fielders: readonly string[]): ReturnType<typeof deliveryIdentity> =>
      deliveryIdentity(delivery({ wickets: [{ kind: "caught", playerOut: "a1", fielders }] }));
    expect(sameFact(wickets(["JM Vince (sub)"]), wickets(["JM Vince"]))).toBe(true);
    expect(sameFact(wickets(["? (sub)"]), wickets([]))).toBe(true);
  });

  test("the first three fielders count: csv2 has no room for more", () => {
    const run = (...fielders: readonly string[]): ReturnType<typeof deliveryIdentity> =>
      deliveryIdentity(delivery({ wickets: [{ kind: "run out", playerOut: "a1", fielders }] }));
    expect(sameFact(run("b1", "b2", "b3", "b4"), run("b1", "b2", "b3"))).toBe(true);
    expect(sameFact(run("b1", "b2", "b3"), run("b1", "b2", "b4"))).toBe(false);
  });

  test("the order of teams, players and their awards says nothing: the formats have different ones", () => {
    const { match } = bundledMatch("1144530");
    const { teams, players, playersOfMatch } = match;
    const other = {
      ...match,
      teams: [teams[1], teams[0]] as const,
      players: players.toReversed(),
      playersOfMatch: playersOfMatch.toReversed(),
    };
    expect(matchIdentity(other)).toEqual(matchIdentity(match));
  });

  test("a match of 2.1 agrees with the same match of 2.3", () => {
    const { info } = readMatch(BUNDLED.dir, "1144530");
    const lines = info.replace("version,2.3.0", "version,2.1.0").split("\n");
    const text = lines
      .filter((line) => !/^info,(?:match_type|team_type|overs|super_over|target_|match_id)/u.test(line))
      .join("\n");
    const [a, b] = [info, text].map((source) => matchIdentity(parseCsv2Info("1144530", source)));
    expect(sameFact(a!, b!)).toBe(true);
    expect(
      sameFact(a!, matchIdentity(parseCsv2Info("1144530", text.replace("info,outcome,tie", "info,outcome,no result")))),
    ).toBe(false);
  });
});
