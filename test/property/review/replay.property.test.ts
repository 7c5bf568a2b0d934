import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Fact, referenceReview } from "../engine/reference.ts";

const RETENTION_MS = 100;

type Said = Fact & { readonly input: number };

const facet = fc.option(fc.integer({ min: 1, max: 2 }), { nil: null });

/** A record, or (`again`) one that came before. Event times go back as far as the retention allows, and stream time goes on. */
const turns = (versioned: boolean): fc.Arbitrary<{ fact: Said; forwardMs: number; again: number | null }[]> =>
  fc.array(
    fc.record({
      fact: fc.record({
        key: fc.integer({ min: 0, max: 1 }),
        content: fc.integer({ min: 1, max: 3 }),
        facets: fc.tuple(facet),
        time: fc.integer({ min: -RETENTION_MS, max: 0 }),
        version: versioned ? fc.integer({ min: 1, max: 3 }) : fc.constant(null),
        input: fc.integer({ min: 0, max: 1 }),
      }),
      forwardMs: fc.integer({ min: 0, max: 40 }),
      again: fc.option(fc.nat(), { nil: null }),
    }),
    { maxLength: 30 },
  );

/** The reference review is what the engine is held to, so what holds for one holds for the other. */
describe("a record that comes again is a repetition, whatever has been said and forgotten meanwhile (EO-2)", () => {
  it.each([
    ["without versions", false, null],
    ["with versions", true, null],
    ["with less lateness than retention", false, 30],
  ])("%s", (_title, versioned, latenessMs) => {
    fc.assert(
      fc.property(turns(versioned), (story) => {
        let now = 0;
        const facts: Said[] = [];
        const isRepetition: boolean[] = [];
        for (const { fact, forwardMs, again } of story) {
          now += forwardMs;
          const repeated = again === null ? undefined : facts[again % Math.max(1, facts.length)];
          isRepetition.push(repeated !== undefined);
          facts.push(repeated ?? { ...fact, time: now + fact.time });
        }
        const { verdicts } = referenceReview(facts, { retentionMs: RETENTION_MS, latenessMs });
        verdicts.forEach((verdict, at) => {
          if (isRepetition[at]!) expect(["duplicate", "stale", "late"]).toContain(verdict);
        });
      }),
      { numRuns: 3_000 },
    );
  });
});
