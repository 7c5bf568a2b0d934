import { WordArena } from "./word-arena.ts";
import { facetsAgree } from "./facets.ts";

/**
 * The known events of one partition: natural-key hash → latest event id, statement words, where it was seen, time and version.
 *
 * An open-addressing index of 32-bit slots over dense, paged entries (a JS Map ends at 16.7 million entries and
 * costs 100 bytes an entry). Linear probing, backward-shift deletion (Knuth, TAOCP 3, 6.4, algorithm R), load ≤ 0.7.
 * 44 bytes an entry (8 more with versions; 12 and 4 a facet more with statement words) and 6 to 12 for the index.
 */
const WORDS = 7;
const NONE = -1;

export class EventTable {
  readonly #pageBits: number;
  readonly #pageMask: number;
  /** Per entry: key high, key low, id 0–3, owner. */
  readonly #words: Uint32Array[] = [];
  /** Per entry: packed position, time. */
  readonly #numbers: Float64Array[] = [];
  readonly #versions: (Float64Array | undefined)[] = [];
  /** References into the arena; pages exist only where an entry has statement words. */
  readonly #statements: (Uint32Array | undefined)[] = [];
  readonly #arena: WordArena = new WordArena();
  readonly #free: number[] = [];
  #index: Uint32Array;
  #mask: number;
  #size = 0;
  #used = 0;

