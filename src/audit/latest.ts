import { EventTable } from "../domain/review/event-table.ts";

/**
 * The latest clean content of every natural key: clean records in the order of their topic, last one wins.
 * Kept: 64-bit key, 128-bit event id, source position, and whether the warehouse has shown it.
 */
export class LatestClean {
  readonly table: EventTable = new EventTable(14);

  /** `position`: input and offset, packed. */
  put(identity: Uint32Array, partition: number, position: number): void {
    const { table } = this;
    let entry = table.find(identity[0]!, identity[1]!);
    if (entry < 0) entry = table.insert(identity);
    else table.setEventId(entry, identity);
    table.setSeen(entry, position, partition, Number.NaN);
    table.setOwner(entry, 0);
  }

  /** Notes that the warehouse shows the key, and says what is wrong with that. */
  show(identity: Uint32Array): "right" | "unknown" | "different" | "twice" {
    const entry = this.table.find(identity[0]!, identity[1]!);
    if (entry < 0) return "unknown";
    if (this.table.owner(entry) === 1) return "twice";
    this.table.setOwner(entry, 1);
    return this.table.sameEventId(entry, identity) ? "right" : "different";
  }

  /** Source positions of what the warehouse has not shown. */
  *missing(): Generator<{ readonly partition: number; readonly position: number }> {
    for (let entry = 0; entry < this.table.end; entry++) {
      if (this.table.owner(entry) === 0)
        yield { partition: this.table.time(entry), position: this.table.position(entry) };
    }
  }
}

/** The half of every clean event id that knows the facets too: 8 bytes a record. */
export class EventIds {
  #ids = new BigUint64Array(1024);
  #count = 0;

  add(identity: ArrayLike<number>): void {
    if (this.#count === this.#ids.length) {
      const grown = new BigUint64Array(this.#ids.length * 2);
      grown.set(this.#ids);
      this.#ids = grown;
    }
    this.#ids[this.#count++] = (BigInt(identity[4]!) << 32n) | BigInt(identity[5]!);
  }

  get count(): number {
    return this.#count;
  }

  /** The end of every event id that is there more than once. */
  *repeated(): Generator<string> {
    const sorted = this.#ids.subarray(0, this.#count).sort();
    for (let index = 1; index < sorted.length; index++) {
      if (sorted[index] === sorted[index - 1]) yield sorted[index]!.toString(16).padStart(16, "0");
    }
  }
}
