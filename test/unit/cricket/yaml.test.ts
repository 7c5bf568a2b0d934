import { describe, expect, test } from "vitest";
import { parseYamlObject } from "../../../src/domain/cricket/yaml.ts";
import { PoisonError } from "../../../src/domain/errors.ts";

const DELIVERY = `match_id: "1152848"
innings: 1
team: England
label: 4.10
delivery:
  batsman: JC Buttler
  bowler: NM Lyon
  non_striker: BA Stokes
  runs:
    batsman: 0
    extras: 0
    total: 0
`;

const MATCH = `match_id: "1152848"
match:
  meta:
    data_version: 0.92
    revision: 1
  info:
    balls_per_over: 6
    dates:
      - 2019-08-22
      - 2019-08-23
    gender: male
    match_type: Test
    outcome:
      by:
        wickets: 1
      winner: England
    players:
      England:
        - BA Stokes
    registry:
      people:
        BA Stokes: "12345678"
    teams:
      - England
      - Australia
    venue: Headingley, Leeds
  innings:
    - 1st innings:
        team: Australia
        declared: 'yes'
    - 2nd innings:
        team: England
        forfeited: 'yes'
        absent_hurt:
          - BA Stokes
        penalty_runs:
          pre: 5
    - England Super Over:
        team: England
`;

function delivery(text: string): unknown {
  const fact = parseYamlObject(text);
  expect(fact.kind).toBe("delivery");
  return fact.kind === "delivery" ? fact.delivery : null;
}

describe("a YAML object becomes a delivery", () => {
  test("4.10 is the tenth delivery of its over, and 4.1 the first, quoted or not", () => {
    expect(delivery(DELIVERY)).toMatchObject({ innings: 1, over: 4, ball: 10, batter: "JC Buttler", wickets: [] });
    expect(delivery(DELIVERY.replace("4.10", '"4.10"'))).toMatchObject({ over: 4, ball: 10 });
    expect(delivery(DELIVERY.replace("4.10", "4.1"))).toMatchObject({ over: 4, ball: 1 });
  });

  test("names that YAML could take for something else stay names", () => {
    for (const name of ["No", "null", "1e3", "~", "0x1F", "2019-08-22"]) {
      expect(delivery(DELIVERY.replace("JC Buttler", name))).toMatchObject({ batter: name });
    }
  });

  test("a wicket, a list of two, fielders and a substitute", () => {
    const one =
      "  wicket:\n    kind: caught\n    player_out: JC Buttler\n    fielders:\n      - UT Khawaja\n      - WE September (sub)\n";
    const two =
      "  wicket:\n    - kind: bowled\n      player_out: JC Buttler\n    - kind: timed out\n      player_out: CR Woakes\n";
    expect(delivery(DELIVERY + one)).toMatchObject({
      wickets: [{ kind: "caught", fielders: ["UT Khawaja", "WE September (sub)"] }],
    });
    expect(delivery(DELIVERY + two)).toMatchObject({
      wickets: [
        { kind: "bowled", fielders: [] },
        { kind: "timed out", playerOut: "CR Woakes" },
      ],
    });
  });

  test("extras, and a four that was run", () => {
    const text = DELIVERY.replace(
      "extras: 0\n    total: 0",
      "extras: 5\n    total: 5\n    non_boundary: 1\n  extras:\n    penalty: 5",
    );
    expect(delivery(text)).toMatchObject({ nonBoundary: true, extras: { penalty: 5 } });
  });
});

describe("a YAML object becomes a match", () => {
  test("with what its words mean", () => {
    const fact = parseYamlObject(MATCH);
    if (fact.kind !== "match") throw new Error("read as a delivery");
    expect(fact.match).toMatchObject({
      format: "yaml",
      version: "0.92",
      matchType: "Test",
      season: null,
      dates: ["2019-08-22", "2019-08-23"],
      outcome: { winner: "England", by: { wickets: 1 } },
      players: [{ team: "England", name: "BA Stokes", registryId: "12345678" }],
    });
    expect(fact.match.inningsNotes).toMatchObject([
      { innings: 1, team: "Australia", declared: true, forfeited: false, superOver: false },
      { innings: 2, declared: false, forfeited: true, absentHurt: ["BA Stokes"], penaltyPre: 5 },
      { innings: 3, team: "England", superOver: true },
    ]);
  });

  test.each(["0.5", "0.9", "0.91", "0.99"])("version %s is read", (version) => {
    expect(parseYamlObject(MATCH.replace("0.92", version))).toMatchObject({ match: { version } });
  });
});

