/**
 * Every chart's query on a published snapshot of real matches, and its numbers against the scorecards that another program
 * made of the same files. What a card does not hold (balls one by one, overs, phases) is checked by what it adds up to.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DESCRIPTION } from "../../../src/superset/description.ts";
import { chartSql } from "../../../src/superset/query.ts";
import type { Card, CardInnings } from "../../support/card.ts";
import { inOvers, type OversUsed, oversUsed } from "../../support/overs-used.ts";
import { chartNamed, ChartSnapshot, datasetOf, type Rows } from "../../support/chart-snapshot.ts";
import { bundledMatches, furtherMatches, type SnapshotMatch } from "../../support/warehouse-snapshot.ts";

/** Matches of each larger set of TEST_CRICSHEET; the bundled ones alone are enough for the gate. */
const FURTHER = Number(process.env["TEST_FURTHER_MATCHES"] ?? 0);

const matches: readonly SnapshotMatch[] = [...bundledMatches(), ...furtherMatches(FURTHER)];
const cards: readonly Card[] = matches.map(({ card }) => card as Card);
let snapshot: ChartSnapshot;
const select = (sql: string): Promise<Rows> => snapshot.select(sql);
const rowsOf = (name: string, ...filters: string[]): Promise<Rows> => snapshot.rowsOf(chartNamed(name), filters);

beforeAll(async () => {
  snapshot = await ChartSnapshot.make(matches);
}, 300_000);

afterAll(() => snapshot.remove());

/** The rows that a chart of the live dashboard has when this match is the live one. */
const rowsWhenLive = (name: string, id: string): Promise<Rows> => {
  const chart = chartNamed(name);
  const where = (chart.where ?? []).filter((condition) => condition !== "live");
  return snapshot.rowsOf({ ...chart, where }, [matchIs(id)]);
};

const matchIs = (id: string): string => `match_id = '${id}'`;
const lastOf = (card: Card): CardInnings => card.innings.at(-1) as CardInnings;
const oversText = (balls: number | undefined, { info }: Card): string =>
  balls === undefined ? "?" : inOvers(balls, info.bpo);
const label = ({ number, team, super_over }: CardInnings): string =>
  `${number} · ${team}${super_over ? " (super over)" : ""}`;
const scoreOf = ({ runs, wickets, declared }: CardInnings): string =>
  `${runs}${wickets >= 10 ? "" : `/${wickets}`}${declared === true ? "d" : ""}`;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
/** Null where one of them is unknown. */
const sumKnown = (values: readonly (number | null)[]): number | null =>
  values.includes(null) ? null : sum(values as number[]);
/** What a scoreboard counts of an innings; null where nobody can tell. */
const usedOf = (card: Card, innings: CardInnings): OversUsed | null => {
  const played = matches.find(({ match }) => match.matchId === card.id)?.deliveries ?? [];
  return oversUsed(
    played.filter((delivery) => delivery.innings === innings.number),
    card.info.bpo,
  );
};
/** Runs off deliveries: those given before and after the innings belong to none. */
const offBalls = ({ runs, penalty_pre, penalty_post }: CardInnings): number => runs - penalty_pre - penalty_post;

test("there are twenty matches or more, each with a card of its own", () => {
  expect(matches.length).toBeGreaterThanOrEqual(20);
  expect(cards.filter((card) => card === undefined)).toEqual([]);
});

describe("every dataset", () => {
  test.each(DESCRIPTION.datasets.map((dataset) => [dataset.name, dataset] as const))(
    "%s has the columns of its query, by name and type",
    async (_, { sql, columns }) => {
      const found = await select(`DESCRIBE (${sql})`);
      expect(found.map((row) => [row["column_name"], row["column_type"]])).toEqual(
        columns.map(([name, type]) => [name, type]),
      );
    },
  );
});

test("the worm of the charts is that of the view", async () => {
  const own = datasetOf(chartNamed("Worm")).sql;
  const both = await select(
    `WITH own AS (SELECT match_id, innings, ball_index, over_number - 1 AS over_no, runs, wickets, run_rate, required_rate FROM (${own})),
       marts AS (SELECT match_id, innings, ball_index, over_no, runs, wickets, run_rate, required_rate FROM worm)
     SELECT (SELECT count(*) FROM own) AS own, (SELECT count(*) FROM marts) AS marts,
       (SELECT count(*) FROM (FROM own EXCEPT ALL FROM marts)) AS differ`,
  );
  const balls = matches.reduce((total, { deliveries }) => total + deliveries.length, 0);
  expect(both).toEqual([{ own: balls, marts: balls, differ: 0 }]);
});

