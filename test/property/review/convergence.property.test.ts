import fc from "fast-check";
import { expect, it } from "vitest";
import { referenceReview } from "../engine/reference.ts";

const RIGHT = 1;

/** What one source says of a key: perhaps something wrong first, then what is right; and which of it it says again, when. */
const source = fc.record({
  wrong: fc.option(fc.integer({ min: 2, max: 4 }), { nil: null }),
  /** Places in the order of the statements at which it repeats one that it has made. */
  repeats: fc.array(fc.nat(), { maxLength: 4 }),
  /** Whether its format carries the one facet; what it says of it is right. */
  knowsFacet: fc.boolean(),
});

/** Next statement of a source: 0 the wrong one, 1 the right one, 2 and on a repetition. */
interface Turn {
  readonly input: number;
  readonly repeats: boolean;
  readonly which: number;
}

const story = fc.array(source, { minLength: 2, maxLength: 3 }).chain((sources) => {
  const turns = sources.flatMap(({ wrong, repeats }, input): Turn[] => [
    ...(wrong === null ? [] : [{ input, repeats: false, which: 0 }]),
    { input, repeats: false, which: 1 },
    ...repeats.map((which) => ({ input, repeats: true, which })),
  ]);
  return fc.tuple(fc.constant(sources), fc.shuffledSubarray(turns, { minLength: turns.length }));
});

/** The reference review is what the engine is held to, so what holds for one holds for the other. */
it("sources that err, correct themselves and repeat themselves in any order end at what is right (EO-2)", () => {
  fc.assert(
    fc.property(story, ([sources, turns]) => {
      const said = sources.map((): number[] => []);
      const facts = turns.flatMap(({ input, repeats, which }) => {
        const own = said[input]!;
        const { wrong, knowsFacet } = sources[input]!;
        // New statements come in their order, whatever the shuffle made of them; a repetition is of something said.
        const next = [wrong, RIGHT].filter((content) => content !== null)[own.length];
        const content = repeats ? own[which % Math.max(1, own.length)] : next;
        if (content === undefined) return [];
        if (!repeats) own.push(content);
        return [{ key: 1, content, facets: [knowsFacet ? content : null], time: 0, version: null, input }];
      });
      const { latest, verdicts } = referenceReview(facts, { retentionMs: null, latenessMs: null });
      expect(latest.get(1)).toBe(RIGHT);
      expect(verdicts).toHaveLength(facts.length);
    }),
    { numRuns: 2_000 },
  );
});