  /** `pageBits`: log2 of the entries a page holds; small for overlays, large for the base. */
  constructor(pageBits = 16, indexBits = 10) {
    this.#pageBits = pageBits;
    this.#pageMask = (1 << pageBits) - 1;
    this.#index = new Uint32Array(1 << indexBits);
    this.#mask = this.#index.length - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Entries 0 … `end`−1 have been used; freed ones among them are told by `isLive`. */
  get end(): number {
    return this.#used;
  }

  /** Bytes held by index and pages. */
  get bytes(): number {
    const pages = this.#words.length * (1 << this.#pageBits);
    const versions = this.#versions.filter((page) => page !== undefined).length * (1 << this.#pageBits);
    const references = this.#statements.filter((page) => page !== undefined).length * (1 << this.#pageBits);
    return this.#index.byteLength + pages * (WORDS * 4 + 16) + versions * 8 + references * 4 + this.#arena.bytes;
  }

  /** The entry of a key, or −1. */
  find(keyHigh: number, keyLow: number): number {
    const index = this.#index;
    const mask = this.#mask;
    for (let slot = keyLow & mask; ; slot = (slot + 1) & mask) {
      const entry = index[slot]! - 1;
      if (entry === NONE) return NONE;
      const page = this.#words[entry >>> this.#pageBits]!;
      const at = (entry & this.#pageMask) * WORDS;
      if (page[at + 1] === keyLow && page[at] === keyHigh) return entry;
    }
  }

  /** Adds a key that is not in the table, with its event id; position, time, version and owner follow by `set…`. */
  insert(identity: ArrayLike<number>): number {
    if ((this.#size + 1) * 10 > this.#index.length * 7) this.#rehash(this.#index.length * 2);
    const entry = this.#free.pop() ?? this.#used++;
    const pageNumber = entry >>> this.#pageBits;
    if (pageNumber === this.#words.length) {
      this.#words.push(new Uint32Array(WORDS << this.#pageBits));
      this.#numbers.push(new Float64Array(2 << this.#pageBits));
      this.#versions.push(undefined);
      this.#statements.push(undefined);
    }
    const page = this.#words[pageNumber]!;
    const at = (entry & this.#pageMask) * WORDS;
    for (let word = 0; word < 6; word++) page[at + word] = identity[word]!;
    this.#link(identity[1]!, entry);
    this.#size++;
    return entry;
  }

  setEventId(entry: number, identity: ArrayLike<number>): void {
    const page = this.#words[entry >>> this.#pageBits]!;
    const at = (entry & this.#pageMask) * WORDS;
    for (let word = 2; word < 6; word++) page[at + word] = identity[word]!;
  }

  sameEventId(entry: number, identity: ArrayLike<number>): boolean {
    const page = this.#words[entry >>> this.#pageBits]!;
    const at = (entry & this.#pageMask) * WORDS;
    return (
      page[at + 2] === identity[2] &&
      page[at + 3] === identity[3] &&
      page[at + 4] === identity[4] &&
      page[at + 5] === identity[5]
    );
  }

  /** Whether the entry states what a record with this identity and these statement words states, as far as both can tell. */
  agrees(entry: number, identity: ArrayLike<number>, words: ArrayLike<number>): boolean {
    if (this.sameEventId(entry, identity)) return true;
    if (words.length === 0) return false;
    const page = this.#words[entry >>> this.#pageBits]!;
    const at = (entry & this.#pageMask) * WORDS;
    const own = this.statement(entry);
    return own.length > 0 && page[at + 2] === identity[2] && page[at + 3] === identity[3] && facetsAgree(own, words);
  }

  /** Statement words of an entry (facets.ts); empty when it has none. A view, valid until the table changes. */
  statement(entry: number): Uint32Array {
    return this.#arena.get(this.#statements[entry >>> this.#pageBits]?.[entry & this.#pageMask] ?? 0);
  }

  /** How many statement words an entry has. */
  statementWords(entry: number): number {
    return this.#arena.count(this.#statements[entry >>> this.#pageBits]?.[entry & this.#pageMask] ?? 0);
  }

  setStatement(entry: number, words: Uint32Array): void {
    const pageNumber = entry >>> this.#pageBits;
    let page = this.#statements[pageNumber];
    if (page === undefined) {
      if (words.length === 0) return;
      page = new Uint32Array(1 << this.#pageBits);
      this.#statements[pageNumber] = page;
    }
    const at = entry & this.#pageMask;
    this.#arena.release(page[at]!);
    page[at] = this.#arena.put(words);
  }

  /** Copies key and event id (six words) into `out`. */
  identity(entry: number, out: Uint32Array): void {
    const page = this.#words[entry >>> this.#pageBits]!;
    const at = (entry & this.#pageMask) * WORDS;
    for (let word = 0; word < 6; word++) out[word] = page[at + word]!;
  }

  owner(entry: number): number {
    return this.#words[entry >>> this.#pageBits]![(entry & this.#pageMask) * WORDS + 6]!;
  }

  setOwner(entry: number, owner: number): void {
    this.#words[entry >>> this.#pageBits]![(entry & this.#pageMask) * WORDS + 6] = owner;
  }

  position(entry: number): number {
    return this.#numbers[entry >>> this.#pageBits]![(entry & this.#pageMask) * 2]!;
  }

  /** Newest event time at which anything was said of the key: it is remembered for the retention from then on. */
  time(entry: number): number {
    return this.#numbers[entry >>> this.#pageBits]![(entry & this.#pageMask) * 2 + 1]!;
  }

  /** NaN when the source gives none. */
  version(entry: number): number {
    return this.#versions[entry >>> this.#pageBits]?.[entry & this.#pageMask] ?? Number.NaN;
  }

  setSeen(entry: number, position: number, time: number, version: number): void {
    const pageNumber = entry >>> this.#pageBits;
    const numbers = this.#numbers[pageNumber]!;
    const at = (entry & this.#pageMask) * 2;
    numbers[at] = position;
    numbers[at + 1] = time;
    let versions = this.#versions[pageNumber];
    if (versions === undefined) {
      // Most sources give no version: pages of versions exist only where one was seen.
      if (Number.isNaN(version)) return;
      versions = new Float64Array(1 << this.#pageBits).fill(Number.NaN);
      this.#versions[pageNumber] = versions;
    }
    versions[entry & this.#pageMask] = version;
  }

  /** Removes an entry; its number may be used again. */
  remove(entry: number): void {
    const keyLow = this.#words[entry >>> this.#pageBits]![(entry & this.#pageMask) * WORDS + 1]!;
    const index = this.#index;
    const mask = this.#mask;
    let hole = keyLow & mask;
    while (index[hole] !== entry + 1) {
      if (index[hole] === 0) throw new RangeError(`entry ${entry} is not in the table`);
      hole = (hole + 1) & mask;
    }
    for (let slot = (hole + 1) & mask; index[slot] !== 0; slot = (slot + 1) & mask) {
      const moved = index[slot]! - 1;
      const home = this.#words[moved >>> this.#pageBits]![(moved & this.#pageMask) * WORDS + 1]! & mask;
      // An entry may fill the hole when its home slot does not lie behind the hole on the way to its slot.
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        index[hole] = moved + 1;
        hole = slot;
      }
    }
    index[hole] = 0;
    this.setStatement(entry, NO_WORDS);
    this.#free.push(entry);
    this.#size--;
  }

  /** Forgets everything but keeps the memory. */
  clear(): void {
    if (this.#size > 0) this.#index.fill(0);
    this.#free.length = 0;
    this.#size = 0;
    this.#used = 0;
    for (let page = 0; page < this.#versions.length; page++) this.#versions[page] = undefined;
    for (const page of this.#statements) page?.fill(0);
    this.#arena.clear();
  }

  #link(keyLow: number, entry: number): void {
    const index = this.#index;
    const mask = this.#mask;
    let slot = keyLow & mask;
    while (index[slot] !== 0) slot = (slot + 1) & mask;
    index[slot] = entry + 1;
  }

  #rehash(slots: number): void {
    const old = this.#index;
    this.#index = new Uint32Array(slots);
    this.#mask = slots - 1;
    for (const reference of old) {
      if (reference === 0) continue;
      const entry = reference - 1;
      this.#link(this.#words[entry >>> this.#pageBits]![(entry & this.#pageMask) * WORDS + 1]!, entry);
    }
  }
}

const NO_WORDS = new Uint32Array(0);
