import { describe, expect, test } from "vitest";
import { parseJsonDelivery, parseJsonMatch } from "../../../src/domain/cricket/json.ts";
import { PoisonError } from "../../../src/domain/errors.ts";

const BALL = {
  batter: "M Levitt",
  bowler: "NK Yadav",
  non_striker: "MP O'Dowd",
  runs: { batter: 0, extras: 0, total: 0 },
} as const;

function document(delivery: object = {}, place: object = {}): Record<string, unknown> {
  return {
    match_id: "1485939",
    innings: 1,
    over: 4,
    ball: 10,
    team: "Netherlands",
    delivery: { ...BALL, ...delivery },
    ...place,
  };
}

const INFO = {
  balls_per_over: 6,
  dates: ["2025-06-16"],
  gender: "male",
  match_type: "T20",
  outcome: { winner: "Nepal", by: { runs: 3 } },
  overs: 20,
  players: { Nepal: ["K Bhurtel"], Netherlands: ["M Levitt"] },
  registry: { people: { "K Bhurtel": "e3386c8a", "An umpire": "00000000" } },
  season: "2025",
  team_type: "international",
  teams: ["Netherlands", "Nepal"],
  venue: "Titwood, Glasgow",
} as const;

function matchDocument(
  info: object = {},
  innings: readonly unknown[] = [{ team: "Nepal" }],
  version: unknown = "1.1.0",
): object {
  return { match_id: "1485939", match: { meta: { data_version: version }, info: { ...INFO, ...info }, innings } };
}

describe("a JSON document becomes a delivery", () => {
  test("with its place counted, not labelled: ball 10 is the tenth", () => {
    expect(parseJsonDelivery(document())).toEqual({
      matchId: "1485939",
      innings: 1,
      over: 4,
      ball: 10,
      battingTeam: "Netherlands",
      batter: "M Levitt",
      nonStriker: "MP O'Dowd",
      bowler: "NK Yadav",
      runs: { batter: 0, extras: 0, total: 0 },
      extras: { wides: 0, noballs: 0, byes: 0, legbyes: 0, penalty: 0 },
      nonBoundary: false,
      wickets: [],
    });
  });

  test("penalty runs and byes on one ball, a four that was run, reviews and replacements that nobody scores by", () => {
    const d = parseJsonDelivery(
      document({
        runs: { batter: 4, extras: 7, total: 11, non_boundary: true },
        extras: { noballs: 1, byes: 1, penalty: 5 },
        review: { by: "Nepal", decision: "struck down" },
        replacements: { match: [{ in: "a", out: "b", reason: "concussion_substitute", team: "Nepal" }] },
      }),
    );
    expect(d).toMatchObject({ nonBoundary: true, extras: { noballs: 1, byes: 1, penalty: 5, wides: 0 } });
  });

  test("two wickets on one ball, a substitute, and one without a name", () => {
    const wickets = [
      {
        kind: "caught",
        player_out: "M Levitt",
        fielders: [{ name: "LS Rai", substitute: true }, { substitute: true }],
      },
      { kind: "timed out", player_out: "SA Edwards" },
    ];
    expect(parseJsonDelivery(document({ wickets })).wickets).toEqual([
      { kind: "caught", playerOut: "M Levitt", fielders: ["LS Rai (sub)", "? (sub)"] },
      { kind: "timed out", playerOut: "SA Edwards", fielders: [] },
    ]);
  });

  test("a member on the prototype is no member", () => {
    const inherited = Object.assign(Object.create({ delivery: BALL }) as object, document({}, { delivery: null }));
    expect(() => parseJsonDelivery(inherited)).toThrow("delivery is missing");
  });
});

