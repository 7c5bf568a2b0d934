/**
 * One name is one text. The same name comes from two keyboards in two forms: accents as letters of their own (NFD), blanks that are no
 * plain ones, two of them or one at an end, characters that nobody sees, curly apostrophes, long dashes. A card would show two players
 * for one, so every name is brought into one form where it is read. Names that are in this form stay as they are, byte by byte.
 */

/** Most names: printable ASCII, with one plain blank between words. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/u;
/** What is written without being seen: soft hyphens, zero-width characters, marks of direction, selectors of a glyph. */
const UNSEEN = /[\p{Cf}\p{Variation_Selector}\u034F]/gu;
const BLANKS = /[\s\u0085]+/gu;
const APOSTROPHES = /[\u02BB\u02BC\u2018\u2019\uFF07]/gu;
const DASHES = /[\u2010-\u2013\u2212\uFF0D]/gu;

/** A text in Unicode NFC, with single plain blanks and without what nobody sees. */
export function cleanText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replaceAll(UNSEEN, "").replaceAll(BLANKS, " ").trim().normalize("NFC");
}

/** The name of a person or a team: clean, and with one kind of apostrophe and dash. */
export function cleanName(name: string): string {
  if (PLAIN.test(name)) return name;
  return cleanText(name).replaceAll(APOSTROPHES, "'").replaceAll(DASHES, "-");
}
