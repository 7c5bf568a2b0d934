import type { IdentityHasher } from "../domain/review/identity.ts";
import { IDENTITY_WORDS } from "../domain/review/identity.ts";
import type { RawFact, RowFact } from "./facts.ts";
import { PagedLedger } from "./paged.ts";
import type { Arrow, Findings } from "./report.ts";
import { arrowOf, grouped } from "./report.ts";

const ROW = 1;
const EVENT = 2;
/** The latest event of the row says what the row says. */
const SAME = 4;
/** An event of the row said something else than the row does. */
const OTHER = 8;
/** The source had to cut the row: its content cannot be compared. */
const CUT = 16;

/** Rows of the sources ↔ events of their raw topics, by source, table and id. */
export class SourceRows {
  readonly #hasher: IdentityHasher;
  readonly #words = new Uint32Array(IDENTITY_WORDS);
  readonly #tables = new Map<string, SourceTable>();
  #rows = 0;
  #events = 0;
  #withEvent = 0;
  #unknown = 0;
  #again = 0;
  #anonymous = 0;

  constructor(hasher: IdentityHasher) {
    this.#hasher = hasher;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Rows without an event so far. */
  get missing(): number {
    return this.#rows - this.#withEvent;
  }

  /** Returns the row's index: its id, or the place of an id that is no number. */
  row({ source, table, id, payload }: RowFact): number {
    const { ledger, ids } = this.#table(source, table);
    const index = ids.indexOf(id);
    if ((ledger.flags(index) & ROW) === 0) this.#rows++;
    ledger.setFlags(index, ROW);
    this.#hash(payload);
    ledger.setWords(index, this.#words[2]!, this.#words[3]!);
    return index;
  }

  /** Takes an event. True when it is of a row that was told before. */
  event(source: string, fact: Pick<RawFact, "row" | "again" | "payload">): boolean {
    if (fact.again) {
      this.#again++;
      return false;
    }
    if (fact.row === null) {
      this.#anonymous++;
      return false;
    }
    this.#events++;
    const { ledger, ids } = this.#table(source, fact.row.table);
    const index = ids.indexOf(fact.row.id);
    const before = ledger.flags(index);
    if ((before & ROW) === 0) {
      this.#unknown++;
      return false;
    }
    if ((before & EVENT) === 0) this.#withEvent++;
    let flags = before | EVENT;
    if (fact.payload === null) flags |= CUT;
    else if (this.#isSame(ledger, index, fact.payload)) flags |= SAME;
    // SAME is a statement about the latest event: an older one that differed is an update, not a difference.
    else flags = (flags | OTHER) & ~SAME;
    ledger.setFlags(index, flags);
    return true;
  }

  /** Rows that were changed in place: the order of contents of their keys cannot be told from the tables. */
  changedInPlace(): number {
    let changed = 0;
    for (const { ledger } of this.#tables.values())
      for (const [, flags] of ledger.entries()) if ((flags & OTHER) !== 0) changed++;
    return changed;
  }

  /** `complete`: no raw record has been deleted by retention. */
  finish(findings: Findings, complete: boolean): Arrow {
    let missing = 0;
    for (const [table, { ledger, ids }] of this.#tables) {
      for (const [index, flags] of ledger.entries()) {
        const at = `${table} id ${ids.idOf(index)}`;
        if ((flags & EVENT) === 0) {
          missing++;
          if (complete) findings.add("rows", `${at} is not in the raw topic`);
        } else if ((flags & (SAME | CUT)) === 0) {
          findings.add("rows", `${at} says something else than its latest event in the raw topic`);
        }
      }
    }
    if (!complete && missing > 0) {
      findings.unchecked.add(`${grouped(missing)} rows have no event among those the raw topic still keeps`);
    }
    if (this.#unknown > 0) {
      findings.notes.add(
        `${grouped(this.#unknown)} events are of rows that were not there when the audit began: inserted since, or deleted there (what was accepted stays)`,
      );
    }
    const from = { what: "rows at the sources", count: this.#rows };
    return arrowOf(findings, "rows", from, { what: "rows with an event", count: this.#withEvent }, this.#explained());
  }

  #explained(): string {
    const repeats = this.#events - this.#unknown - this.#withEvent;
    const parts = [
      ...(repeats > 0 ? [`${grouped(repeats)} events repeat a row that was sent before`] : []),
      ...(this.#again > 0 ? [`${grouped(this.#again)} sent again from quarantine`] : []),
      ...(this.#anonymous > 0 ? [`${grouped(this.#anonymous)} records name no row`] : []),
    ];
    return parts.join(", ");
  }

  #isSame(ledger: PagedLedger, id: number, payload: string): boolean {
    this.#hash(payload);
    return ledger.sameWords(id, this.#words[2]!, this.#words[3]!);
  }

  #hash(payload: string): void {
    this.#hasher.identify("", payload, this.#words);
  }

  #table(source: string, table: string): SourceTable {
    const name = `${source}.${table}`;
    let found = this.#tables.get(name);
    if (found === undefined) {
      found = { ledger: new PagedLedger(), ids: new RowIds() };
      this.#tables.set(name, found);
    }
    return found;
  }
}

interface SourceTable {
  readonly ledger: PagedLedger;
  readonly ids: RowIds;
}

/** Ids as dense numbers: those that are numbers as they are, texts in the order in which they came. */
class RowIds {
  readonly #indexes = new Map<string, number>();
  readonly #texts: string[] = [];

  indexOf(id: number | string): number {
    if (typeof id === "number") return id;
    let index = this.#indexes.get(id);
    if (index === undefined) {
      index = this.#texts.push(id) - 1;
      this.#indexes.set(id, index);
    }
    return index;
  }

  idOf(index: number): string {
    return this.#texts[index] ?? String(index);
  }
}
