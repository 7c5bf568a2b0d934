import { EventTable } from "../domain/review/event-table.ts";
import { eventIdText } from "../domain/review/identity.ts";

/** What is remembered of a key beside its content, as bits of its owner word. */
const SHOWN = 1;
/** The record's format could not tell every facet: the row may hold more, from records before it. */
const HOLDS_MORE = 2;
/** The delivery is no more: it must have no row. */
const DELETED = 4;

/**
 * What the clean stream says of every natural key: the latest record, over what was known where it cannot tell (decisions/0015).
 * Kept: 64-bit key, 128-bit event id, facets that must be known, source position, and whether the warehouse has shown it.
 */
export class LatestClean {
  readonly table: EventTable = new EventTable(14);
  #deleted = 0;

  /**
   * `position`: input and offset, packed. `isCompletion`: the record says what was said, and more. `isDeletion`: that it is no more.
   */
  put(
    identity: Uint32Array,
    facets: Uint32Array,
    at: { readonly partition: number; readonly position: number },
    { isCompletion, isDeletion }: { readonly isCompletion: boolean; readonly isDeletion: boolean },
  ): void {
    const { table } = this;
    const statement = Uint32Array.of(0, ...facets);
    let entry = table.find(identity[0]!, identity[1]!);
    if (entry < 0) entry = table.insert(identity);
    else {
      const known = table.statement(entry);
      if ((table.owner(entry) & DELETED) !== 0) this.#deleted--;
      if (isCompletion) for (let facet = 1; facet < statement.length; facet++) statement[facet] ||= known[facet] ?? 0;
      table.setEventId(entry, identity);
    }
    table.setSeen(entry, at.position, at.partition, Number.NaN);
    table.setStatement(entry, statement);
    if (isDeletion) this.#deleted++;
    table.setOwner(entry, isDeletion ? DELETED : facets.includes(0) ? HOLDS_MORE : 0);
  }

  /** Keys whose latest record is a deletion. */
  get deleted(): number {
    return this.#deleted;
  }

  /** Notes that the warehouse shows the key with the given event id, and says what is wrong with that. */
  show(identity: Uint32Array, facets: Uint32Array, eventId: string): "right" | "unknown" | "different" | "twice" {
    const { table } = this;
    const entry = table.find(identity[0]!, identity[1]!);
    if (entry < 0) return "unknown";
    const owner = table.owner(entry);
    if ((owner & SHOWN) !== 0) return "twice";
    table.setOwner(entry, owner | SHOWN);
    if ((owner & HOLDS_MORE) === 0) return table.sameEventId(entry, identity) ? "right" : "different";
    const known = table.statement(entry);
    const tells = facets.every((word, at) => known[at + 1] === 0 || known[at + 1] === word);
    const latest = new Uint32Array(6);
    table.identity(entry, latest);
    const sameCore = latest[2] === identity[2] && latest[3] === identity[3];
    return tells && sameCore && eventIdText(latest) === eventId ? "right" : "different";
  }

  /** Whether the event id of a row of this key is that of all that the row says. */
  isWhole(identity: Uint32Array): boolean {
    const entry = this.table.find(identity[0]!, identity[1]!);
    return entry < 0 || (this.table.owner(entry) & HOLDS_MORE) === 0;
  }

  /** Source positions of what the warehouse has not shown. */
  *missing(): Generator<{ readonly partition: number; readonly position: number }> {
    for (let entry = 0; entry < this.table.end; entry++) {
      if ((this.table.owner(entry) & (SHOWN | DELETED)) === 0)
        yield { partition: this.table.time(entry), position: this.table.position(entry) };
    }
  }
}

/**
 * The half of every clean event id that knows the facets too: 8 bytes a record. By edition: what one has taken back a later one may
 * say again.
 */
export class EventIds {
  readonly #byEdition = new Map<number, Words64>();

  add(identity: ArrayLike<number>, edition: number = 1): void {
    let ids = this.#byEdition.get(edition);
    if (ids === undefined) {
      ids = new Words64();
      this.#byEdition.set(edition, ids);
    }
    ids.add((BigInt(identity[4]!) << 32n) | BigInt(identity[5]!));
  }

  /** The end of every event id that is there more than once. */
  *repeated(): Generator<string> {
    for (const ids of this.#byEdition.values()) yield* ids.repeated();
  }
}

class Words64 {
  #words = new BigUint64Array(1024);
  #count = 0;

  add(word: bigint): void {
    if (this.#count === this.#words.length) {
      const grown = new BigUint64Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[this.#count++] = word;
  }

  *repeated(): Generator<string> {
    const sorted = this.#words.subarray(0, this.#count).sort();
    for (let index = 1; index < sorted.length; index++) {
      if (sorted[index] === sorted[index - 1]) yield sorted[index]!.toString(16).padStart(16, "0");
    }
  }
}
