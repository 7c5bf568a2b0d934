import { EventTable } from "../domain/review/event-table.ts";
import { facetsAgree } from "../domain/review/facets.ts";
import type { Verdict } from "../domain/review/verdict.ts";

interface Replaced {
  readonly identity: Uint32Array;
  readonly facets: Uint32Array;
}

/**
 * The review once more, as small as it can be said: of a natural key the latest content counts, the same again is a
 * duplicate (as far as both formats can tell), what was replaced once is stale. No lateness and no versions: cricket has
 * neither. It shares nothing with the engine but the table that holds keys, ids and facets.
 */
export class ModelReview {
  readonly table: EventTable = new EventTable(14);
  /** By the half of the event id that knows no facets. */
  readonly #replaced = new Map<string, Replaced[]>();

  /** `identity`: six words. `position` is kept of what was accepted last, with `mark` (0 … 2^32−1). */
  review(
    identity: Uint32Array,
    facets: Uint32Array,
    position: number,
    mark: number,
  ): Exclude<Verdict, "poison" | "late"> {
    const { table } = this;
    let entry = table.find(identity[0]!, identity[1]!);
    if (entry < 0) {
      entry = table.insert(identity);
      this.#accept(entry, facets, position, mark);
      return "accepted";
    }
    const known = table.facets(entry);
    if (table.agrees(entry, identity, facets)) {
      const merged = facets.map((word, at) => known[at] || word);
      table.setFacets(entry, merged);
      return "duplicate";
    }
    if (this.#wasReplaced(identity, facets)) return "stale";
    const before = new Uint32Array(6);
    table.identity(entry, before);
    const core = coreOf(before);
    this.#replaced.set(core, [...(this.#replaced.get(core) ?? []), { identity: before, facets: known.slice() }]);
    table.setEventId(entry, identity);
    this.#accept(entry, facets, position, mark);
    return "correction";
  }

  #accept(entry: number, facets: Uint32Array, position: number, mark: number): void {
    this.table.setSeen(entry, position, 0, Number.NaN);
    this.table.setFacets(entry, facets);
    this.table.setOwner(entry, mark);
  }

  #wasReplaced(identity: Uint32Array, facets: Uint32Array): boolean {
    const candidates = this.#replaced.get(coreOf(identity)) ?? [];
    return candidates.some(
      (old) =>
        (old.identity[4] === identity[4] && old.identity[5] === identity[5]) ||
        (facets.length > 0 && facetsAgree(old.facets, facets)),
    );
  }
}

/** Half an event id is of key and content alone. */
function coreOf(identity: Uint32Array): string {
  return `${identity[2]}/${identity[3]}`;
}
