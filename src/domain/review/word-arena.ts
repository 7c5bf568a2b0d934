/**
 * Words of many entries in one growing array, each group with its length in front. Groups that were freed are
 * used again for groups of the same length: the entries of a table have few different lengths.
 */
export class WordArena {
  #words: Uint32Array = new Uint32Array(0);
  /** Word 0 is never given out: reference 0 is "no words". */
  #used = 1;
  readonly #free = new Map<number, number[]>();

  get bytes(): number {
    return this.#words.byteLength;
  }

  /** Keeps a copy; returns its reference, 0 for no words. */
  put(words: Uint32Array): number {
    if (words.length === 0) return 0;
    const at = this.#free.get(words.length)?.pop() ?? this.#grow(words.length + 1);
    this.#words[at] = words.length;
    this.#words.set(words, at + 1);
    return at;
  }

  /** A view, valid until the next `put`. */
  get(reference: number): Uint32Array {
    if (reference === 0) return NONE;
    return this.#words.subarray(reference + 1, reference + 1 + this.#words[reference]!);
  }

  /** How many words a reference stands for. */
  count(reference: number): number {
    return reference === 0 ? 0 : this.#words[reference]!;
  }

  release(reference: number): void {
    if (reference === 0) return;
    const length = this.#words[reference]!;
    const free = this.#free.get(length);
    if (free === undefined) this.#free.set(length, [reference]);
    else free.push(reference);
  }

  /** Forgets everything but keeps the memory. */
  clear(): void {
    this.#used = 1;
    this.#free.clear();
  }

  #grow(words: number): number {
    const at = this.#used;
    this.#used += words;
    if (this.#used > this.#words.length) {
      const grown = new Uint32Array(Math.max(256, this.#used, Math.ceil(this.#words.length * 1.5)));
      grown.set(this.#words);
      this.#words = grown;
    }
    return at;
  }
}

const NONE = new Uint32Array(0);
