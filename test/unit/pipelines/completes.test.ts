import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scoreMatch, type ScoredMatch } from "../../../src/domain/cricket/scorecard.ts";
import { CRICKET_EVENT, CRICKET_TOPICS } from "../../../src/domain/cricket/topics.ts";
import type { Delivery, Match } from "../../../src/domain/cricket/types.ts";
import { readStoredMatches } from "../../../src/loader/match-rows.ts";
import { scoreStored } from "../../../src/loader/marts.ts";
import { planLoad } from "../../../src/loader/plan.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { match as matchNamed, recordBatch } from "../../support/clean-records.ts";
import { type CricketPipeline, rawRecord, type RawRecord, review } from "../../support/cricket-pipeline.ts";
import { csv2Info, csv2Row, jsonDelivery, jsonMatch } from "../../support/cricket-writers.ts";
import { delivery } from "../../support/cricket.ts";
import { loadPlan } from "../../support/load-plan.ts";

/* One match first in a format that knows less, then in one that knows more, or the other way round: the card is one. */

const ID = "990105";
const TEAMS = ["Elmham", "Ashby"] as const;

/** Five penalty runs, a batter who was absent hurt, a substitute's catch: nothing of which csv2 2.1 can tell. */
const MATCH: Match = {
  ...matchNamed(ID),
  format: "json",
  version: "1.1.0",
  teams: TEAMS,
  toss: { winner: TEAMS[0], decision: "bat" },
  outcome: { winner: TEAMS[0], by: { runs: 8 } },
  players: TEAMS.flatMap((team) => [1, 2, 3].map((n) => ({ team, name: `${team} ${n}`, registryId: `${team}${n}` }))),
  playersOfMatch: [`${TEAMS[0]} 1`],
  event: "A cup",
  inningsNotes: TEAMS.map((team, at) => ({
    innings: at + 1,
    team,
    superOver: false,
    declared: false,
    forfeited: false,
    target: at === 1 ? { runs: 12, overs: 20 } : null,
    absentHurt: at === 0 ? [`${TEAMS[0]} 3`] : [],
    penaltyPre: at === 0 ? 5 : 0,
    penaltyPost: 0,
  })),
};

const BALLS: readonly Delivery[] = [1, 2].flatMap((innings) =>
  [1, 2, 3].map((ball) => {
    const [batting, bowling] = innings === 1 ? TEAMS : ([TEAMS[1], TEAMS[0]] as const);
    const caught = { kind: "caught", playerOut: `${batting} 1`, fielders: [`${bowling} 2`] };
    return {
      ...delivery({ ball, bat: innings === 1 ? 2 : 1, wickets: ball === 3 ? [caught] : [] }),
      matchId: ID,
      innings,
      battingTeam: batting,
      batter: `${batting} 1`,
      nonStriker: `${batting} 2`,
      bowler: `${bowling} 1`,
    };
  }),
);

const FORMATS: Readonly<Record<"csv2" | "json", readonly RawRecord[]>> = {
  csv2: [
    rawRecord(CRICKET_EVENT.odiMatch, ID, { match_id: ID, info: csv2Info(MATCH, "2.1") }),
    ...BALLS.map((d) => rawRecord(CRICKET_EVENT.odiDelivery, ID, csv2Row(d, "2.1"))),
  ],
  json: [
    rawRecord(CRICKET_EVENT.t20iMatch, ID, jsonMatch(MATCH)),
    ...BALLS.map((d) => rawRecord(CRICKET_EVENT.t20iDelivery, ID, jsonDelivery(d))),
  ],
};

let dir: string;
let warehouse: Warehouse;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "tu-completes-"));
  warehouse = await Warehouse.open(dir, 0);
  await warehouse.start(new Map(Object.values(CRICKET_TOPICS).map((topic) => [`${topic}/0`, 0])), []);
});

afterEach(() => {
  warehouse.close();
  rmSync(dir, { recursive: true });
});

/** The card after the clean stream was loaded, so many records a transaction. */
async function cardOf({ broker }: CricketPipeline, records: number): Promise<ScoredMatch> {
  for (const topic of [CRICKET_TOPICS.matches, CRICKET_TOPICS.deliveries]) {
    const all = broker.readCommitted(topic);
    for (let at = 0; at < all.length; at += records) {
      const batch = recordBatch(topic, 0, all.slice(at, at + records));
      await loadPlan(warehouse, planLoad([batch], warehouse.progress, CRICKET_TOPICS));
    }
  }
  const [stored] = await readStoredMatches(warehouse.connection, [ID]);
  return scoreStored(stored!).scored;
}

describe("a duplicate that knows more", () => {
  it.each([
    ["csv2", "json", 1],
    ["csv2", "json", 100],
    ["json", "csv2", 1],
    ["json", "csv2", 100],
  ] as const)("reaches the card: first %s, then %s, %i records a transaction", async (first, second, records) => {
    const pipeline = await review(FORMATS[first], FORMATS[second]);
    const facts = BALLS.length + 1;
    expect(pipeline.counts()).toMatchObject({ accepted: facts, duplicate: facts, correction: 0 });
    expect(pipeline.completing()).toBe(first === "csv2" ? facts : 0);
    expect(pipeline.deliveries().length + pipeline.matches().length).toBe(facts + pipeline.completing());
    const card = await cardOf(pipeline, records);
    expect(card).toEqual(scoreMatch(MATCH, BALLS));
    expect(card.innings[0]).toMatchObject({ runs: 11, penalty_pre: 5, absent_hurt: [`${TEAMS[0]} 3`] });
    expect(card.innings[0]?.batters[0]?.fielders).toEqual([`${TEAMS[1]} 2`]);
    expect(card.innings[1]?.target).toEqual({ runs: 12, overs: 20 });
  });

  it("is no news when it comes again, and its word stands beside a later correction of the poorer format", async () => {
    const moved = { match_id: ID, info: csv2Info({ ...MATCH, venue: "Another ground" }, "2.1") };
    const pipeline = await review(
      FORMATS.csv2,
      [...FORMATS.json, ...FORMATS.json],
      [rawRecord(CRICKET_EVENT.odiMatch, ID, moved)],
    );
    expect(pipeline.completing()).toBe(BALLS.length + 1);
    expect(pipeline.matches().map(({ verdict }) => verdict)).toEqual(["accepted", "duplicate", "correction"]);
    expect(await cardOf(pipeline, 1)).toEqual(scoreMatch({ ...MATCH, venue: "Another ground" }, BALLS));
  });
});
