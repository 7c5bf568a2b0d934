import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ScoredInnings } from "../../../src/domain/cricket/scored.ts";
import type { Warehouse } from "../../../src/loader/warehouse.ts";
import { inOvers, type OversUsed, oversUsed } from "../../support/overs-used.ts";
import { loadMatches, type LoadedMatch } from "../../support/loaded-matches.ts";

/* The marts of at least twenty matches of every format against the cards that another program made of their files. */

let dir: string;
let warehouse: Warehouse;
let loaded: readonly LoadedMatch[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "tu-marts-"));
  ({ warehouse, loaded } = await loadMatches(dir));
}, 120_000);

afterAll(() => {
  warehouse.close();
  rmSync(dir, { recursive: true });
});

async function rows(sql: string): Promise<unknown[][]> {
  return (await warehouse.connection.runAndReadAll(sql)).getRowsJson();
}

/** One line for each innings that has a ball, sorted. */
function perInnings(values: (innings: ScoredInnings, matchId: string) => readonly unknown[]): unknown[][] {
  const lines = loaded.flatMap(({ expected }) =>
    expected.innings
      .filter(({ deliveries }) => deliveries > 0)
      .map((innings) => [expected.id, innings.number, ...values(innings, expected.id)]),
  );
  return lines.toSorted((a, b) => compare(String(a[0]), String(b[0])) || Number(a[1]) - Number(b[1]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** null as soon as one is. */
function total(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0);
}

const played = (innings: ScoredInnings): number => innings.runs - innings.penalty_pre - innings.penalty_post;

test("overs, phases and stands sum to the innings less penalty runs", async () => {
  const runsAndWickets = perInnings((innings) => [played(innings), innings.wickets]);
  const sum = (view: string): string =>
    `SELECT match_id, innings, sum(runs)::INTEGER, sum(wickets)::INTEGER FROM ${view} GROUP BY ALL ORDER BY ALL`;
  expect(await rows(sum("manhattan"))).toEqual(runsAndWickets);
  expect(await rows(sum("phases"))).toEqual(runsAndWickets);
  expect(
    await rows(
      "SELECT match_id, innings, CASE WHEN count(balls) = count(*) THEN sum(balls) END::INTEGER, sum(boundaries)::INTEGER FROM phases GROUP BY ALL ORDER BY ALL",
    ),
  ).toEqual(
    perInnings((innings) => [
      innings.legal_balls,
      innings.batters.reduce((sum, { fours, sixes }) => sum + fours + sixes, 0),
    ]),
  );
  expect(
    await rows(
      "SELECT match_id, innings, sum(runs)::INTEGER, CASE WHEN count(balls) = count(*) THEN sum(balls) END::INTEGER, count(DISTINCT wicket) FILTER (WHERE NOT unbroken)::INTEGER FROM partnerships GROUP BY ALL ORDER BY ALL",
    ),
  ).toEqual(
    perInnings((innings) => [
      played(innings),
      total(innings.batters.map(({ balls }) => balls)),
      // A second wicket on one ball, or between two balls, ends no stand of its own.
      new Set(innings.fall.map(([, , , label]) => label)).size,
    ]),
  );
});

/** Of an innings that was loaded; null where nobody can tell. */
function usedBy(innings: ScoredInnings, id: string): OversUsed | null {
  const of = loaded.find(({ expected }) => expected.id === id);
  const balls = of?.deliveries.filter((delivery) => delivery.innings === innings.number) ?? [];
  return oversUsed(balls, of?.match.ballsPerOver ?? 6);
}

test("overs are those of a scoreboard, of the innings and of its bowlers", async () => {
  const bpo = (id: string): number => loaded.find(({ expected }) => expected.id === id)?.match.ballsPerOver ?? 6;
  expect(
    await rows("SELECT match_id, innings, overs_used, balls_used FROM innings WHERE deliveries > 0 ORDER BY ALL"),
  ).toEqual(
    perInnings((innings, id) => {
      const used = usedBy(innings, id);
      return used === null ? [null, null] : [inOvers(used.balls, bpo(id)), used.balls];
    }),
  );
  expect(
    await rows(
      "SELECT match_id, innings, list([bowler, balls_used::VARCHAR] ORDER BY position) FROM bowling GROUP BY ALL ORDER BY ALL",
    ),
  ).toEqual(
    perInnings((innings, id) => {
      const used = usedBy(innings, id);
      return [innings.bowlers.map(({ name }) => [name, used === null ? null : String(used.bowlers.get(name))])];
    }),
  );
});

test("the last point of the worm is the score, and it has a point for every delivery", async () => {
  const last = await rows(
    "SELECT match_id, innings, max(ball_index), arg_max(runs, ball_index), arg_max(wickets, ball_index), round(arg_max(run_rate, ball_index), 6) FROM worm GROUP BY ALL ORDER BY ALL",
  );
  const rate = (innings: ScoredInnings, id: string): number | null => {
    const bpo = loaded.find(({ expected }) => expected.id === id)?.expected.info.bpo ?? 6;
    const balls = usedBy(innings, id)?.balls ?? 0;
    return balls === 0 ? null : Math.round(((innings.runs - innings.penalty_post) * bpo * 1e6) / balls) / 1e6;
  };
  expect(last).toEqual(
    perInnings((innings, id) => [
      innings.deliveries,
      innings.runs - innings.penalty_post,
      innings.wickets,
      rate(innings, id),
    ]),
  );
});

test("the wickets are those of the card, in order", async () => {
  const expected = perInnings((innings) => [innings.fall]).flatMap(([id, number, fall]) =>
    (fall as ScoredInnings["fall"]).map((wicket) => [id, number, ...wicket]),
  );
  expect(await rows("SELECT * FROM fall_of_wickets ORDER BY match_id, innings, wicket")).toEqual(expected);
});

interface Figures {
  readonly batted: { runs: number; balls: number | null; out: boolean; fours: number; sixes: number }[];
  readonly bowled: { balls: number | null; runs: number | null; wickets: number; overs: number }[];
}

/** Cards by type of match and person, super overs left out. */
function byPerson(identity: (match: LoadedMatch, name: string) => string): Map<string, Figures> {
  const figures = new Map<string, Figures>();
  const of = (match: LoadedMatch, name: string): Figures => {
    const key = JSON.stringify([match.match.matchType, identity(match, name)]);
    const known = figures.get(key) ?? { batted: [], bowled: [] };
    figures.set(key, known);
    return known;
  };
  for (const match of loaded) {
    for (const { name } of match.match.players) of(match, name);
    for (const innings of match.expected.innings.filter(({ super_over }) => !super_over)) {
      for (const batter of innings.batters) of(match, batter.name).batted.push(batter);
      for (const bowler of innings.bowlers)
        of(match, bowler.name).bowled.push({
          ...bowler,
          overs: (usedBy(innings, match.expected.id)?.bowlers.get(bowler.name) ?? 0) / match.expected.info.bpo,
        });
    }
  }
  return figures;
}

const ratio = (above: number, below: number, factor: number): number | null =>
  below === 0 ? null : Math.round((above * factor * 1e6) / below) / 1e6;
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

test("careers are sums over the cards, ratios sums over sums, and nothing unknown counts as 0", async () => {
  const expected = [
    ...byPerson(
      ({ match }, name) => match.players.find((player) => player.name === name)?.registryId ?? `name ${name}`,
    ),
  ].map(([key, { batted, bowled }]) => {
    const faced = batted.filter(({ balls }) => balls !== null);
    const counted = bowled.filter(({ balls }) => balls !== null);
    const bat = <T>(value: T): T | null => (batted.length === 0 ? null : value);
    const bowl = <T>(value: T): T | null => (bowled.length === 0 ? null : value);
    const wickets = sumOf(counted.map((card) => card.wickets));
    const conceded = total(counted.map(({ runs }) => runs)) ?? 0;
    return [
      ...(JSON.parse(key) as unknown[]),
      batted.length,
      bat(sumOf(batted.map(({ runs }) => runs))),
      bat(total(batted.map(({ balls }) => balls))),
      bat(batted.filter(({ out }) => out).length),
      ratio(sumOf(batted.map(({ runs }) => runs)), batted.filter(({ out }) => out).length, 1),
      ratio(sumOf(faced.map(({ runs }) => runs)), total(faced.map(({ balls }) => balls)) ?? 0, 100),
      bat(sumOf(batted.map(({ fours }) => fours))),
      bat(sumOf(batted.map(({ sixes }) => sixes))),
      bowl(total(bowled.map(({ balls }) => balls))),
      bowl(total(bowled.map(({ runs }) => runs))),
      bowl(sumOf(bowled.map((card) => card.wickets))),
      ratio(conceded, sumOf(counted.map(({ overs }) => overs)), 1),
      ratio(conceded, wickets, 1),
    ];
  });
  const careers = await rows(
    "SELECT match_type, coalesce(player_id, 'name ' || player), innings, runs, balls, outs, round(average, 6), " +
      "round(strike_rate, 6), fours, sixes, balls_bowled, runs_conceded, wickets, round(economy, 6), round(bowling_average, 6) FROM career",
  );
  const sorted = (lines: readonly unknown[][]): string[] => lines.map((line) => JSON.stringify(line)).toSorted();
  expect(sorted(careers)).toEqual(sorted(expected));
  const unknown = loaded.filter(({ match }) => match.format === "csv1");
  expect(unknown.length).toBeGreaterThan(0);
});

test("a head-to-head sums to the batting and the bowling of both", async () => {
  const people = byPerson((_, name) => name);
  const sorted = (lines: readonly (readonly unknown[])[]): string[] =>
    lines.map((line) => JSON.stringify(line)).toSorted();
  const batting = await rows(
    "SELECT match_type, batter, sum(runs)::INTEGER, CASE WHEN count(balls) = count(*) THEN sum(balls) END::INTEGER, sum(fours)::INTEGER, sum(sixes)::INTEGER FROM head_to_head GROUP BY ALL",
  );
  const cards = [...people]
    .filter(([, { batted }]) => batted.length > 0)
    .map(([key, { batted }]) => [
      ...(JSON.parse(key) as string[]),
      sumOf(batted.map(({ runs }) => runs)),
      total(batted.map(({ balls }) => balls)),
      sumOf(batted.map(({ fours }) => fours)),
      sumOf(batted.map(({ sixes }) => sixes)),
    ]);
  // A card whose balls are unknown does not tell whether its batter faced one: who faced none meets no bowler.
  const unknown = new Set(cards.flatMap(([type, name, , balls]) => (balls === null ? `${type}/${name}` : [])));
  const counted = (line: readonly unknown[]): boolean => !unknown.has(`${String(line[0])}/${String(line[1])}`);
  const scored = (line: readonly unknown[]): boolean => !counted(line) && Number(line[2]) > 0;
  const withoutBalls = ([type, name, runs, , fours, sixes]: readonly unknown[]): unknown[] => [
    type,
    name,
    runs,
    fours,
    sixes,
  ];
  expect(sorted(batting.filter(counted))).toEqual(sorted(cards.filter((line) => counted(line) && line[3] !== 0)));
  expect(sorted(batting.filter(scored).map(withoutBalls))).toEqual(sorted(cards.filter(scored).map(withoutBalls)));

  const bowling = await rows("SELECT match_type, bowler, sum(dismissals)::INTEGER FROM head_to_head GROUP BY ALL");
  const wickets = [...people]
    .filter(([, { bowled }]) => bowled.length > 0)
    .map(([key, { bowled }]) => [...(JSON.parse(key) as string[]), sumOf(bowled.map((card) => card.wickets))]);
  expect(sorted(bowling)).toEqual(sorted(wickets));
});
