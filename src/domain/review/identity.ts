import xxhash from "xxhash-wasm";
import { FACETS_MAX, wordsText } from "./facets.ts";

/**
 * Event identity. The natural key is hashed to 64 bits, the event id to 128: two XXH64 with different seeds
 * over `u32 key length · key · content`, all UTF-8 (Yann Collet, xxHash specification 0.1.1). Same fact, same id,
 * whatever the source, process or day. Chance that any two of n keys of a partition collide: n² / 2^65.
 *
 * Where a content has facets (parts that not every format carries), their hashes go into the second half of the event id
 * only: the first half then tells whether two records of a key agree in what every format carries.
 */
const KEY_SEED = 0x7468697264n;
const ID_SEED_HIGH = 0x756d70697265n;
const ID_SEED_LOW = 0x7265766965772en;

/** Compiled once a process: instances share nothing that a call leaves behind. */
let compiled: ReturnType<typeof xxhash> | undefined;

/**
 * The content of every deletion: of one key all deletions state the same, whoever says it. Its bytes are no UTF-8, so no text
 * is it.
 */
export const TOMBSTONE: Uint8Array = Uint8Array.of(
  0xff,
  0xfe,
  0x74,
  0x6f,
  0x6d,
  0x62,
  0x73,
  0x74,
  0x6f,
  0x6e,
  0x65,
  0xff,
);

/** Six 32-bit words: key high, key low, then the event id from its highest word. */
export const IDENTITY_WORDS = 6;

export class IdentityHasher {
  readonly #h64: (input: Uint8Array, seed?: bigint) => bigint;
  readonly #encoder: InstanceType<typeof TextEncoder> = new TextEncoder();
  readonly #result64: BigUint64Array = new BigUint64Array(1);
  readonly #result32: Uint32Array = new Uint32Array(this.#result64.buffer);
  readonly #facetScratch: Uint32Array = new Uint32Array(FACETS_MAX);
  readonly #facetViews: readonly Uint32Array[] = Array.from({ length: FACETS_MAX + 1 }, (_, facets) =>
    this.#facetScratch.subarray(0, facets),
  );
  #scratch: Uint8Array = new Uint8Array(1024);
  #view: DataView = new DataView(this.#scratch.buffer);

  private constructor(h64: (input: Uint8Array, seed?: bigint) => bigint) {
    this.#h64 = h64;
  }

  /** Compiles the WebAssembly module at the first call. */
  static async create(): Promise<IdentityHasher> {
    compiled ??= xxhash();
    const { h64Raw } = await compiled;
    return new IdentityHasher(h64Raw);
  }

  /**
   * Writes the identity of (key, content, facets) into the first six words of `out`. Strings count as their UTF-8 bytes.
   * Returns a word for each facet, 0 where it is null: a view that the next call overwrites.
   */
  identify(
    key: string | Uint8Array,
    content: string | Uint8Array,
    out: Uint32Array,
    facets: readonly (string | null)[] = NO_FACETS,
  ): Uint32Array {
    const words = this.#facetWords(facets);
    const keyRoom = typeof key === "string" ? key.length * 3 : key.length;
    const contentRoom = typeof content === "string" ? content.length * 3 : content.length;
    this.#reserve(4 + keyRoom + contentRoom + facets.length * 4);
    const keyEnd = this.#put(key, 4);
    this.#view.setUint32(0, keyEnd - 4, true);
    const end = this.#put(content, keyEnd);
    this.#split(this.#h64(this.#scratch.subarray(4, keyEnd), KEY_SEED), out, 0);
    const whole = this.#scratch.subarray(0, end);
    this.#split(this.#h64(whole, ID_SEED_HIGH), out, 2);
    for (let facet = 0; facet < words.length; facet++) this.#view.setUint32(end + facet * 4, words[facet]!, true);
    const withFacets = this.#scratch.subarray(0, end + words.length * 4);
    this.#split(this.#h64(withFacets, ID_SEED_LOW), out, 4);
    return words;
  }

  #facetWords(facets: readonly (string | null)[]): Uint32Array {
    if (facets.length === 0) return NO_WORDS;
    if (facets.length > FACETS_MAX) throw new RangeError(`${facets.length} facets, more than ${FACETS_MAX}`);
    for (let facet = 0; facet < facets.length; facet++) {
      const text = facets[facet]!;
      this.#facetScratch[facet] = text === null ? 0 : this.#word(text);
    }
    return this.#facetViews[facets.length]!;
  }

  /** 32 bits that are never 0. */
  #word(text: string): number {
    this.#reserve(text.length * 3);
    const end = this.#put(text, 0);
    const word = Number(this.#h64(this.#scratch.subarray(0, end), KEY_SEED) & 0xffff_ffffn);
    return word === 0 ? 1 : word;
  }

  /** 64 bits of any bytes, as two words (high, low): state digests. */
  digest(bytes: Uint8Array, out: Uint32Array): void {
    this.#split(this.#h64(bytes, KEY_SEED), out, 0);
  }

  #put(part: string | Uint8Array, at: number): number {
    if (typeof part === "string") return at + this.#encoder.encodeInto(part, this.#scratch.subarray(at)).written;
    this.#scratch.set(part, at);
    return at + part.length;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#scratch.length) return;
    this.#scratch = new Uint8Array(2 ** Math.ceil(Math.log2(bytes)));
    this.#view = new DataView(this.#scratch.buffer);
  }

  #split(hash: bigint, out: Uint32Array, at: number): void {
    this.#result64[0] = hash;
    out[at] = this.#result32[1]!;
    out[at + 1] = this.#result32[0]!;
  }
}

/** The event id of an identity as 32 lower-case hex digits. */
export function eventIdText(words: ArrayLike<number>, from = 2): string {
  let text = "";
  for (let word = from; word < from + 4; word++) text += (words[word] ?? 0).toString(16).padStart(8, "0");
  return text;
}

/** An event id and its statement words as one text: what the review remembers of a statement that was superseded. */
export function statementText(words: ArrayLike<number>, statement: ArrayLike<number>): string {
  return eventIdText(words) + wordsText(statement);
}

const NO_FACETS: readonly (string | null)[] = [];
const NO_WORDS = new Uint32Array(0);
