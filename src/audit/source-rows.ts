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

/** Rows of Postgres ↔ events of the raw topic, by table and id. */
export class SourceRows {
  readonly #hasher: IdentityHasher;
  readonly #words = new Uint32Array(IDENTITY_WORDS);
  readonly #tables = new Map<string, PagedLedger>();
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

  row({ table, id, payload }: RowFact): void {
    const ledger = this.#ledger(table);
    if ((ledger.flags(id) & ROW) === 0) this.#rows++;
    ledger.setFlags(id, ROW);
    this.#hash(payload);
    ledger.setWords(id, this.#words[2]!, this.#words[3]!);
  }

  /** Takes an event. True when it is of a row that was told before. */
  event(fact: Pick<RawFact, "row" | "again" | "payload">): boolean {
    if (fact.again) {
      this.#again++;
      return false;
    }
    if (fact.row === null) {
      this.#anonymous++;
      return false;
    }
    this.#events++;
    const ledger = this.#ledger(fact.row.table);
    const before = ledger.flags(fact.row.id);
    if ((before & ROW) === 0) {
      this.#unknown++;
      return false;
    }
    if ((before & EVENT) === 0) this.#withEvent++;
    let flags = before | EVENT;
    if (fact.payload === null) flags |= CUT;
    else if (this.#isSame(ledger, fact.row.id, fact.payload)) flags |= SAME;
    // SAME is a statement about the latest event: an older one that differed is an update, not a difference.
    else flags = (flags | OTHER) & ~SAME;
    ledger.setFlags(fact.row.id, flags);
    return true;
  }

  /** Rows that were changed in place: the order of contents of their keys cannot be told from the tables. */
  changedInPlace(): number {
    let changed = 0;
    for (const ledger of this.#tables.values())
      for (const [, flags] of ledger.entries()) if ((flags & OTHER) !== 0) changed++;
    return changed;
  }

  /** `complete`: no raw record has been deleted by retention. */
  finish(findings: Findings, complete: boolean): Arrow {
    let missing = 0;
    for (const [table, ledger] of this.#tables) {
      for (const [id, flags] of ledger.entries()) {
        if ((flags & EVENT) === 0) {
          missing++;
          if (complete) findings.add("rows", `odi.${table} id ${id} is not in the raw topic`);
        } else if ((flags & (SAME | CUT)) === 0) {
          findings.add("rows", `odi.${table} id ${id} says something else than its latest event in the raw topic`);
        }
      }
    }
    if (!complete && missing > 0) {
      findings.unchecked.add(
        `${grouped(missing)} rows of Postgres have no event among those the raw topic still keeps`,
      );
    }
    if (this.#unknown > 0) {
      findings.notes.add(
        `${grouped(this.#unknown)} events are of rows that were not in Postgres when the audit began: inserted since, or deleted there (what was accepted stays)`,
      );
    }
    const from = { what: "rows in Postgres", count: this.#rows };
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

  #ledger(table: string): PagedLedger {
    let ledger = this.#tables.get(table);
    if (ledger === undefined) {
      ledger = new PagedLedger();
      this.#tables.set(table, ledger);
    }
    return ledger;
  }
}
