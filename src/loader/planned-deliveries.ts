import { mergeDelivery } from "../domain/cricket/merge.ts";
import type { CleanDelivery, Delivery, DeliveryPlace } from "../domain/cricket/types.ts";
import { ColumnBatch, tableNamed } from "./columns.ts";
import { decodeDelivery, decodeDeliveryOrDeletion, type RecordPlace } from "./decode.ts";
import { DeliveryColumns } from "./delivery-columns.ts";
import { DeliveryFields, deliveryKey } from "./delivery-fields.ts";
import { DeliveryScanner } from "./delivery-scanner.ts";
import { PackedDeliveries } from "./packed-deliveries.ts";
import { SharedTexts } from "./shared-texts.ts";

/** So many are kept as they came, for those who show them. */
const RECENT = 500;

interface RawRecord {
  readonly value: Buffer | null;
  readonly place: RecordPlace;
}

/**
 * The deliveries of one transaction: rows by column, and by match. Of two contents of one key the later one stays; what it cannot tell
 * is filled in (`fill`) when it is known what was there before.
 */
export class PlannedDeliveries {
  readonly names: SharedTexts;
  readonly rows: ColumnBatch = new ColumnBatch(tableNamed("deliveries"));
  /** The same rows, as a match in memory keeps them. */
  readonly packed: PackedDeliveries;
  readonly #columns: DeliveryColumns;
  readonly #fields = new DeliveryFields();
  readonly #scanner: DeliveryScanner;
  /** Match → `deliveryKey` → row. */
  readonly #rowsByMatch = new Map<number, Map<number, number>>();
  /** Row → what was said of its delivery before, in this transaction, where the row cannot tell everything. */
  readonly #earlier = new Map<number, Delivery[]>();
  /** Match → `deliveryKey` of those that are no more. A row that was planned before is written all the same, and then taken away. */
  readonly #deleted = new Map<number, Set<number>>();
  /** Rows of deliveries that were deleted before, in this transaction: nothing that was known of them holds. */
  readonly #anew = new Set<number>();
  #recent: RawRecord[] = [];
  /** Of each raw topic the delivery last read: that match is being played. */
  readonly #last = new Map<number, RawRecord>();

  constructor(names: SharedTexts = new SharedTexts()) {
    this.names = names;
    this.packed = new PackedDeliveries(names);
    this.#columns = new DeliveryColumns(this.rows, names);
    this.#scanner = new DeliveryScanner(names);
  }

  /** Nothing is planned; the memory stays for the next transaction. */
  clear(): void {
    this.rows.clear();
    this.packed.clear();
    this.#rowsByMatch.clear();
    this.#earlier.clear();
    this.#deleted.clear();
    this.#anew.clear();
    this.#recent = [];
    this.#last.clear();
  }

  /** Different natural keys. */
  get size(): number {
    return this.rows.length;
  }

  get matchIds(): string[] {
    return Array.from(this.#rowsByMatch.keys(), (id) => this.names.textOf(id));
  }

  /** Rows of deliveries that are there at the end of the transaction. */
  rowsOf(matchId: string): Iterable<number> {
    const id = this.names.idOf(matchId);
    const rows = this.#rowsByMatch.get(id);
    const deleted = this.#deleted.get(id);
    if (rows === undefined) return [];
    return deleted === undefined ? rows.values() : [...rows].flatMap(([key, row]) => (deleted.has(key) ? [] : [row]));
  }

  /** `deliveryKey` of deliveries that are not there any more at the end of the transaction. */
  deletedOf(matchId: string): Iterable<number> {
    return this.#deleted.get(this.names.idOf(matchId)) ?? [];
  }

  get hasDeletions(): boolean {
    return this.#deleted.size > 0;
  }

  /** The contents taken last, as they came: all of a live transaction, of a large one the end. */
  recent(): CleanDelivery[] {
    return this.#recent.slice(-RECENT).map(({ value, place }) => decodeDelivery(value, place));
  }

  /** By raw topic. */
  last(): Map<string, CleanDelivery> {
    return new Map(
      Array.from(this.#last, ([topic, { value, place }]) => [this.names.textOf(topic), decodeDelivery(value, place)]),
    );
  }

  /**
   * Fills in what the row cannot tell. `known` is what was known of its delivery before this transaction. One record after the other:
   * a fact that a correction took away must not come back with the next, however the records fall into transactions.
   */
  fill(row: number, matchId: string, known: Delivery | null): void {
    const said = [...(this.#earlier.get(row) ?? []), this.packed.at(row, matchId)];
    const first = this.#anew.has(row) ? null : known;
    const now = said.reduce((before, next) => (before === null ? next : mergeDelivery(before, next)), first)!;
    const fields = this.#fields;
    fields.readDelivery(now, this.names);
    this.#columns.writeDelivery(row, fields);
    this.packed.set(row, fields, this.packed.offset(row));
  }

  /** Throws a FatalError for a record that cannot be read. */
  put(value: Buffer | null, place: RecordPlace): void {
    const fields = this.#fields;
    if (value === null || !this.#scanner.scan(value, fields)) {
      const clean = decodeDeliveryOrDeletion(value, place);
      if ("deleted" in clean) {
        this.#delete(clean.delivery);
        return;
      }
      fields.read(clean, this.names);
    }
    const ofMatch = entryOf(this.#rowsByMatch, fields.matchId, () => new Map<number, number>());
    const key = deliveryKey(fields);
    let row = ofMatch.get(key);
    const isNew = row === undefined;
    if (row === undefined) {
      row = this.rows.length++;
      ofMatch.set(key, row);
    }
    const wasDeleted = this.#deleted.get(fields.matchId)?.delete(key) === true;
    if (wasDeleted) this.#anew.add(row);
    const before = isNew || wasDeleted ? null : this.packed.at(row, this.names.textOf(fields.matchId));
    this.#columns.write(row, fields, place);
    this.packed.set(row, fields, place.offset);
    if (!this.packed.lacks(row)) this.#earlier.delete(row);
    else if (before !== null) this.#earlier.set(row, [...(this.#earlier.get(row) ?? []), before]);
    const record = { value, place };
    this.#last.set(fields.sourceTopic, record);
    if (this.#recent.push(record) >= 2 * RECENT) this.#recent.splice(0, RECENT);
  }

  #delete(place: DeliveryPlace): void {
    const id = this.names.idOf(place.matchId);
    const key = deliveryKey(place);
    const row = entryOf(this.#rowsByMatch, id, () => new Map<number, number>()).get(key);
    if (row !== undefined) this.#earlier.delete(row);
    entryOf(this.#deleted, id, () => new Set<number>()).add(key);
  }
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