describe("a JSON document that is no delivery is poison, and says why", () => {
  const wicket = { kind: "bowled", player_out: "M Levitt" };
  test.each<[string, unknown, string]>([
    ["nothing", null, "the document is no JSON object"],
    ["a list", [document()], "the document is no JSON object"],
    ["no match", document({}, { match_id: undefined }), "match_id is missing"],
    ["a number for a match id", document({}, { match_id: 1485939 }), "match_id is 1485939; expected text"],
    ["innings zero", document({}, { innings: 0 }), 'unknown innings "0"'],
    ["an innings in quotes", document({}, { innings: "1" }), 'innings is "1"; expected a whole number'],
    ["half an over", document({}, { over: 3.5 }), "over is 3.5; expected a whole number"],
    ["a ball before the first", document({}, { ball: 0 }), "delivery 0; the first of an over is 1"],
    [
      "a huge number",
      document({ runs: { batter: 1e300, extras: 0, total: 1e300 } }),
      "delivery.runs.batter is not a whole number",
    ],
    [
      "a number beyond cricket",
      document({ runs: { batter: 21, extras: 0, total: 21 } }),
      'delivery.runs.batter is "21"; more than 20',
    ],
    [
      "negative runs",
      document({ runs: { batter: -1, extras: 0, total: -1 } }),
      'delivery.runs.batter is negative: "-1"',
    ],
    [
      "runs in quotes",
      document({ runs: { batter: "1", extras: 0, total: 1 } }),
      'delivery.runs.batter is "1"; expected a whole number',
    ],
    [
      "a total that is none",
      document({ runs: { batter: 1, extras: 0, total: 2 } }),
      "runs do not add up: 1 + 0, but the total is 2",
    ],
    ["extras without a kind", document({ runs: { batter: 0, extras: 1, total: 1 } }), "extras do not add up"],
    [
      "an unknown kind of extras",
      document({ runs: { batter: 0, extras: 1, total: 1 }, extras: { gifts: 1 } }),
      'unknown kind of extras "gifts"',
    ],
    [
      "extras on the prototype",
      document({
        extras: JSON.parse('{"__proto__": 1}') as object,
        runs: { batter: 1, extras: 1, total: 2 },
      }),
      'unknown kind of extras "__proto__"',
    ],
    ["a wicket that is no list", document({ wickets: wicket }), "delivery.wickets is an object; expected a list"],
    ["YAML's wicket", document({ wicket }), 'delivery has "wicket"; this format has "wickets"'],
    [
      "a kind of wicket nobody knows",
      document({ wickets: [{ ...wicket, kind: "sent off" }] }),
      'delivery.wickets[0]: unknown wicket "sent off"',
    ],
    ["one batter out twice", document({ wickets: [wicket, wicket] }), '"M Levitt" is out twice on one ball'],
    [
      "a fielder without a name",
      document({ wickets: [{ ...wicket, fielders: [{}] }] }),
      "delivery.wickets[0].fielders[0].name is missing",
    ],
    ["a NUL byte", document({ batter: "M\u0000Levitt" }), "holds a control character"],
    ["a megabyte for a name", document({ batter: "x".repeat(1_000_000) }), "is 1000000 characters long"],
    [
      "a list of a million",
      document({ wickets: Array.from({ length: 1_000_000 }) }),
      "delivery.wickets has 1000000 items",
    ],
  ])("%s", (_what, value, reason) => {
    const parse = (): unknown => parseJsonDelivery(value);
    expect(parse).toThrow(PoisonError);
    expect(parse).toThrow(reason);
    expect(parse).toThrow(/^[^\n]{10,400}$/u);
  });

  test("the reason names the ball, so that a person finds the document", () => {
    expect(() => parseJsonDelivery(document({ batter: 7 }))).toThrow(
      "match 1485939, innings 1, over 4, ball 10: delivery.batter is 7; expected text",
    );
  });
});

describe("a JSON document becomes a match", () => {
  test("players with their register ids, a season that is a number, a target with balls", () => {
    const innings = [
      { team: "Netherlands" },
      { team: "Nepal", target: { overs: 17.4, runs: 120 }, absent_hurt: ["K Bhurtel"], penalty_runs: { post: 5 } },
      { team: "Nepal", super_over: true },
      { team: "Netherlands", forfeited: true, declared: true, miscounted_overs: { "3": { balls: "5" } } },
    ];
    const match = parseJsonMatch(
      matchDocument({ season: 2025, event: { name: "A cup", group: 3 }, city: null }, innings),
    );
    expect(match).toMatchObject({
      format: "json",
      version: "1.1.0",
      season: "2025",
      event: "A cup",
      city: null,
      toss: null,
      outcome: { winner: "Nepal", by: { runs: 3 } },
      players: [
        { team: "Nepal", name: "K Bhurtel", registryId: "e3386c8a" },
        { team: "Netherlands", name: "M Levitt", registryId: null },
      ],
    });
    expect(match.inningsNotes).toMatchObject([
      { innings: 1, team: "Netherlands", superOver: false, target: null },
      { innings: 2, target: { overs: 17.4, runs: 120 }, absentHurt: ["K Bhurtel"], penaltyPre: 0, penaltyPost: 5 },
      { innings: 3, superOver: true },
      { innings: 4, forfeited: true, declared: true },
    ]);
  });

  test.each<[string, object, string]>([
    ["another major version", matchDocument({}, [], "2.0.0"), 'version "2.0.0" is unknown; this reader knows JSON 1.x'],
    ["one team", matchDocument({ teams: ["Nepal"] }), 'it names "Nepal"; expected two different teams'],
    ["no date", matchDocument({ dates: [] }), "it has no date"],
    ["a date that is none", matchDocument({ dates: ["2025-13-01"] }), '"2025-13-01" is not a date'],
    [
      "players that are no lists",
      matchDocument({ players: { Nepal: "all of them" } }),
      'info.players.Nepal is "all of them"; expected a list',
    ],
    [
      "overs of a target in words",
      matchDocument({}, [{ team: "Nepal", target: { overs: "all", runs: 3 } }]),
      "expected overs such as 20 or 17.4",
    ],
    [
      "a flag that is a word",
      matchDocument({}, [{ team: "Nepal", declared: "yes" }]),
      'innings[0].declared is "yes"; expected true or false',
    ],
    [
      "thirteen innings",
      matchDocument(
        {},
        Array.from({ length: 13 }, () => ({ team: "Nepal" })),
      ),
      'unknown innings "13"',
    ],
    ["an innings of nobody", matchDocument({}, [{}]), "match.innings[0].team is missing"],
    [
      "no innings",
      { match_id: "1", match: { meta: { data_version: "1.0.0" }, info: INFO } },
      "match.innings is missing",
    ],
  ])("poison: %s", (_what, value, reason) => {
    const parse = (): unknown => parseJsonMatch(value);
    expect(parse).toThrow(PoisonError);
    expect(parse).toThrow(reason);
  });
});
