import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Fact, referenceReview } from "../engine/reference.ts";

/* What deletions and versions are for, asked of the reference review, which the engine is held to. */

type Record = Fact & { readonly input: number };

const OPTIONS = { retentionMs: null, latenessMs: null, deletes: true };

/** What each edition of a document says of one key: a content, or that it is no more. */
const editions = fc.array(fc.record({ content: fc.integer({ min: 1, max: 2 }), deleted: fc.boolean() }), {
  minLength: 1,
  maxLength: 6,
});

function records(input: number, said: readonly { readonly content: number; readonly deleted: boolean }[]): Record[] {
  return said.map((edition, at) => ({ ...edition, key: 1, facets: [], time: at, version: at + 1, input }));
}

/** What stands in the end: the last statement that was let through, "gone" for a deletion. */
function standing(all: readonly Record[]): number | "gone" | undefined {
  const { verdicts } = referenceReview(all, OPTIONS);
  const through = all.filter((_, at) => verdicts[at] === "accepted" || verdicts[at] === "correction");
  const last = through.at(-1);
  return last?.deleted === true ? "gone" : (last?.content ?? undefined);
}

describe("editions of one source (EO-2)", () => {
  it("end at the newest that came, in whatever order they come and however often", () => {
    fc.assert(
      fc.property(
        editions.chain((said) => {
          const made = records(0, said);
          return fc.array(fc.constantFrom(...made), { minLength: 1, maxLength: 20 });
        }),
        (came) => {
          const newest = came.reduce((a, b) => (b.version! > a.version! ? b : a));
          expect(standing(came)).toBe(newest.deleted === true ? "gone" : newest.content);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe("replays (EO-2)", () => {
  it("of anything that two sources have said bring nothing back that was deleted, and delete nothing that came back", () => {
    const order = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(editions, editions, order, fc.nat(12), fc.nat(12), order, (a, b, firstOrder, from0, from1, again) => {
        const said = merged(records(0, a), records(1, b), firstOrder);
        const own = (input: number, from: number): Record[] => said.filter((one) => one.input === input).slice(from);
        const replayed = merged(own(0, from0), own(1, from1), again);
        const { verdicts } = referenceReview([...said, ...replayed], OPTIONS);
        for (const verdict of verdicts.slice(said.length)) expect(["duplicate", "stale"]).toContain(verdict);
      }),
      { numRuns: 3_000 },
    );
  });
});

/** Two inputs side by side, each in its own order. */
function merged(a: readonly Record[], b: readonly Record[], first: readonly boolean[]): Record[] {
  const [left, right] = [[...a], [...b]];
  const all: Record[] = [];
  for (const takesLeft of first) {
    const next = takesLeft ? (left.shift() ?? right.shift()) : (right.shift() ?? left.shift());
    if (next !== undefined) all.push(next);
  }
  return [...all, ...left, ...right];
}
