import { EventTable } from "../domain/review/event-table.ts";
import { eventIdText } from "../domain/review/identity.ts";
import type { Verdict } from "../domain/review/verdict.ts";

/**
 * The review once more, as small as it can be said: of a natural key the latest content counts, the same again is a
 * duplicate, what was replaced once is stale. No lateness and no versions: cricket has neither. It shares nothing with
 * the engine but the table that holds 64-bit keys and 128-bit ids.
 */
export class ModelReview {
  readonly table: EventTable = new EventTable(14);
  readonly #replaced = new Set<string>();

  /** `identity`: six words. `position` is kept of what was accepted last, with `mark` (0 … 2^32−1). */
  review(identity: Uint32Array, position: number, mark: number): Exclude<Verdict, "poison" | "late"> {
    const { table } = this;
    let entry = table.find(identity[0]!, identity[1]!);
    if (entry < 0) {
      entry = table.insert(identity);
      table.setSeen(entry, position, 0, Number.NaN);
      table.setOwner(entry, mark);
      return "accepted";
    }
    if (table.sameEventId(entry, identity)) return "duplicate";
    if (this.#replaced.has(eventIdText(identity))) return "stale";
    table.identity(entry, scratch);
    this.#replaced.add(eventIdText(scratch));
    table.setEventId(entry, identity);
    table.setSeen(entry, position, 0, Number.NaN);
    table.setOwner(entry, mark);
    return "correction";
  }
}

const scratch = new Uint32Array(6);
