/**
 * An order-independent digest: the sum, modulo 2^32 in two lanes, of the digests of what is in a set
 * (an incremental multiset hash after Clarke et al., 2003; it finds accidents, not adversaries).
 */
export class Digest {
  #high = 0;
  #low = 0;

  add(high: number, low: number): void {
    this.#high = (this.#high + high) >>> 0;
    this.#low = (this.#low + low) >>> 0;
  }

  remove(high: number, low: number): void {
    this.#high = (this.#high - high) >>> 0;
    this.#low = (this.#low - low) >>> 0;
  }

  copy(): Digest {
    const copy = new Digest();
    copy.add(this.#high, this.#low);
    return copy;
  }

  /** 16 hex digits. */
  toString(): string {
    return this.#high.toString(16).padStart(8, "0") + this.#low.toString(16).padStart(8, "0");
  }
}