describe("every chart", () => {
  test.each(DESCRIPTION.charts.map((chart) => [chart.name, chart] as const))(
    "%s: its query runs",
    async (name, chart) => {
      const rows = await select(chartSql(chart, datasetOf(chart)));
      expect(rows.length > 0).toBe(name !== "Gaps"); // this stream has none
    },
  );
});

describe.each(cards.map((card) => [card.id, card] as const))("match %s", (id, card) => {
  test("scores: every innings, the current one, and what is required", async () => {
    const innings = card.innings.map((each) => ({
      innings_label: label(each),
      score: scoreOf(each),
      overs: oversText(usedOf(card, each)?.balls, card),
      extras: each.extras_total,
    }));
    expect(await rowsOf("Innings of the match", matchIs(id))).toMatchObject(innings);
    expect(await rowsWhenLive("Score", id)).toMatchObject(innings.toReversed().slice(0, 10));
    const last = lastOf(card);
    const [runs, wickets, rate, now] = await Promise.all(
      ["Runs", "Wickets", "Rate", "Now playing"].map((name) => rowsWhenLive(name, id)),
    );
    expect(runs).toEqual([{ total_runs: last.runs }]);
    expect(wickets).toEqual([{ total_wickets: last.wickets }]);
    expect(now).toMatchObject([{ innings_label: label(last) }]);
    const used = usedOf(card, last);
    if (used === null) expect(rate).toEqual([{ scoring_rate: null }]);
    else expect(rate?.[0]?.["scoring_rate"]).toBeCloseTo((last.runs * card.info.bpo) / used.balls, 9);
  });

  test("worm: ends at the total, counts every delivery, and passes every fall of a wicket", async () => {
    for (const chart of ["Worm", "Worm by over"]) {
      const all = chart === "Worm" ? await rowsWhenLive(chart, id) : await rowsOf(chart, matchIs(id));
      for (const innings of card.innings) {
        if (chart === "Worm by over" && innings.super_over) continue;
        const rows = all.filter((row) => row["innings_label"] === label(innings));
        expect(Math.max(0, ...rows.map((row) => Number(row["score_after"])))).toBe(
          innings.deliveries === 0 ? 0 : innings.runs - innings.penalty_post,
        );
        if (chart === "Worm") expect(rows).toHaveLength(innings.deliveries);
      }
    }
    const falls = await select(
      `SELECT innings, over_number - 1 AS over_no, ball_index, runs FROM (${datasetOf(chartNamed("Worm")).sql}) WHERE ${matchIs(id)}`,
    );
    for (const innings of card.innings) {
      const scores = falls.filter((row) => row["innings"] === innings.number);
      for (const [, runs, , over] of innings.fall) {
        const inOver = scores.filter((row) => row["over_no"] === Number(over.split(".")[0]));
        expect(inOver.map((row) => row["runs"])).toContain(runs);
      }
    }
  });

  test("run rate and required rate after the last ball", async () => {
    const last = lastOf(card);
    const rows = (await rowsWhenLive("Run rate against required rate", id)).toSorted(
      (a, b) => Number(a["ball_index"]) - Number(b["ball_index"]),
    );
    expect(rows).toHaveLength(Math.max(0, last.deliveries - 6));
    const [required] = await rowsWhenLive("To win", id);
    const end = rows.at(-1);
    if (end === undefined) return;
    const runs = last.runs - last.penalty_post;
    const used = usedOf(card, last);
    if (used === null) expect(end["rate_after"]).toBeNull();
    else expect(end["rate_after"]).toBeCloseTo(((runs - last.penalty_pre) * card.info.bpo) / used.balls, 1);
    expect(required?.["required_now"]).toBe(end["required_after"]);
    if (last.target?.overs == null || used === null) return;
    const needed = last.target.runs - runs;
    const { overs } = last.target;
    const left = Math.floor(overs) * card.info.bpo + Math.round((overs % 1) * 10) - used.balls;
    if (needed > 0 && left > 0) expect(end["required_after"]).toBeCloseTo((needed * card.info.bpo) / left, 9);
    else expect(end["required_after"]).toBeNull();
  });

  test("overs and phases add up to the innings", async () => {
    const overs = await rowsOf("Runs of each over", matchIs(id));
    const live = await rowsWhenLive("Manhattan", id);
    expect(sum(live.map((row) => Number(row["total_runs"])))).toBe(offBalls(lastOf(card)));
    const phases = await select(
      `SELECT innings, sum(runs) AS runs, sum(wickets) AS wickets, sum(balls) AS balls, count(balls) = count(*) AS known,
       sum(boundaries) AS boundaries FROM (${datasetOf(chartNamed("Runs by phase")).sql}) WHERE ${matchIs(id)} GROUP BY innings`,
    );
    const rates = await rowsOf("Run rate by phase of the match", matchIs(id));
    for (const innings of card.innings) {
      if (innings.deliveries === 0) continue;
      const phase = phases.find((row) => row["innings"] === innings.number);
      expect(phase).toMatchObject({ runs: offBalls(innings), wickets: innings.wickets });
      if (innings.legal_balls !== null) expect(phase?.["balls"]).toBe(innings.legal_balls);
      expect(phase?.["boundaries"]).toBe(sum(innings.batters.map(({ fours, sixes }) => fours + sixes)));
      if (innings.super_over) continue;
      const own = (rows: Rows): Rows => rows.filter((row) => row["innings_label"] === label(innings));
      expect(sum(own(overs).map((row) => Number(row["total_runs"])))).toBe(offBalls(innings));
      expect(own(rates).length).toBeGreaterThan(0);
    }
  });

  test("cards: batters, bowlers, fall of wickets and stands", async () => {
    const batters = card.innings.flatMap((innings) =>
      innings.batters.map(({ name, runs, balls, fours, sixes }) => ({
        innings_label: label(innings),
        batter: name,
        runs,
        balls,
        fours,
        sixes,
      })),
    );
    expect(await rowsOf("Batting of the match", matchIs(id))).toMatchObject(batters);
    const live = await rowsWhenLive("Batting card", id);
    expect(sum(live.map((row) => Number(row["runs"])))).toBe(sum(batters.map(({ runs }) => runs)));
    expect(live.filter((row) => row["how_out"] === "not out")).toHaveLength(
      sum(card.innings.map(({ batters: each }) => each.filter(({ how }) => how === "not out").length)),
    );
    const bowlers = card.innings.flatMap((innings) =>
      innings.bowlers.map(({ name, maidens, runs, wickets }) => ({
        innings_label: label(innings),
        bowler: name,
        overs: oversText(usedOf(card, innings)?.bowlers.get(name), card),
        maidens,
        runs,
        wickets,
      })),
    );
    expect(await rowsOf("Bowling of the match", matchIs(id))).toEqual(bowlers);
    expect((await rowsWhenLive("Bowling card", id)).length).toBe(bowlers.length);
    expect(await rowsOf("Fall of wickets", matchIs(id))).toEqual(
      card.innings.flatMap((innings) =>
        innings.fall.map(([wicket, runs, batter, over]) => ({
          innings_label: label(innings),
          wicket,
          at_runs: runs,
          batter,
          over_label: over,
        })),
      ),
    );
    const stands = await rowsOf("Partnerships of the match", matchIs(id));
    for (const innings of card.innings) {
      const own = stands.filter((row) => row["innings_label"] === label(innings));
      expect(sum(own.map((row) => Number(row["runs"])))).toBe(offBalls(innings));
      const faced = sumKnown(innings.batters.map(({ balls }) => balls));
      if (faced !== null) expect(sum(own.map((row) => Number(row["balls"])))).toBe(faced);
    }
    const last = await rowsWhenLive("Partnerships", id);
    expect(sum(last.map((row) => Number(row["runs"])))).toBe(offBalls(lastOf(card)));
  });

  test("last deliveries: the newest first, and nothing but the current innings", async () => {
    const rows = await rowsWhenLive("Last deliveries", id);
    const played = matches.find(({ match }) => match.matchId === id)?.deliveries ?? [];
    const newest = played
      .filter(({ innings }) => innings === lastOf(card).number)
      .slice(-12)
      .toReversed();
    expect(rows.map((row) => [row["ball"], row["players"], row["runs"]])).toEqual(
      newest.map((ball) => [`${ball.over}.${ball.ball}`, `${ball.bowler} to ${ball.batter}`, ball.runs.total]),
    );
  });
});
