const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;

/** What is kept of one number (an offset, a row id): 16 flags and 64 bits of identity, 10 bytes in all. */
interface Page {
  readonly flags: Uint16Array;
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

/** Flags and 64 bits by number. Paged, so that numbers may begin anywhere and have holes; absent numbers read as 0. */
export class PagedLedger {
  readonly #pages = new Map<number, Page>();

  flags(at: number): number {
    return this.#pages.get(Math.floor(at / PAGE))?.flags[at % PAGE] ?? 0;
  }

  setFlags(at: number, flags: number): void {
    this.#page(at).flags[at % PAGE] = flags;
  }

  setWords(at: number, high: number, low: number): void {
    const page = this.#page(at);
    page.high[at % PAGE] = high;
    page.low[at % PAGE] = low;
  }

  sameWords(at: number, high: number, low: number): boolean {
    const page = this.#pages.get(Math.floor(at / PAGE));
    return page !== undefined && page.high[at % PAGE] === high >>> 0 && page.low[at % PAGE] === low >>> 0;
  }

  /** Every number with a flag, in rising order. */
  *entries(): Generator<readonly [number: number, flags: number]> {
    for (const number of [...this.#pages.keys()].sort((a, b) => a - b)) {
      const { flags } = this.#pages.get(number)!;
      for (let index = 0; index < PAGE; index++) if (flags[index] !== 0) yield [number * PAGE + index, flags[index]!];
    }
  }

  #page(at: number): Page {
    const number = Math.floor(at / PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = { flags: new Uint16Array(PAGE), high: new Uint32Array(PAGE), low: new Uint32Array(PAGE) };
      this.#pages.set(number, page);
    }
    return page;
  }
}
