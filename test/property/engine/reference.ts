import type { Verdict } from "../../../src/domain/review/verdict.ts";

/** What a generated input record says. `null` content is a record that cannot be read. */
export interface Fact {
  readonly key: number;
  readonly content: number | null;
  /** What only some formats carry; null where this record's cannot tell. */
  readonly facets: readonly (number | null)[];
  readonly time: number;
  readonly version: number | null;
  /** Its key is no more, if the topology knows deletions. */
  readonly deleted?: boolean;
}

export interface ReferenceOptions {
  readonly deletes?: boolean;
  readonly retentionMs: number | null;
  readonly latenessMs: number | null;
}

interface Said {
  readonly content: number;
  readonly facets: readonly (number | null)[];
}

interface Remembered extends Said {
  facets: readonly (number | null)[];
  /** Input of the record that was accepted, and all that have said the same. */
  readonly from: number;
  readonly saidBy: Set<number>;
  /** Newest event time of all that was said of the key. */
  time: number;
  version: number | null;
  /** What was superseded, and the stream time at which it was, or the event time at which it was said again. */
  readonly superseded: (Said & { readonly saidBy: ReadonlySet<number>; at: number })[];
}

export interface ReferenceResult {
  readonly verdicts: Verdict[];
  /** For each record, whether it is a duplicate that knows more than was known. */
  readonly completes: boolean[];
  /** Latest accepted content by key. */
  readonly latest: ReadonlyMap<number, number>;
}

/**
 * The review as a reader would write it down: one Map, one pass over the records of a partition, no transactions.
 * The engine must give every record the same verdict whatever happens to it on the way (EO-2).
 */
export function referenceReview(
  records: readonly (Fact & { readonly input: number })[],
  options: ReferenceOptions,
): ReferenceResult {
  const known = new Map<number, Remembered>();
  const latest = new Map<number, number>();
  const retention = options.retentionMs ?? Infinity;
  const lateness = options.latenessMs ?? retention;
  let streamTime = -Infinity;
  const facts = records.map((record) => (options.deletes === true ? asDeletion(record) : record));
  const completes: boolean[] = facts.map(() => false);
  const verdicts = facts.map((fact, at): Verdict => {
    if (fact.content === null) return "poison";
    const late = fact.time < streamTime - lateness;
    const remembered = known.get(fact.key);
    const horizon = streamTime - retention;
    const before = remembered !== undefined && remembered.time >= horizon ? remembered : undefined;
    streamTime = Math.max(streamTime, fact.time);
    const verdict = judge(fact, fact.content, before, late, horizon, options);
    // Whatever was said of a key keeps it in mind: a replay within the retention must find it.
    if (verdict === "duplicate" || verdict === "stale") before!.time = Math.max(before!.time, fact.time);
    if (verdict === "duplicate") {
      if (fact.version !== null && comparesVersions(fact, before!, options))
        before!.version = Math.max(before!.version ?? -Infinity, fact.version);
      completes[at] = before!.facets.some((known, facet) => known === null && fact.facets[facet] !== null);
      before!.facets = before!.facets.map((known, facet) => known ?? fact.facets[facet]!);
      before!.saidBy.add(fact.input);
    }
    if (verdict === "stale" && !isOlder(fact, before!, options) && fact.time >= horizon) {
      const { content, facets, input, time } = fact;
      const own = before!.superseded.filter(
        (said) => said.at >= horizon && said.saidBy.has(input) && agree(said, { content, facets }),
      );
      for (const said of own) said.at = Math.max(said.at, time);
      // From now on this input has said it too.
      if (own.length === 0) before!.superseded.push({ content, facets, saidBy: new Set([input]), at: time });
    }
    if (verdict === "accepted" || verdict === "correction") {
      const superseded = [...(remembered?.superseded ?? [])];
      if (verdict === "correction") superseded.push({ ...before!, at: streamTime });
      const { content, facets, version, input } = fact;
      const time = Math.max(fact.time, before?.time ?? -Infinity);
      known.set(fact.key, { content, facets, time, version, superseded, from: input, saidBy: new Set([input]) });
      latest.set(fact.key, fact.content);
    }
    return verdict;
  });
  return { verdicts, completes, latest };
}

function judge(
  fact: Fact & { readonly input: number },
  content: number,
  before: Remembered | undefined,
  late: boolean,
  horizon: number,
  options: ReferenceOptions,
): Verdict {
  if (before === undefined) return late ? "late" : "accepted";
  const isSame = (said: Said): boolean => agree(said, { content, facets: fact.facets });
  if (isSame(before)) return "duplicate";
  if (isOlder(fact, before, options)) return "stale";
  const comparable = comparesVersions(fact, before, options);
  // An edition beats what its input said before it counted them.
  const first = options.deletes === true ? -Infinity : null;
  const knownVersion = before.version ?? first;
  const newer = comparable && fact.version !== null && knownVersion !== null && fact.version > knownVersion;
  const old = before.superseded.filter((said) => said.at >= horizon && isSame(said));
  // An input may take its own word back, with what it has not said before.
  const takesBack = before.from === fact.input && !old.some((said) => said.saidBy.has(fact.input));
  if (!newer && old.length > 0 && !takesBack) return "stale";
  return late ? "late" : "correction";
}

const TOMBSTONE = 0;

/** All deletions of a key say the same; one without a version cannot be read. */
function asDeletion<T extends Fact>(fact: T): T {
  if (fact.deleted !== true || fact.content === null) return fact;
  return { ...fact, content: fact.version === null ? null : TOMBSTONE, facets: fact.facets.map(() => null) };
}

/** With deletions, versions are the editions of one input. */
function comparesVersions(
  fact: { readonly input: number },
  before: Remembered,
  { deletes }: ReferenceOptions,
): boolean {
  return deletes !== true || before.from === fact.input;
}

function isOlder(fact: Fact & { readonly input: number }, before: Remembered, options: ReferenceOptions): boolean {
  if (!comparesVersions(fact, before, options)) return false;
  return fact.version !== null && before.version !== null && fact.version < before.version;
}

/** The same, as far as both can tell. */
function agree(a: Said, b: Said): boolean {
  return (
    a.content === b.content &&
    a.facets.every((mine, at) => mine === null || b.facets[at] === null || mine === b.facets[at])
  );
}
