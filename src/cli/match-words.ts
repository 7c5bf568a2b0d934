import type { MatchSummary } from "../loader/index.ts";
import { UsageError } from "./errors.ts";

/** The match with this id, else those that hold every word. Throws a UsageError when there is none. */
export function matchesMeant(summaries: readonly MatchSummary[], words: readonly string[]): readonly MatchSummary[] {
  if (words.length === 0) return summaries;
  const byId = summaries.filter(({ matchId }) => words.length === 1 && matchId === words[0]);
  if (byId.length > 0) return byId;
  const wanted = words.flatMap((word) => word.toLowerCase().split(/\s+/u));
  const found = summaries.filter((summary) => {
    const text = searchText(summary);
    return wanted.every((word) => text.includes(word));
  });
  if (found.length > 0) return found;
  throw new UsageError(
    `no match in the warehouse is meant by "${words.join(" ")}"`,
    "`third-umpire scorecards` lists all of them",
  );
}

function searchText({ matchId, match, innings }: MatchSummary): string {
  const teams = match?.teams ?? innings.map(({ team }) => team);
  return [matchId, ...teams, match?.venue, match?.city, match?.event, match?.season, ...(match?.dates ?? [])]
    .join(" ")
    .toLowerCase();
}
