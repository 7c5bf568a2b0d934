import { matchFacets } from "./identity.ts";
import type { Match, MatchFacet } from "./types.ts";

/** Keys of a match's own CSV record whose absence alone would mean nothing, and the facets that they tell. */
const FACETS: ReadonlyMap<string, MatchFacet> = new Map([
  ["match_type", "matchType"],
  ["gender", "gender"],
  ["team_type", "teamType"],
  ["season", "season"],
  ["event", "event"],
  ["overs", "overs"],
  ["method", "method"],
  ["eliminator", "tieBreak"],
  ["bowl_out", "tieBreak"],
  ["player", "players"],
  ["players", "players"],
  ["registry", "registry"],
  ["super_over", "superOvers"],
  ["declared", "declared"],
  ["target_runs", "targets"],
  ["target_overs", "targets"],
  ["forfeited", "forfeited"],
  ["penalty_runs", "penalties"],
]);

const LINE = /^"?(?:info"?,"?)?(?<key>[a-z_]+)"?,/u;

/**
 * A match of a later edition of its file: what lines that the file does not have any more told, and no other line tells, is known to be
 * absent. Without that the card would keep it, as silence of a CSV means nothing.
 * @param withdrawn lines that an earlier edition had.
 */
export function withoutWithdrawn(match: Match, withdrawn: string): Match {
  const said = matchFacets(match);
  const facets = new Set<MatchFacet>();
  for (const line of withdrawn.split("\n")) {
    const facet = FACETS.get(LINE.exec(line)?.groups?.["key"] ?? "");
    // The original CSV has the event in words that no other form shares: it never told this facet.
    const told = facet !== undefined && !(facet === "event" && match.format === "csv1");
    if (told && said[facet] === null) facets.add(facet);
  }
  return facets.size === 0 ? match : { ...match, alsoKnown: [...facets] };
}
