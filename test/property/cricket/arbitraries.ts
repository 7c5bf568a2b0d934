import fc from "fast-check";
import type { Delivery, Extras, InningsNote, Match, Outcome, Wicket } from "../../../src/domain/cricket/types.ts";

const NO_EXTRAS: Extras = { wides: 0, noballs: 0, byes: 0, legbyes: 0, penalty: 0 };
const BATTERS = ["Smith", "S Fouché", "KC Brathwaite", "CR Brathwaite", "Shakib Al Hasan"] as const;
const BOWLERS = ["Nurse", "O'Brien", "Mohammad Nawaz (3)"] as const;
const KINDS = [
  "bowled",
  "caught",
  "lbw",
  "stumped",
  "run out",
  "timed out",
  "retired hurt",
  "retired not out",
  "retired out",
] as const;

const extras: fc.Arbitrary<Extras> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(NO_EXTRAS) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom("wides", "noballs", "byes", "legbyes", "penalty"), fc.integer({ min: 1, max: 5 }))
      .map(([kind, runs]) => ({ ...NO_EXTRAS, [kind]: runs })),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }).map((byes) => ({ ...NO_EXTRAS, noballs: 1, byes })) },
);

const wickets: fc.Arbitrary<readonly Wicket[]> = fc.oneof(
  { weight: 9, arbitrary: fc.constant([]) },
  {
    weight: 1,
    arbitrary: fc.uniqueArray(
      fc.record({
        kind: fc.constantFrom(...KINDS),
        playerOut: fc.constantFrom(...BATTERS),
        fielders: fc.subarray([...BOWLERS]),
      }),
      { minLength: 1, maxLength: 2, selector: ({ playerOut }) => playerOut },
    ),
  },
);

/** What one ball brought, without its place. */
export const ball: fc.Arbitrary<Omit<Delivery, "innings" | "over" | "ball">> = fc
  .record({
    crease: fc.shuffledSubarray([...BATTERS], { minLength: 2, maxLength: 2 }),
    bowler: fc.constantFrom(...BOWLERS),
    bat: fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 4, 6),
    extras,
    nonBoundary: fc.boolean(),
    wickets,
  })
  .map(({ crease, bowler, bat, extras: given, nonBoundary, wickets: fallen }) => {
    const sum = given.wides + given.noballs + given.byes + given.legbyes + given.penalty;
    return {
      matchId: "1",
      battingTeam: "A",
      batter: crease[0] ?? "",
      nonStriker: crease[1] ?? "",
      bowler,
      runs: { batter: bat, extras: sum, total: bat + sum },
      extras: given,
      nonBoundary,
      wickets: fallen,
    };
  });

/** Deliveries of up to four innings, in order of play: overs of one to twelve deliveries, as miscounted as can be. */
export const deliveries: fc.Arbitrary<readonly Delivery[]> = fc
  .array(fc.array(fc.array(ball, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((innings) =>
    innings.flatMap((overs, i) =>
      overs.flatMap((balls, over) => balls.map((content, n) => ({ ...content, innings: i + 1, over, ball: n + 1 }))),
    ),
  );

const OUTCOMES: readonly Outcome[] = [
  { winner: "A", by: { runs: 12 } },
  { winner: "B", by: { wickets: 3 }, method: "D/L" },
  { winner: "A", by: { innings: 1, runs: 40 } },
  { winner: "B", method: "Awarded" },
  { result: "tie", eliminator: "B" },
  { result: "tie", bowl_out: "A" },
  { result: "tie", method: "D/L" },
  { result: "no result" },
  { result: "draw" },
];

const note: fc.Arbitrary<Omit<InningsNote, "innings">> = fc.record({
  team: fc.constantFrom("A", "B"),
  superOver: fc.boolean(),
  declared: fc.boolean(),
  forfeited: fc.boolean(),
  target: fc.option(fc.record({ overs: fc.constantFrom(null, 20, 17.4), runs: fc.integer({ min: 1, max: 400 }) })),
  absentHurt: fc.subarray([...BATTERS]),
  penaltyPre: fc.constantFrom(0, 0, 5),
  penaltyPost: fc.constantFrom(0, 0, 5, 10),
});

/** A match with all that any form can say of one. */
export const matches: fc.Arbitrary<Match> = fc.record({
  matchId: fc.constantFrom("1", "wi_211973"),
  format: fc.constant("json"),
  version: fc.constant("1.1.0"),
  matchType: fc.constantFrom("Test", "ODI", "T20"),
  gender: fc.constantFrom("male", "female"),
  teamType: fc.constantFrom("international", "club"),
  teams: fc.constantFrom(["A", "B"] as const, ["B", "A"] as const),
  season: fc.constantFrom("2021", "2020/21"),
  dates: fc.constantFrom(["2021-01-31"], ["2021-01-31", "2021-02-01"]),
  venue: fc.constantFrom("Lord's", "Queen's Park Oval, Port of Spain", 'The "Nursery"'),
  city: fc.constantFrom(null, "London"),
  event: fc.constantFrom("A cup", "A series, 2011-2013"),
  overs: fc.constantFrom(null, 20),
  ballsPerOver: fc.constant(6),
  toss: fc.constantFrom(null, { winner: "A", decision: "field" }),
  outcome: fc.constantFrom(...OUTCOMES),
  playersOfMatch: fc.subarray([...BATTERS]),
  players: fc.constant(
    [...BATTERS, ...BOWLERS].map((name, n) => ({ team: n < 5 ? "A" : "B", name, registryId: `0000000${n}` })),
  ),
  inningsNotes: fc
    .array(note, { minLength: 1, maxLength: 4 })
    .map((notes) => notes.map((each, n) => ({ ...each, innings: n + 1 }))),
});
