import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chaseOf } from "../../../src/dashboard/server/view/chase.ts";
import { scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import type { Delivery, Match } from "../../../src/domain/cricket/types.ts";
import { planLoad } from "../../../src/loader/plan.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { DESCRIPTION } from "../../../src/superset/description.ts";
import { cleanDelivery, cleanMatch, json, match, recordBatch, topicsNamed } from "../../support/clean-records.ts";
import { delivery } from "../../support/cricket.ts";
import { loadPlan } from "../../support/load-plan.ts";

/* An over that the umpire miscounted, in the marts and the charts: they say what the live page says. */

const topics = topicsNamed("t");
const CHASE: Match = match("m1", {
  teams: ["A", "B"],
  overs: 4,
  outcome: {},
  inningsNotes: [
    {
      innings: 2,
      team: "B",
      superOver: false,
      target: { runs: 20, overs: 4 },
      declared: false,
      forfeited: false,
      absentHurt: [],
      penaltyPre: 0,
      penaltyPost: 0,
    },
  ],
});
/** The first innings, and a chase whose overs have five, seven and three legal balls, each over begun by a wide. */
const BALLS: readonly Delivery[] = [
  ...[6, 6].flatMap((legal, over) => overOf(1, over, legal, "B")),
  ...[5, 7, 3].flatMap((legal, over) => overOf(2, over, legal, "A")),
];
let dir: string;
let warehouse: Warehouse;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "tu-miscounted-"));
  warehouse = await Warehouse.open(dir, 0);
  const next = [`${topics.deliveries}/0`, `${topics.matches}/0`].map((place) => [place, 0] as const);
  await warehouse.start(new Map(next), []);
  const batches = [
    recordBatch(topics.matches, 0, [{ offset: 0, value: json(cleanMatch(CHASE)) }]),
    recordBatch(
      topics.deliveries,
      0,
      BALLS.map((ball, n) => ({ offset: n, value: json(cleanDelivery(ball, n)) })),
    ),
  ];
  await loadPlan(warehouse, planLoad(batches, warehouse.progress, topics));
});

afterEach(() => {
  warehouse.close();
  rmSync(dir, { recursive: true });
});

function overOf(innings: number, over: number, legal: number, side: string): Delivery[] {
  return Array.from({ length: legal + 1 }, (_, n) =>
    delivery({
      matchId: "m1",
      innings,
      over,
      ball: n + 1,
      battingTeam: innings === 1 ? "A" : "B",
      bowler: `${side} ${1 + (over % 2)}`,
      ...(n === 0 && { extra: { wides: 1 } }),
    }),
  );
}

async function rows(sql: string): Promise<unknown[][]> {
  return (await warehouse.connection.runAndReadAll(sql)).getRowsJson();
}

test("innings and bowlers have the overs of a scoreboard beside their legal balls", async () => {
  expect(
    await rows("SELECT innings, overs, legal_balls, overs_used, balls_used FROM innings ORDER BY innings"),
  ).toEqual([
    [1, "2.0", 12, "2.0", 12],
    [2, "2.3", 15, "2.3", 15],
  ]);
  expect(await rows("SELECT bowler, balls, balls_used FROM bowling WHERE innings = 2 ORDER BY position")).toEqual([
    ["A 1", 8, 9],
    ["A 2", 7, 6],
  ]);
});

test("after every ball of the chase the worm needs what the live page needs", async () => {
  const worm = DESCRIPTION.datasets.find(({ name }) => name === "worm_by_ball")!;
  const chase = BALLS.filter(({ innings }) => innings === 2);
  const shown = chase.map((_, n) => {
    const scored = scoreMatch(CHASE, [...BALLS.filter(({ innings }) => innings === 1), ...chase.slice(0, n + 1)]);
    const now = chaseOf(scored, CHASE)!;
    return [n + 1, now.ballsLeft === null ? null : (now.need * 6) / now.ballsLeft];
  });
  expect(shown.map(([, required]) => required)).not.toContain(null);
  for (const source of ["worm", `(${worm.sql})`]) {
    const found = await rows(`SELECT ball_index, required_rate FROM ${source} WHERE innings = 2 ORDER BY ball_index`);
    expect(found, source).toEqual(shown);
  }
});
