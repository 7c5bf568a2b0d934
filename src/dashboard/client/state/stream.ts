import { VERDICTS } from "../../../domain/review/verdict.ts";
import type { Verdict, VerdictCounts } from "../../api.ts";

/**
 * The verdicts that fell between two counts, newest first, at most `length`. Their order within a count is not known:
 * the rarer ones stand in front, so that none of them is pushed out by a thousand accepted ones.
 */
export function fallen(before: VerdictCounts | null, now: VerdictCounts, length: number): Verdict[] {
  if (before === null) return [];
  const news = VERDICTS.map((verdict) => ({ verdict, count: Math.max(0, now[verdict] - before[verdict]) }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => a.count - b.count);
  return news.flatMap(({ verdict, count }) => Array.from({ length: Math.min(count, length) }, () => verdict));
}
