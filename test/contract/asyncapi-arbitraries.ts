import fc from "fast-check";
import type { CleanDeletion, CleanDelivery, CleanMatch, Delivery, Match } from "../../src/domain/cricket/types.ts";
import { ball } from "../property/cricket/arbitraries.ts";

/* Clean records of every shape. When a type of the domain changes the compiler refuses these, and then the schemas what they make. */

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 2 });
const text = fc.string({ minLength: 1, unit: "grapheme", maxLength: 12 });
const id = fc.stringMatching(/^[0-9a-f]{32}$/);

const provenance = {
  eventId: id,
  verdict: fc.constantFrom("accepted" as const, "correction" as const),
  supersedes: maybe(id),
  source: fc.record({
    topic: text,
    partition: fc.nat(),
    offset: fc.maxSafeNat(),
    id: maybe(text),
    time: fc.double({ noNaN: true, noDefaultInfinity: true }),
  }),
};

const delivery: fc.Arbitrary<Delivery> = fc
  .record({ ball, n: fc.integer({ min: 1, max: 20 }), over: fc.nat(120), bare: fc.boolean() })
  .map(({ ball: content, n, over, bare }) => ({
    ...content,
    innings: 1,
    over,
    ball: n,
    ...(bare
      ? { extras: null, nonBoundary: null, wickets: content.wickets.map((wicket) => ({ ...wicket, fielders: null })) }
      : {}),
  }));

export const cleanDelivery: fc.Arbitrary<CleanDelivery> = fc.record({ ...provenance, delivery });

export const cleanDeletion: fc.Arbitrary<CleanDeletion> = fc.record({
  ...provenance,
  delivery: delivery.map(({ matchId, innings, over, ball: n }) => ({ matchId, innings, over, ball: n })),
  deleted: fc.constant(true as const),
  edition: fc.integer({ min: 1, max: 9 }),
});

const match: fc.Arbitrary<Match> = fc.record({
  matchId: fc.stringMatching(/^[0-9]{1,8}$/),
  format: fc.constantFrom("csv1" as const, "csv2" as const, "json" as const, "yaml" as const),
  version: text,
  matchType: maybe(text),
  gender: maybe(text),
  teamType: maybe(text),
  teams: fc.tuple(text, text),
  season: maybe(text),
  dates: fc.array(fc.constantFrom("2026-01-01", "1999-12-31"), { maxLength: 5 }),
  venue: maybe(text),
  city: maybe(text),
  event: maybe(text),
  overs: maybe(fc.nat()),
  ballsPerOver: fc.integer({ min: 1, max: 8 }),
  toss: maybe(fc.record({ winner: text, decision: text })),
  outcome: fc.record(
    {
      winner: text,
      by: fc.record({ runs: fc.nat(), wickets: fc.nat(), innings: fc.nat() }, { requiredKeys: [] }),
      result: text,
      method: text,
      eliminator: text,
      bowl_out: text,
    },
    { requiredKeys: [] },
  ),
  playersOfMatch: fc.array(text),
  players: fc.array(fc.record({ team: text, name: text, registryId: maybe(text) })),
  inningsNotes: fc.array(
    fc.record({
      innings: fc.integer({ min: 1, max: 12 }),
      team: maybe(text),
      superOver: maybe(fc.boolean()),
      declared: maybe(fc.boolean()),
      forfeited: maybe(fc.boolean()),
      target: maybe(fc.record({ overs: maybe(fc.constantFrom(20, 17.4)), runs: fc.nat() })),
      absentHurt: fc.array(text),
      penaltyPre: fc.nat(),
      penaltyPost: fc.nat(),
    }),
  ),
});

export const cleanMatch: fc.Arbitrary<CleanMatch> = fc.record({ ...provenance, match });
