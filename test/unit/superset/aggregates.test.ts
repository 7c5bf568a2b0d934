/** Charts over many matches: their numbers against sums over the expected scorecards, and over what the stream was given. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Metric } from "../../../src/superset/describe.ts";
import type { Card, CardInnings } from "../../support/card.ts";
import { chartNamed, ChartSnapshot, type Rows } from "../../support/chart-snapshot.ts";
import { type OversUsed, oversUsed } from "../../support/overs-used.ts";
import { bundledMatches, type SnapshotMatch } from "../../support/warehouse-snapshot.ts";

const matches: readonly (SnapshotMatch & { readonly card: Card })[] = bundledMatches().map((match) => ({
  ...match,
  card: match.card as Card,
}));
let snapshot: ChartSnapshot;
const rowsOf = (name: string, ...filters: string[]): Promise<Rows> => snapshot.rowsOf(chartNamed(name), filters);

beforeAll(async () => {
  snapshot = await ChartSnapshot.make(matches);
}, 300_000);

afterAll(() => snapshot.remove());

interface Played extends CardInnings {
  readonly format: string;
  readonly season: string;
  readonly bpo: number;
  readonly of: (typeof matches)[number];
}

/** Every innings that is no super over. */
const played: readonly Played[] = matches.flatMap((of) =>
  of.card.innings
    .filter(({ super_over }) => !super_over)
    .map((innings) => ({
      ...innings,
      format: of.card.info.match_type ?? "unknown",
      season: of.match.season ?? "unknown",
      bpo: of.card.info.bpo,
      of,
    })),
);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const ratio = (above: number, below: number): number | null => (below === 0 ? null : above / below);

