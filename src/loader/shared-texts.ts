const FIRST_SLOTS = 1024;
const FIRST_BYTES = 16 * 1024;
/** Slots in use, at most: beyond that, looking one up takes more and more steps. */
const LOAD_MAX = 0.5;
/** FNV-1a, 32 bits (Fowler, Noll, Vo). */
export const HASH_BASIS: number = 0x811c9dc5 | 0;
export const HASH_PRIME: number = 0x01000193;

/**
 * Names that many records have, by number from 1: of teams, players, matches, topics. Also found by their UTF-8 bytes, so that a
 * name that is known already needs no text to be made of it.
 */
export class SharedTexts {
  readonly #texts: string[] = [];
  readonly #ids = new Map<string, number>();
  /** Open addressing, linear: the number of an entry from 1, 0 for none. */
  #slots = new Int32Array(FIRST_SLOTS);
  /** Of each entry: hash, where its bytes begin and end, number of its text. */
  readonly #entries: number[] = [];
  #bytes = new Uint8Array(FIRST_BYTES);
  #bytesUsed = 0;

  get size(): number {
    return this.#texts.length;
  }

  idOf(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    this.#texts.push(text);
    this.#ids.set(text, this.#texts.length);
    return this.#texts.length;
  }

  /** Throws a RangeError for a number that none has. */
  textOf(id: number): string {
    const text = this.#texts[id - 1];
    if (text === undefined) throw new RangeError(`there is no text ${id}`);
    return text;
  }

  /** `hash` is FNV-1a of these bytes: whoever has read them to their end has it at hand. */
  idOfBytes(bytes: Buffer, from: number, to: number, hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let entry = this.#slots[slot]!; entry !== 0; entry = this.#slots[slot]!) {
      const at = (entry - 1) * ENTRY;
      if (this.#entries[at] === hash && this.#equals(at, bytes, from, to)) return this.#entries[at + ID]!;
      slot = (slot + 1) & mask;
    }
    const id = this.idOf(bytes.toString("utf8", from, to));
    this.#add(hash, bytes.subarray(from, to), id, slot);
    return id;
  }

  #equals(at: number, bytes: Buffer, from: number, to: number): boolean {
    const start = this.#entries[at + START]!;
    if (this.#entries[at + END]! - start !== to - from) return false;
    const known = this.#bytes;
    for (let n = from, m = start; n < to; n++, m++) if (bytes[n] !== known[m]) return false;
    return true;
  }

  #add(hash: number, bytes: Uint8Array, id: number, slot: number): void {
    const start = this.#bytesUsed;
    this.#bytesUsed += bytes.length;
    if (this.#bytesUsed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytesUsed, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, start);
    this.#entries.push(hash, start, this.#bytesUsed, id);
    const count = this.#entries.length / ENTRY;
    this.#slots[slot] = count;
    if (count > this.#slots.length * LOAD_MAX) this.#rehash();
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    for (let entry = 1; entry <= this.#entries.length / ENTRY; entry++) {
      let slot = this.#entries[(entry - 1) * ENTRY]! & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = entry;
    }
    this.#slots = slots;
  }
}

const ENTRY = 4;
const [START, END, ID] = [1, 2, 3];
