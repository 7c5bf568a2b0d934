/** Rows of a schema as raw events. The value is what the pipeline makes of a row; what it means is for the review to say. */
import type { WriteBatch } from "../../kafka/log.ts";
import { EventWriter, keyProblem, orUnreadable, oversize } from "../kit/index.ts";
import type { EventContext, EventTarget, SourceEvent } from "../kit/index.ts";
import type { Relation, Tuple } from "./pgoutput.ts";
import { UNCHANGED } from "./pgoutput.ts";
import { fullName, type SourceTable, type SourceTables, TupleRow } from "./tables.ts";

/** A table with its columns as a set: each row looks them up. */
interface KnownTable extends SourceTable {
  readonly wanted: ReadonlySet<string>;
}

export class RowWriter {
  readonly tables: SourceTables;
  readonly #known: ReadonlyMap<string, KnownTable>;
  readonly #events: EventWriter;
  /** Tables that are published and not ours, by name: counted by the caller, named in the status. */
  readonly foreign: Set<string> = new Set();

  constructor(tables: SourceTables, target: EventTarget) {
    this.tables = tables;
    this.#known = new Map(
      Object.entries(tables.tables).map(([name, table]) => [name, { ...table, wanted: new Set(table.columns) }]),
    );
    this.#events = new EventWriter("postgres", target);
  }

  /** Appends the event of one row. False when the row belongs to no table of ours. `at`: commit time, in a snapshot time of insertion. */
  append(batch: WriteBatch, relation: Relation, row: Tuple, at: Omit<EventContext, "rowId">): boolean {
    const table = relation.schema === this.tables.schema ? this.#known.get(relation.name) : undefined;
    if (table === undefined) {
      this.foreign.add(`${relation.schema}.${relation.name}`);
      return false;
    }
    const { keyName } = this.tables;
    const tooLong = keyProblem(keyName, bytesOf(relation, row, keyName));
    const key = tooLong === null ? label(relation, row, keyName) : "";
    const because = (problem: string, raw: Buffer = Buffer.alloc(0)): SourceEvent =>
      this.tables.unreadable({
        key,
        file: fullName(this.tables, relation.name),
        line: idOf(relation, row),
        raw,
        problem,
      });
    const event =
      tooLong === null ? orUnreadable(() => eventOf(relation, row, table, because), because) : because(tooLong);
    this.#events.append(batch, key, event, { ...at, rowId: `${relation.name}/${label(relation, row, "id")}` });
    return true;
  }
}

function eventOf(
  relation: Relation,
  row: Tuple,
  { wanted, toEvent }: KnownTable,
  because: (problem: string, raw?: Buffer) => SourceEvent,
): SourceEvent {
  const missing = relation.columns.filter((name, index) => row[index] === UNCHANGED && wanted.has(name));
  if (missing.length > 0) {
    return because(
      `an update left out the unchanged large column ${missing.join(", ")}; alter table ${relation.schema}.${relation.name} replica identity full`,
    );
  }
  const event = toEvent(new TupleRow(relation, row, wanted));
  const excess = oversize(event.value, "the row as JSON");
  return excess === null ? event : because(excess.problem, excess.raw);
}

/** Of a name that is longer than any should be, what is enough to tell it from others. */
const LABEL_BYTES = 64 * 1024;

/** A column as text, whatever it holds: for names, where nothing may throw. */
function label(relation: Relation, row: Tuple, column: string): string {
  const cell = row[relation.columns.indexOf(column)];
  return Buffer.isBuffer(cell) ? cell.subarray(0, LABEL_BYTES).toString("utf8") : "";
}

/** 0 for what is no number that JSON keeps. */
function idOf(relation: Relation, row: Tuple): number {
  const number = Number(label(relation, row, "id"));
  return Number.isSafeInteger(number) ? number : 0;
}

function bytesOf(relation: Relation, row: Tuple, column: string): number {
  const cell = row[relation.columns.indexOf(column)];
  return Buffer.isBuffer(cell) ? cell.length : 0;
}
