import { EventTable } from "../domain/review/event-table.ts";
import { facetsAgree } from "../domain/review/facets.ts";
import type { Verdict } from "../domain/review/verdict.ts";

/** What the model says of a record; `completes`: a duplicate that knows a facet which was not known. */
export type ModelVerdict = Exclude<Verdict, "poison" | "late"> | "completes";

interface Said {
  readonly input: number;
  readonly position: number;
  readonly mark: number;
  /** Edition of the document; absent of the first. */
  readonly version?: number | undefined;
}

/**
 * The review once more, as small as it can be said: of a natural key the latest content counts; the same again is a
 * duplicate (as far as both formats can tell); what was replaced once is stale, unless the input that says it replaced it
 * itself and says it for the first time. Of two editions that one input tells the newer counts, whatever came before. A deletion
 * is a content like another. No lateness: cricket has none. It shares nothing with the engine but the table that holds keys,
 * ids and statement words.
 */
export class ModelReview {
  readonly table: EventTable = new EventTable(14);
  /** Input of the latest accepted record, by entry. */
  readonly #acceptedFrom: number[] = [];
  /** By the half of the event id that knows no facets. */
  readonly #replaced = new Map<string, Uint32Array[]>();

  /** `identity`: six words. `position` is kept of what was accepted last, with `mark` (0 … 2^32−1). */
  review(identity: Uint32Array, facets: Uint32Array, said: Said): ModelVerdict {
    const { table } = this;
    const version = said.version ?? Number.NaN;
    const statement = Uint32Array.of(1 << said.input, ...facets);
    let entry = table.find(identity[0]!, identity[1]!);
    if (entry < 0) {
      entry = table.insert(identity);
      this.#accept(entry, statement, said);
      return "accepted";
    }
    const known = table.statement(entry);
    const isOwn = this.#acceptedFrom[entry] === said.input;
    const knownVersion = table.version(entry);
    if (table.agrees(entry, identity, statement)) {
      const merged = statement.map((word, at) => (at === 0 ? known[0]! | word : known[at] || word));
      const completes = facets.some((word, at) => word !== 0 && known[at + 1] === 0);
      table.setStatement(entry, merged);
      if (isOwn && (version > knownVersion || Number.isNaN(knownVersion)))
        table.setSeen(entry, table.position(entry), 0, version);
      return completes ? "completes" : "duplicate";
    }
    // A comparison with an edition that is not known is false.
    if (isOwn && version < knownVersion) return "stale";
    // The first edition does not count itself.
    if (!(isOwn && version > (Number.isNaN(knownVersion) ? 0 : knownVersion))) {
      const saidBy = this.#saidBy(identity, statement);
      const isFirst = (saidBy & (1 << said.input)) === 0;
      if (saidBy !== 0 && !(isOwn && isFirst)) {
        if (isFirst) this.#replace(identity, statement);
        return "stale";
      }
    }
    const before = new Uint32Array(6);
    table.identity(entry, before);
    this.#replace(before, known.slice());
    table.setEventId(entry, identity);
    this.#accept(entry, statement, said);
    return "correction";
  }

  #accept(entry: number, statement: Uint32Array, said: Said): void {
    this.table.setSeen(entry, said.position, 0, said.version ?? Number.NaN);
    this.table.setStatement(entry, statement);
    this.table.setOwner(entry, said.mark);
    this.#acceptedFrom[entry] = said.input;
  }

  #replace(identity: Uint32Array, statement: Uint32Array): void {
    const core = coreOf(identity);
    this.#replaced.set(core, [...(this.#replaced.get(core) ?? []), statement]);
  }

  /** Inputs that have said what was replaced since, as bits. */
  #saidBy(identity: Uint32Array, statement: Uint32Array): number {
    const candidates = this.#replaced.get(coreOf(identity)) ?? [];
    return candidates.reduce((inputs, old) => (facetsAgree(old, statement) ? inputs | old[0]! : inputs), 0);
  }
}

/** Half an event id is of key and content alone. */
function coreOf(identity: Uint32Array): string {
  return `${identity[0]}/${identity[1]}/${identity[2]}/${identity[3]}`;
}