function groupBy<T>(values: readonly T[], key: (value: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return [...groups];
}

/** Rows in an order of their own, figures as text of nine digits: a sum of fractions depends on its order. */
function comparable(rows: Rows): string[] {
  const text = (value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(9) : value;
  return rows.map((row) => JSON.stringify(Object.entries(row).map(([name, value]) => [name, text(value)]))).toSorted();
}

/** What a scoreboard counts of it; null where its format cannot tell. */
function usedBy({ number, bpo, of }: Pick<Played, "number" | "bpo" | "of">): OversUsed | null {
  return oversUsed(
    of.deliveries.filter(({ innings }) => innings === number),
    bpo,
  );
}

/** Runs an over of some innings, those left out whose format cannot tell its balls. */
function rateOf(innings: readonly Played[]): number | null {
  const known = innings.flatMap((each) => {
    const used = usedBy(each);
    return used === null ? [] : [{ runs: each.runs, overs: used.balls / each.bpo }];
  });
  return ratio(sum(known.map(({ runs }) => runs)), sum(known.map(({ overs }) => overs)));
}

describe("innings of all matches", () => {
  test("totals by format and innings", async () => {
    const expected = groupBy(played, ({ format, number }) => `${format}/${number}`).map(([, group]) => {
      const runs = sum(group.map((each) => each.runs));
      const wickets = sum(group.map((each) => each.wickets));
      return {
        match_type: group[0]?.format ?? "",
        innings: group[0]?.number ?? 0,
        innings_count: group.length,
        total_runs: runs,
        total_wickets: wickets,
        scoring_rate: rateOf(group),
        runs_per_wicket: ratio(runs, wickets),
        highest: Math.max(...group.map((each) => each.runs)),
      };
    });
    expect(comparable(await rowsOf("Totals by innings"))).toEqual(comparable(expected));
  });

  test("run rate by season and format", async () => {
    const expected = groupBy(played, ({ format, season }) => `${season}/${format}`).map(([, group]) => ({
      season: group[0]?.season ?? "",
      match_type: group[0]?.format ?? "",
      scoring_rate: rateOf(group),
    }));
    expect(comparable(await rowsOf("Run rate by season"))).toEqual(comparable(expected));
  });

  test("highest totals, greatest first", async () => {
    const rows = await rowsOf("Highest totals");
    expect(rows.map(({ score }) => Number(String(score).split(/[/d]/u)[0]))).toEqual(
      played.map(({ runs }) => runs).toSorted((a, b) => b - a),
    );
  });

  test("runs by phase add up to what came off the balls", async () => {
    const rows = await rowsOf("Runs by phase");
    const got = groupBy(rows, ({ match_type }) => String(match_type)).map(([format, phases]) => ({
      format,
      runs: sum(phases.map((row) => Number(row["total_runs"]))),
      wickets: sum(phases.map((row) => Number(row["total_wickets"]))),
      boundaries: sum(phases.map((row) => Number(row["total_boundaries"]))),
    }));
    const expected = groupBy(played, ({ format }) => format).map(([format, group]) => ({
      format,
      runs: sum(group.map((each) => each.runs - each.penalty_pre - each.penalty_post)),
      wickets: sum(group.map((each) => each.wickets)),
      boundaries: sum(group.flatMap(({ batters }) => batters.map(({ fours, sixes }) => fours + sixes))),
    }));
    expect(comparable(got)).toEqual(comparable(expected));
  });
});

/** Who a name of a match is: his id in the register, or the name. */
const personOf = ({ of }: Played, name: string): string =>
  of.match.players.find((player) => player.name === name)?.registryId ?? name;

describe.each(["ODI", "T20", "Test"])("players of %s", (format) => {
  const innings = played.filter((each) => each.format === format);
  const batting = innings.flatMap((of) => of.batters.map((card) => ({ ...card, person: personOf(of, card.name) })));
  const bowling = innings.flatMap((of) =>
    of.bowlers.map((card) => ({
      ...card,
      overs: (usedBy(of)?.bowlers.get(card.name) ?? 0) / of.bpo,
      person: personOf(of, card.name),
    })),
  );
  const filter = `match_type = '${format}'`;
  const nameless = (rows: Rows): Rows => rows.map(({ player: _, match_type: __, ...figures }) => figures);
  const batters = groupBy(batting, ({ person }) => person).map(([, cards]) => {
    const known = cards.filter(({ balls }) => balls !== null);
    const runs = sum(cards.map((card) => card.runs));
    return {
      played: cards.length,
      total_runs: runs,
      average: ratio(runs, cards.filter(({ out }) => out).length),
      strike_rate: ratio(100 * sum(known.map((card) => card.runs)), sum(known.map(({ balls }) => balls ?? 0))),
      total_fours: sum(cards.map(({ fours }) => fours)),
      total_sixes: sum(cards.map(({ sixes }) => sixes)),
      best: Math.max(...cards.map((card) => card.runs)),
      balls: sum(known.map(({ balls }) => balls ?? 0)),
    };
  });

  test("most runs", async () => {
    const expected = batters.map(({ balls: _, ...figures }) => figures);
    const rows = await rowsOf("Most runs", filter);
    expect(comparable(nameless(rows))).toEqual(comparable(expected));
    expect(rows.map((row) => row["total_runs"])).toEqual(
      expected.map(({ total_runs }) => total_runs).toSorted((a, b) => b - a),
    );
    expect(new Set(rows.map(({ player }) => player)).size).toBe(expected.length);
  });

  test("strike rate against average", async () => {
    const expected = batters
      .filter(({ balls, average }) => balls >= 30 && average !== null)
      .map(({ average, strike_rate, total_runs }) => ({ average, strike_rate, total_runs }));
    expect(comparable(nameless(await rowsOf("Strike rate against average", filter)))).toEqual(comparable(expected));
  });

  test("most wickets", async () => {
    const expected = groupBy(bowling, ({ person }) => person).map(([, cards]) => {
      const known = cards.filter(({ runs }) => runs !== null);
      const runs = sum(known.map((card) => card.runs ?? 0));
      return {
        bowled: cards.length,
        total_wickets: sum(cards.map(({ wickets }) => wickets)),
        bowling_average: ratio(runs, sum(known.map(({ wickets }) => wickets))),
        economy: ratio(runs, sum(known.map(({ overs }) => overs))),
        total_maidens: sum(cards.map(({ maidens }) => maidens ?? 0)),
      };
    });
    expect(comparable(nameless(await rowsOf("Most wickets", filter)))).toEqual(comparable(expected));
  });

  test("bowlers by phase: their phases add up to their cards", async () => {
    const chart = chartNamed("Bowlers by phase");
    const rows = await snapshot.rowsOf({ ...chart, having: [], limit: 10_000 } as typeof chart, [filter]);
    const expected = groupBy(bowling, ({ person }) => person).map(([, cards]) => ({
      balls: sum(cards.map(({ balls }) => balls ?? 0)),
      runs: sum(cards.map(({ runs }) => runs ?? 0)),
    }));
    const got = groupBy(rows, ({ player }) => String(player)).map(([, own]) => ({
      balls: sum(own.map((row) => Number(row["total_balls"]))),
      runs: sum(own.map((row) => Number(row["total_runs"]))),
    }));
    expect(comparable(got)).toEqual(comparable(expected));
    for (const row of rows) {
      const overs = Number(row["total_balls"]) / 6;
      if (overs > 0) expect(row["economy"]).toBeCloseTo(Number(row["total_runs"]) / overs, 9);
    }
    const economy = await rowsOf("Economy by phase", filter);
    for (const { phase, economy: rate } of economy) {
      const own = rows.filter((row) => row["phase"] === phase);
      const overs = sum(own.map((row) => Number(row["total_balls"]))) / 6;
      expect(rate).toBeCloseTo(sum(own.map((row) => Number(row["total_runs"]))) / overs, 9);
    }
  });

  test("batter against bowler: a batter's duels add up to his cards, a bowler's to his wickets", async () => {
    const chart = chartNamed("Batter against bowler");
    const rows = await snapshot.rowsOf({ ...chart, limit: 100_000 } as typeof chart, [filter]);
    const total = (name: string, of: string, value: string): number =>
      sum(rows.filter((row) => row[of] === name).map((row) => Number(row[value])));
    for (const [name, cards] of groupBy(batting, (card) => card.name)) {
      expect(total(name, "player", "total_runs"), name).toBe(sum(cards.map(({ runs }) => runs)));
      expect(total(name, "player", "total_balls"), name).toBe(sum(cards.map(({ balls }) => balls ?? 0)));
      expect(total(name, "player", "total_sixes"), name).toBe(sum(cards.map(({ sixes }) => sixes)));
      expect(total(name, "player", "total_fours"), name).toBe(sum(cards.map(({ fours }) => fours)));
    }
    for (const [name, cards] of groupBy(bowling, (card) => card.name))
      expect(total(name, "bowler", "total_dismissals"), name).toBe(sum(cards.map(({ wickets }) => wickets)));
  });
});

describe("the stream", () => {
  const accepted = sum(matches.map(({ deliveries }) => deliveries.length + 1));
  const duplicates = sum(matches.map(({ deliveries }) => Math.floor(deliveries.length / 20)));
  const bySource = groupBy(matches, ({ source }) => source);

  const metric = (name: string): Metric["name"] => {
    const chart = chartNamed(name);
    return chart.kind === "number" ? chart.metric : "";
  };

  test.each([
    ["Judged", accepted + duplicates + 1],
    ["Accepted", accepted],
    ["Duplicates", duplicates],
    ["Corrections", 0],
    ["In quarantine", 1],
  ])("%s is %i", async (name, expected) => {
    expect(await rowsOf(name)).toEqual([{ [metric(name)]: expected }]);
  });

  test("verdicts by source, by minute, and those that were not accepted", async () => {
    const rows = await rowsOf("Verdicts by source");
    for (const [source, own] of bySource) {
      const counts = {
        accepted_records: sum(own.map(({ deliveries }) => deliveries.length + 1)),
        duplicate_records: sum(own.map(({ deliveries }) => Math.floor(deliveries.length / 20))),
        poison_records: source === "t20i" ? 1 : 0,
      };
      const all = counts.accepted_records + counts.duplicate_records + counts.poison_records;
      const row = rows.find((each) => each["source"] === source);
      expect(row).toMatchObject({
        ...counts,
        total_records: all,
        correction_records: 0,
        stale_records: 0,
        late_records: 0,
      });
      expect(row?.["rejected_share"]).toBeCloseTo(1 - counts.accepted_records / all, 9);
    }
    const total = (all: Rows): number => sum(all.map((row) => Number(row["total_records"])));
    expect(total(await rowsOf("Verdicts per minute"))).toBe(accepted + duplicates + 1);
    expect(total(await rowsOf("Not accepted, by source"))).toBe(duplicates + 1);
    expect(total(await rowsOf("Not accepted, by source", "source = 'odi'"))).toBe(
      sum(
        (bySource.find(([name]) => name === "odi")?.[1] ?? []).map((each) => Math.floor(each.deliveries.length / 20)),
      ),
    );
  });

  test("sources, quarantine, the last that were not accepted, and what is loaded", async () => {
    const sources = await rowsOf("Sources");
    expect(sources.map(({ source, epoch }) => [source, epoch])).toEqual([
      ["odi", 1],
      ["t20i", 1],
      ["test", 1],
    ]);
    expect(sum(sources.map(({ events }) => Number(events)))).toBe(accepted + duplicates + 1);
    const [behind] = await rowsOf("Newest event");
    // Time goes on between one question and the next.
    const secondsBehind = (rows: typeof sources): number =>
      Math.min(...rows.map((row) => Number(row["seconds_behind"])));
    expect(Number(behind?.["behind"])).toBeGreaterThanOrEqual(secondsBehind(sources));
    expect(Number(behind?.["behind"])).toBeLessThanOrEqual(secondsBehind(await rowsOf("Sources")));
    expect(await rowsOf("Quarantine")).toMatchObject([
      { source: "t20i", reason: "not JSON: unexpected end", bytes: 1 },
    ]);
    expect(await rowsOf("Last records not accepted")).toHaveLength(Math.min(50, duplicates + 1));
    expect(await rowsOf("Last records not accepted", "verdict = 'poison'")).toMatchObject([
      { source: "t20i", reason: "not JSON: unexpected end" },
    ]);
    const loaded = await rowsOf("Loaded");
    const ofTopic = (topic: string): unknown => loaded.find((row) => row["topic"] === topic)?.["loaded"];
    expect(ofTopic("snapshot.deliveries")).toBe(accepted - matches.length);
    expect(ofTopic("snapshot.matches")).toBe(matches.length);
    expect(ofTopic("snapshot.quarantine")).toBe(1);
    expect(await rowsOf("Gaps")).toEqual([]);
  });
});

test("the live match of each format is the one with the newest delivery", async () => {
  const rows = await rowsOf("Now playing");
  const newest = new Map(matches.map(({ card, match }) => [card.info.match_type ?? "unknown", match.matchId]));
  const shown = rows.map(({ match }) => /\((\w+)\)$/u.exec(String(match))?.[1] ?? String(match));
  expect(new Set(shown)).toEqual(new Set(newest.values()));
  expect(shown).toHaveLength(newest.size);
});
