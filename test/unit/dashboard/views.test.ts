import { afterAll, beforeAll, expect, test } from "vitest";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { MatchPage, MatchView } from "../../../src/dashboard/api.ts";
import { documentSets, matchFiles, readAnyMatch, type ReadMatch } from "../../support/cricket-files.ts";
import { ballRecord, matchRecord, serveWarehouse, type ServedWarehouse, wholeMatch } from "../../support/dashboard.ts";

/** Those of the repository, of every format; some are there in two. */
const all: readonly ReadMatch[] = [
  ...["data/odi"].map((dir) => ({ dir, files: matchFiles(dir) })),
  ...documentSets()
    .filter(({ name }) => ["t20i", "test", "odi_csv1"].includes(name))
    .map(({ dir }) => ({ dir, files: matchFiles(dir) })),
].flatMap(({ dir, files }) => files.map((file) => readAnyMatch(dir, file)));

const matches: readonly ReadMatch[] = [...new Map(all.map((whole) => [whole.match.matchId, whole])).values()];

let served: ServedWarehouse;
let sql: DuckDBConnection;

beforeAll(async () => {
  served = await serveWarehouse();
  sql = await served.connect();
  for (const match of matches) await served.load(wholeMatch(match));
});

afterAll(async () => {
  sql.closeSync();
  await served.stop();
});

async function rows(text: string): Promise<unknown[][]> {
  return (await sql.runAndReadAll(text)).getRows() as unknown[][];
}

async function viewOf(id: string): Promise<MatchView> {
  const response = await served.get(`/api/v1/matches/${id}`);
  expect(response.status).toBe(200);
  return (await response.json()) as MatchView;
}

test.each(matches.map(({ match }) => [match.matchId, match.format]))(
  "worm, Manhattan, stands and cards of match %s (%s) are those of the marts",
  async (id) => {
    const view = await viewOf(id);
    const flat = <T>(pick: (innings: MatchView["innings"][number]) => readonly T[]): T[] => view.innings.flatMap(pick);
    // Of a match in play nothing is told that its record knows before it happens: penalty runs behind its last innings.
    const post = view.match.live
      ? "CASE WHEN innings = (SELECT max(innings) FROM innings x WHERE x.match_id = i.match_id) THEN penalty_post ELSE 0 END"
      : "0";
    expect(
      flat(({ card }) => [[card.number, card.team, card.runs, card.wickets, card.overs, card.deliveries]]),
    ).toEqual(
      await rows(
        `SELECT innings, team, runs - ${post}, wickets, overs, deliveries FROM innings i WHERE match_id = '${id}' ORDER BY innings`,
      ),
    );
    expect(flat(({ number, worm }) => worm.map(([ball, runs, wickets]) => [number, ball, runs, wickets]))).toEqual(
      await rows(`SELECT innings, ball_index, runs, wickets FROM worm WHERE match_id = '${id}' ORDER BY ALL`),
    );
    expect(flat(({ number, manhattan }) => manhattan.map((bar) => [number, ...bar]))).toEqual(
      await rows(`SELECT innings, over_no + 1, runs, wickets FROM manhattan WHERE match_id = '${id}' ORDER BY ALL`),
    );
    expect(
      flat(({ number, partnerships }) =>
        partnerships.map(({ wicket, batters, runs, balls, unbroken }) => [
          number,
          wicket,
          ...batters,
          runs,
          balls,
          unbroken,
        ]),
      ),
    ).toEqual(
      await rows(
        `SELECT innings, wicket, batter_1, batter_2, runs, balls, unbroken FROM partnerships WHERE match_id = '${id}' ORDER BY innings, position`,
      ),
    );
    expect(
      flat(({ card }) => card.batters.map((b) => [card.number, b.name, b.runs, b.balls, b.fours, b.sixes, b.how])),
    ).toEqual(
      await rows(
        `SELECT innings, batter, runs, balls, fours, sixes, how FROM batting WHERE match_id = '${id}' ORDER BY innings, position`,
      ),
    );
    expect(
      flat(({ card }) => card.bowlers.map((b) => [card.number, b.name, b.balls, b.maidens, b.runs, b.wickets])),
    ).toEqual(
      await rows(
        `SELECT innings, bowler, balls, maidens, runs, wickets FROM bowling WHERE match_id = '${id}' ORDER BY innings, position`,
      ),
    );
  },
);

