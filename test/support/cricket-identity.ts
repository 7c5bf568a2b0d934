import { type CricketIdentity, deliveryIdentity, matchIdentity } from "../../src/domain/cricket/identity.ts";
import type { Delivery, Match } from "../../src/domain/cricket/types.ts";

/** As the review compares two records of one key: fields that one of them cannot carry make no difference. */
export function sameFact(a: CricketIdentity, b: CricketIdentity): boolean {
  return (
    a.content === b.content &&
    a.facets.every((facet, at) => facet === null || b.facets[at] === null || facet === b.facets[at])
  );
}

/** All that a delivery says, the facets too: equal where one format feeds the stream and says the same twice. */
export function contentOf(d: Delivery): string {
  const { content, facets } = deliveryIdentity(d);
  return JSON.stringify([content, ...facets]);
}

export function matchContentOf(m: Match): string {
  const { content, facets } = matchIdentity(m);
  return JSON.stringify([content, ...facets]);
}
