import type { Verdict } from "../../../src/domain/review/verdict.ts";

/** What a generated input record says. `null` content is a record that cannot be read. */
export interface Fact {
  readonly key: number;
  readonly content: number | null;
  readonly time: number;
  readonly version: number | null;
}

export interface ReferenceOptions {
  readonly retentionMs: number | null;
  readonly latenessMs: number | null;
}

interface Remembered {
  content: number;
  time: number;
  version: number | null;
  /** Content that was superseded → the stream time at which it was, last. */
  readonly superseded: Map<number, number>;
}

export interface ReferenceResult {
  readonly verdicts: Verdict[];
  /** Latest accepted content by key. */
  readonly latest: ReadonlyMap<number, number>;
}

/**
 * The review as a reader would write it down: one Map, one pass over the records of a partition, no transactions.
 * The engine must give every record the same verdict whatever happens to it on the way (EO-2).
 */
export function referenceReview(facts: readonly Fact[], options: ReferenceOptions): ReferenceResult {
  const known = new Map<number, Remembered>();
  const latest = new Map<number, number>();
  const retention = options.retentionMs ?? Infinity;
  const lateness = options.latenessMs ?? retention;
  let streamTime = -Infinity;
  const verdicts = facts.map((fact): Verdict => {
    if (fact.content === null) return "poison";
    const late = fact.time < streamTime - lateness;
    const remembered = known.get(fact.key);
    const horizon = streamTime - retention;
    const before = remembered !== undefined && remembered.time >= horizon ? remembered : undefined;
    streamTime = Math.max(streamTime, fact.time);
    const verdict = judge(fact, fact.content, before, late, horizon);
    if (verdict === "duplicate" && fact.version !== null) {
      before!.version = Math.max(before!.version ?? -Infinity, fact.version);
    }
    if (verdict === "accepted" || verdict === "correction") {
      const superseded = remembered?.superseded ?? new Map();
      if (verdict === "correction") superseded.set(before!.content, streamTime);
      known.set(fact.key, { content: fact.content, time: fact.time, version: fact.version, superseded });
      latest.set(fact.key, fact.content);
    }
    return verdict;
  });
  return { verdicts, latest };
}

function judge(fact: Fact, content: number, before: Remembered | undefined, late: boolean, horizon: number): Verdict {
  if (before === undefined) return late ? "late" : "accepted";
  if (before.content === content) return "duplicate";
  const bothVersioned = fact.version !== null && before.version !== null;
  if (bothVersioned && fact.version! < before.version!) return "stale";
  const newer = bothVersioned && fact.version! > before.version!;
  if (!newer && (before.superseded.get(content) ?? -Infinity) >= horizon && before.superseded.has(content))
    return "stale";
  return late ? "late" : "correction";
}