test("what both batters of a stand made and its extras are the runs of the stand", async () => {
  for (const { match } of matches) {
    const off = await rows(
      `SELECT innings, sum(runs_batter)::INTEGER FROM deliveries WHERE match_id = '${match.matchId}' GROUP BY ALL ORDER BY ALL`,
    );
    const { innings } = await viewOf(match.matchId);
    const sums = innings
      .filter(({ worm }) => worm.length > 0)
      .map(({ number, partnerships }) => [
        number,
        partnerships.reduce((sum, { contributions: [first, second] }) => sum + first + second, 0),
      ]);
    expect(sums).toEqual(off);
    for (const stand of innings.flatMap(({ partnerships }) => partnerships)) {
      expect(stand.contributions[0] + stand.contributions[1]).toBeLessThanOrEqual(stand.runs);
    }
  }
});

test("the list says of each match what its view says", async () => {
  const seen: MatchPage["matches"][number][] = [];
  let cursor: string | null = null;
  do {
    const response: Response = await served.get(
      `/api/v1/matches?limit=3${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    const page = (await response.json()) as MatchPage;
    expect(page.total).toBe(matches.length);
    seen.push(...page.matches);
    cursor = page.next;
  } while (cursor !== null);
  expect(seen.map(({ id }) => id).toSorted()).toEqual(matches.map(({ match }) => match.matchId).toSorted());
  const days = seen.map(({ dates }) => dates[0] ?? "");
  expect(days).toEqual(days.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
  for (const summary of seen) expect(summary).toEqual((await viewOf(summary.id)).match);
});

test("the list is filtered by source, season, team and words", async () => {
  const list = async (query: string): Promise<MatchPage> =>
    (await (await served.get(`/api/v1/matches?limit=200&${query}`)).json()) as MatchPage;
  const tests = await list("format=test");
  expect(tests.matches.map(({ format }) => format)).toEqual(tests.matches.map(() => "test"));
  expect(tests.total).toBe(matches.filter(({ match }) => match.format === "yaml").length);
  const one = matches.find(({ match }) => match.season !== null && match.venue !== null)?.match;
  expect(one).toBeDefined();
  if (one === undefined) return;
  const found = async (query: string): Promise<string[]> => (await list(query)).matches.map(({ id }) => id);
  expect(await found(`season=${encodeURIComponent(one.season ?? "")}`)).toContain(one.matchId);
  expect(await found(`team=${encodeURIComponent(one.teams[1])}`)).toContain(one.matchId);
  const words = `${one.venue?.toUpperCase()} ${one.teams[0]} ${one.dates[0]}`;
  expect(await found(`q=${encodeURIComponent(words)}`)).toContain(one.matchId);
  expect(await found(`q=${encodeURIComponent(`${words} nobody`)}`)).toEqual([]);
  expect(await found(`q=${encodeURIComponent("%")}`)).toEqual([]);
});

test("a match that is followed ball by ball shows what is read from the warehouse, with corrections", async () => {
  const other = await serveWarehouse();
  try {
    const whole = matches.find(({ match }) => match.format === "json");
    if (whole === undefined) throw new Error("there is no match in JSON");
    const { match, deliveries } = whole;
    const balls = deliveries.slice(0, 150);
    const read = async (): Promise<unknown> => (await other.get(`/api/v1/matches/${match.matchId}`)).json();
    await other.load([matchRecord(match)]);
    for (const [n, delivery] of balls.entries()) {
      await other.load([ballRecord(match.format, delivery)]);
      if (n % 50 === 40) {
        const wrong = balls[n - 30] ?? delivery;
        const { runs } = wrong;
        await other.load([
          ballRecord(
            match.format,
            { ...wrong, runs: { ...runs, batter: runs.batter + 1, total: runs.total + 1 } },
            "correction",
          ),
        ]);
      }
      if (n % 25 !== 24) continue;
      const followed = await read();
      await other.reopen();
      const again = await read();
      expect(again).toEqual(followed);
    }
    expect(other.errors).toEqual([]);
  } finally {
    await other.stop();
  }
});

test("nothing is told of a match in play before it happens", async () => {
  const other = await serveWarehouse();
  try {
    for (const { match, deliveries } of matches) {
      await other.load([matchRecord(match)]);
      const before = (await (await other.get(`/api/v1/matches/${match.matchId}`)).json()) as MatchView;
      expect(before.match.result).toBeNull();
      expect(before.playersOfMatch).toBeNull();
      await other.load(deliveries.slice(0, 30).map((delivery) => ballRecord(match.format, delivery)));
      const view = (await (await other.get(`/api/v1/matches/${match.matchId}`)).json()) as MatchView;
      expect(view.match.live).toBe(true);
      expect(view.match.result).toBeNull();
      expect(view.playersOfMatch).toBeNull();
      expect(view.innings.at(-1)?.card.declared ?? null).toBeNull();
    }
  } finally {
    await other.stop();
  }
});