/** Ten names, each nine times the one before: a billion in the end. */
const BOMB = `a0: &a0 [x]\n${Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array.from({ length: 9 }, () => `*a${n}`).join(",")}]\n`).join("")}`;

describe("a YAML object that cannot be read is poison, and says why", () => {
  test.each<[string, string, string]>([
    ["nothing", "", "it is not YAML"],
    ["a text", "hello", "the object is no mapping"],
    ["two documents", `${DELIVERY}---\n${DELIVERY}`, "it is not YAML"],
    ["cut off", DELIVERY.slice(0, DELIVERY.indexOf("    batsman: 0")), "delivery.runs is empty"],
    ["neither of both", 'match_id: "1"\n', 'match 1: the object has neither "delivery" nor "match"'],
    ["a key twice", `${DELIVERY}team: Australia\n`, "it is not YAML: duplicated mapping key"],
    [
      "an alias",
      DELIVERY.replace("batsman: JC Buttler", "batsman: &b JC Buttler").replace("NM Lyon", "*b"),
      "it is not YAML: aliases have no place",
    ],
    ["a bomb of aliases", BOMB, "it is not YAML: aliases have no place"],
    ["a merge key", DELIVERY.replace("  runs:", "  <<: {}\n  run:"), "delivery.runs is missing"],
    ["a tag", DELIVERY.replace("JC Buttler", "!!int 7"), "it is not YAML"],
    ["a thousand levels", `delivery: ${"[".repeat(1_000)}`, "it is not YAML"],
    ["a megabyte", DELIVERY + "#".repeat(1_000_000), "the limit"],
    ["a NUL byte", DELIVERY.replace("JC Buttler", "JC\u0000Buttler"), "it is not YAML"],
    ["an escaped NUL byte", DELIVERY.replace("JC Buttler", '"JC\\0Buttler"'), "holds a control character"],
    [
      "a label without a delivery",
      DELIVERY.replace("4.10", "4"),
      'label is "4"; expected <over from 0>.<delivery from 1>',
    ],
    ["runs in words", DELIVERY.replace("total: 0", "total: none"), 'delivery.runs.total is not a whole number: "none"'],
    ["JSON's wickets", `${DELIVERY}  wickets: []\n`, 'delivery has "wickets"; this format has "wicket"'],
    ["JSON's batter", DELIVERY.replace("batsman: JC", "batter: JC"), "delivery.batsman is missing"],
    [
      "two labels on one innings",
      MATCH.replace("    - England Super Over", "      England Super Over"),
      "has 2 labels; expected one",
    ],
    ["a version of the future", MATCH.replace("0.92", "1.0"), 'version "1.0" is unknown'],
    [
      "declared, perhaps",
      MATCH.replace("declared: 'yes'", "declared: perhaps"),
      'declared is "perhaps"; expected yes or no',
    ],
  ])("%s", (_what, text, reason) => {
    const parse = (): unknown => parseYamlObject(text);
    expect(parse).toThrow(PoisonError);
    expect(parse).toThrow(reason);
    expect(parse).toThrow(/^[^\n]{10,700}$/u);
  });

  test("the reason names the ball, so that a person finds the object", () => {
    expect(() => parseYamlObject(DELIVERY.replace("bowler: NM Lyon", "bowler:"))).toThrow(
      "match 1152848, innings 1, ball 4.10: delivery.bowler is empty",
    );
  });

  test("memory stays bounded, whatever fits into the limit", () => {
    const worst = [
      "[".repeat(260_000),
      "- ".repeat(130_000),
      "a,".repeat(130_000),
      `[${"a,".repeat(130_000)}]`,
      BOMB.repeat(100),
    ];
    for (const text of worst) {
      const before = process.memoryUsage().heapUsed;
      expect(() => parseYamlObject(text.slice(0, 262_144))).toThrow(PoisonError);
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(200_000_000);
    }
  });
});
