import type { CleanDelivery } from "../domain/cricket/types.ts";
import { ColumnBatch, tableNamed } from "./columns.ts";
import { decodeDelivery, type RecordPlace } from "./decode.ts";
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

/** The deliveries of one transaction: rows by column, and by match. Of two contents of one key the later one stays. */
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

  rowsOf(matchId: string): Iterable<number> {
    return this.#rowsByMatch.get(this.names.idOf(matchId))?.values() ?? [];
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

  /** Throws a FatalError for a record that cannot be read. */
  put(value: Buffer | null, place: RecordPlace): void {
    const fields = this.#fields;
    if (value === null || !this.#scanner.scan(value, fields)) fields.read(decodeDelivery(value, place), this.names);
    let ofMatch = this.#rowsByMatch.get(fields.matchId);
    if (ofMatch === undefined) {
      ofMatch = new Map();
      this.#rowsByMatch.set(fields.matchId, ofMatch);
    }
    const key = deliveryKey(fields);
    let row = ofMatch.get(key);
    if (row === undefined) {
      row = this.rows.length++;
      ofMatch.set(key, row);
    }
    this.#columns.write(row, fields, place);
    this.packed.set(row, fields, place.offset);
    const record = { value, place };
    this.#last.set(fields.sourceTopic, record);
    if (this.#recent.push(record) >= 2 * RECENT) this.#recent.splice(0, RECENT);
  }
}
