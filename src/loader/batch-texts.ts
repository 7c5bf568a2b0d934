import type { SharedTexts } from "./shared-texts.ts";

const FIRST_TEXTS = 256;

/** The texts of one batch, by number from 1: each is written to DuckDB once, however many rows have it. 0 stands for none. */
export class BatchTexts {
  readonly #ids = new Map<string, number>();
  #ofShared = new Int32Array(0);
  readonly all: string[] = [];

  idOf(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    this.all.push(text);
    this.#ids.set(text, this.all.length);
    return this.all.length;
  }

  /** For a text that no other row has, as a rule: it is not looked for. */
  add(text: string): number {
    return this.all.push(text);
  }

  /** As `idOf`, for a text that has a number elsewhere: always of the same `SharedTexts`. */
  idOfShared(shared: number, texts: SharedTexts): number {
    const known = this.#ofShared[shared];
    if (known !== undefined && known !== 0) return known;
    return this.#addShared(shared, texts);
  }

  clear(): void {
    this.#ids.clear();
    this.#ofShared.fill(0);
    this.all.length = 0;
  }

  textOf(id: number): string | null {
    return this.all[id - 1] ?? null;
  }

  #addShared(shared: number, texts: SharedTexts): number {
    if (shared >= this.#ofShared.length) {
      const grown = new Int32Array(Math.max(FIRST_TEXTS, 2 * shared));
      grown.set(this.#ofShared);
      this.#ofShared = grown;
    }
    const id = this.idOf(texts.textOf(shared));
    this.#ofShared[shared] = id;
    return id;
  }
}
