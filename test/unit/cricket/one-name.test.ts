import { describe, expect, test } from "vitest";
import { inningsView } from "../../../src/dashboard/server/view/innings.ts";
import { renderCard } from "../../../src/domain/cricket/card.ts";
import { parseCsv1Delivery } from "../../../src/domain/cricket/csv1.ts";
import { parseCsv2Delivery } from "../../../src/domain/cricket/csv2.ts";
import { parseJsonDelivery } from "../../../src/domain/cricket/json.ts";
import { applyDelivery, initialInnings, foldInnings } from "../../../src/domain/cricket/innings.ts";
import { liveLine } from "../../../src/domain/cricket/live-line.ts";
import { scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import { parseYamlObject } from "../../../src/domain/cricket/yaml.ts";
import { bundledMatch, delivery } from "../../support/cricket.ts";
import { csv1Row, csv2Row, jsonDelivery, yamlDelivery } from "../../support/cricket-writers.ts";

const SAME = { batter: "A Smith", nonStriker: "A Smith" } as const;
const out = { kind: "run out", playerOut: "A Smith", fielders: [] } as const;
const BALLS = [
  delivery({ ball: 1, batter: "B Jones", nonStriker: "A Smith", bat: 1 }),
  delivery({
    ball: 2,
    ...SAME,
    batter: "A Smith",
    nonStriker: "B Jones",
    wickets: [{ kind: "bowled", playerOut: "B Jones", fielders: [] }],
  }),
  delivery({ ball: 3, ...SAME, bat: 4 }),
  delivery({ ball: 4, ...SAME, bat: 1, wickets: [out] }),
  delivery({ ball: 5, batter: "C Brown", nonStriker: "A Smith", bat: 2 }),
  delivery({ ball: 6, batter: "A Smith", nonStriker: "C Brown", bat: 6, wickets: [out] }),
];
const MATCH = {
  ...bundledMatch("1144530").match,
  matchId: "1",
  teams: ["A", "B"],
  inningsNotes: [],
  outcome: {},
  players: [],
} as const;

describe("two players of one name at the crease", () => {
  test("are read from every format: nobody loses an innings over it", () => {
    const ball = delivery({ ...SAME, bat: 4 });
    expect(parseJsonDelivery(jsonDelivery(ball))).toEqual(ball);
    expect(parseYamlObject(yamlDelivery(ball))).toEqual({ kind: "delivery", delivery: ball });
    expect(parseCsv2Delivery(csv2Row(ball, "2.3"))).toEqual(ball);
    expect(parseCsv1Delivery(csv1Row(ball))).toMatchObject({ ...SAME, runs: { total: 4 } });
  });

  test("the team's score is right, and the card has one line for both", () => {
    const scored = scoreMatch(MATCH, BALLS);
    const [innings] = scored.innings;
    expect(innings).toMatchObject({ runs: 14, wickets: 3, overs: "1.0", deliveries: 6 });
    expect(innings?.batters.map(({ name, runs, balls, how }) => [name, runs, balls, how])).toEqual([
      ["B Jones", 1, 1, "bowled"],
      ["A Smith", 11, 4, "run out"],
      ["C Brown", 2, 1, "not out"],
    ]);
    expect(innings?.fall.map(([wicket, runs, player]) => [wicket, runs, player])).toEqual([
      [1, 1, "B Jones"],
      [2, 6, "A Smith"],
      [3, 14, "A Smith"],
    ]);
    expect(renderCard(scored, MATCH)).toContain("Total");
    expect(liveLine(scored, MATCH, BALLS[2])).toContain("14/3");
  });

  test("ball by ball it is the same score", () => {
    const start = initialInnings(1);
    expect(BALLS.reduce(applyDelivery, start)).toEqual(foldInnings(start, BALLS));
  });

  test("the stands of the page are those of the card", () => {
    const [innings] = scoreMatch(MATCH, BALLS).innings;
    const { partnerships } = inningsView(MATCH, innings!, BALLS, (name) => name);
    expect(partnerships.map(({ batters, contributions }) => [batters, contributions])).toEqual([
      [
        ["B Jones", "A Smith"],
        [1, 0],
      ],
      [
        ["A Smith", "A Smith"],
        [5, 0],
      ],
      [
        ["A Smith", "C Brown"],
        [6, 2],
      ],
    ]);
    const mixed = [BALLS[0]!, delivery({ ball: 2, ...SAME, bat: 4 })];
    const [second] = scoreMatch(MATCH, mixed).innings;
    expect(inningsView(MATCH, second!, mixed, (name) => name).partnerships.map(({ runs }) => runs)).toEqual([1, 4]);
    expect(
      inningsView(MATCH, second!, mixed, (name) => name).partnerships.map(({ contributions }) => contributions),
    ).toEqual([
      [1, 0],
      [4, 0],
    ]);
  });
});
