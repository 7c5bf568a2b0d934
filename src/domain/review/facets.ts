/**
 * What is kept of a statement beside its event id, as 32-bit words: first the inputs that have made it, one bit each; then a
 * word for each facet. Facets are parts of a content that not every record of a key can carry: the hash of each, by position,
 * 0 where the record's format cannot tell. Chance that a change in one facet goes unnoticed: 2^-32.
 *
 * A topology with one input and without facets keeps no words at all.
 */
export const FACETS_MAX = 31;

/** Every input: what is said of a statement without words. */
export const SAID_BY_ALL = 0xffff_ffff;

/** Whether two statements with equal cores state the same, as far as both can tell. */
export function facetsAgree(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  const shared = Math.min(a.length, b.length);
  for (let at = 1; at < shared; at++) {
    if (a[at] !== b[at] && a[at] !== 0 && b[at] !== 0) return false;
  }
  return true;
}

/** Whether a statement knows a facet that is not known so far. */
export function tellsMore(known: ArrayLike<number>, said: ArrayLike<number>): boolean {
  for (let at = 1; at < said.length; at++) if (said[at] !== 0 && (known[at] ?? 0) === 0) return true;
  return false;
}

const WORD_DIGITS = 8;

/** Words as hexadecimal text, 8 digits each. */
export function wordsText(words: ArrayLike<number>): string {
  let text = "";
  for (let at = 0; at < words.length; at++) text += words[at]!.toString(16).padStart(WORD_DIGITS, "0");
  return text;
}

/** Words of such a text from digit `from` on. */
export function textWords(text: string, from = 0): number[] {
  const words: number[] = [];
  for (let at = from; at < text.length; at += WORD_DIGITS) {
    words.push(Number.parseInt(text.slice(at, at + WORD_DIGITS), 16));
  }
  return words;
}
