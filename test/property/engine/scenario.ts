import fc from "fast-check";
import type { Fact } from "./reference.ts";
import { CALAMITIES, INPUTS, PARTITIONS, type Scenario, type Step } from "./scenario-types.ts";

/** Of one partition: enough for merges of segments, and two thousand scenarios are done in a minute. */
const RECORDS_MAX = 40;

const facet: fc.Arbitrary<number | null> = fc.option(fc.integer({ min: 1, max: 2 }), { nil: null });

/** Few keys and contents, so that replays, corrections and stale repetitions are the normal case. */
const fact: fc.Arbitrary<Fact> = fc.record({
  key: fc.integer({ min: 0, max: 5 }),
  content: fc.oneof(
    { weight: 15, arbitrary: fc.integer({ min: 1, max: 3 }) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  facets: fc.tuple(facet, facet),
  time: fc.integer({ min: 0, max: 1_000 }),
  version: fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
  ),
});

const step = fc.record({
  fact,
  /** Says again, word for word, what came so many records before in the partition. */
  repeats: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 16 }) },
  ),
  input: fc.integer({ min: 0, max: INPUTS.length - 1 }),
  afterMs: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 400 }) },
  ),
});

/** In steps: doubles are drawn from all that can be written, nearly all of which are next to 0. */
const rate = (max: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 100 }).map((percent) => (percent / 100) * max),
  );

/** Keys that are used in turn instead of one: enough live segments for merges. */
const spread: fc.Arbitrary<number> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 4 }) },
);

/**
 * The records of a partition. In half of them event times go forward with the stream, a bounded retention behind it: only so
 * are keys forgotten one by one, after corrections with older event times and just when they come again.
 */
const records: fc.Arbitrary<Step[]> = fc
  // Without a size there would be ten at most.
  .tuple(
    fc.array(step, { maxLength: RECORDS_MAX, size: "max" }),
    fc.option(fc.integer({ min: 5, max: 40 }), { nil: null }),
    spread,
  )
  .map(([steps, forwardMs, keys]) => {
    const made: Step[] = [];
    for (const [at, { repeats, fact, ...rest }] of steps.entries()) {
      const time = forwardMs === null ? fact.time : at * forwardMs + Math.floor(fact.time / 2);
      const key = fact.key * keys + (at % keys);
      made.push({ ...rest, fact: made[at - repeats]?.fact ?? { ...fact, key, time } });
    }
    return made;
  });

const withoutDeletions: fc.Arbitrary<Omit<Scenario, "deletes">> = fc.record({
  inputs: fc.array(records, { minLength: PARTITIONS, maxLength: PARTITIONS }),
  processes: fc.integer({ min: 1, max: 3 }),
  commitMaxRecords: fc.integer({ min: 1, max: 12 }),
  retentionMs: fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 150, max: 900 }) },
  ),
  latenessMs: fc.oneof(
    { weight: 2, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 150 }) },
  ),
  rates: fc.record({
    retryable: rate(0.03),
    abortRequired: rate(0.2),
    fenced: rate(0.1),
    indefinite: rate(0.2),
    lateByMsMax: fc.integer({ min: 0, max: 500 }),
    deadProducer: rate(0.1),
    kill: rate(0.02),
    shortFetch: rate(0.5),
  }),
  freezeRate: rate(0.06),
  openFails: rate(0.5),
  // Late enough for a partition to be taken over meanwhile: only then does a restore that does not wait for markers fail.
  markerDelayMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2_000 })),
  compact: fc.boolean(),
  transactionalInputs: fc.boolean(),
  shortInputs: fc.boolean(),
  pause: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  orphansPartitions: fc.boolean(),
  killInRevocation: rate(0.5),
  lostClaims: rate(0.8),
  twin: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  seed: fc.integer(),
  // Last, as each that comes: what is drawn before stays what it was.
  calamity: fc.oneof(
    { weight: 2, arbitrary: fc.constant("none" as const) },
    { weight: 1, arbitrary: fc.constantFrom(...CALAMITIES) },
  ),
  killTools: rate(0.1),
});

/**
 * A fact of a source that deletes: with a version, as nearly all have, and of few keys, so that two inputs speak of the same.
 * Worked out of what is drawn, as the rest: a seed makes the same faults with deletions and without.
 */
function versioned(fact: Fact): Fact {
  const { time, key } = fact;
  if (time % 8 === 0) return { ...fact, deleted: time % 16 === 0 };
  const version = fact.version ?? 1 + (time % 4);
  return { ...fact, key: key % 2, facets: fact.facets.map(() => null), version, deleted: time % 5 === 0 };
}

export const scenarios: fc.Arbitrary<Scenario> = withoutDeletions.map((scenario) => {
  const deletes = scenario.seed % 3 === 0;
  if (!deletes) return { ...scenario, deletes };
  const inputs = scenario.inputs.map((steps) => steps.map((each) => ({ ...each, fact: versioned(each.fact) })));
  return { ...scenario, inputs, deletes };
});
