import { PoisonError } from "../errors.ts";

/** No text that Cricsheet writes comes near this: its longest is a venue of 77 characters. */
const FIELD_CHARS_MAX = 1_000;
/** How much of a bad value a reason quotes; it must stay readable when the value is a megabyte. */
const QUOTED_CHARS_MAX = 40;

/** A value as a reason shows it: quoted, control characters escaped, cut when long. */
export function quoted(value: string): string {
  return value.length <= QUOTED_CHARS_MAX
    ? JSON.stringify(value)
    : `${JSON.stringify(value.slice(0, QUOTED_CHARS_MAX))}… (${value.length} characters)`;
}

/** Why a text cannot be a field of any Cricsheet file, or undefined when it can. */
export function textProblem(value: string): string | undefined {
  if (value.length > FIELD_CHARS_MAX) {
    return `is ${value.length} characters long; no field needs more than ${FIELD_CHARS_MAX}`;
  }
  // What a decoder leaves where bytes were not UTF-8: the name cannot be known any more.
  if (value.includes("\uFFFD")) return `${quoted(value)} holds bytes that were not UTF-8`;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001F\u007F]/u.test(value)) return `${quoted(value)} holds a control character`;
  return undefined;
}

/**
 * A whole number from 0 to `max`, in plain decimal digits; `what` names the field in the reason.
 * @throws PoisonError that says what is wrong with the text.
 */
export function wholeNumber(text: string, what: string, max: number): number {
  if (/^-\d+$/u.test(text)) throw new PoisonError(`${what} is negative: ${quoted(text)}`);
  if (!/^(?:0|[1-9]\d*)$/u.test(text)) {
    throw new PoisonError(`${what} is not a whole number: ${quoted(text)}`);
  }
  const value = Number(text);
  if (value > max) throw new PoisonError(`${what} is ${quoted(text)}; more than ${max} is not cricket`);
  return value;
}

/** Cricsheet's match ids are digits ("1144530") or a county's word and digits ("wi_211973"). */
export function matchIdOf(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/u.test(text)) {
    throw new PoisonError(`${quoted(text)} is not a match id; expected letters, digits, "_" and "-", at most 64`);
  }
  return text;
}

/** Innings of one match: four of a Test, or two and up to five pairs of super overs. */
const INNINGS_MAX = 12;

/** An innings number from 1. */
export function inningsNumber(text: string, what: string): number {
  if (!/^[1-9]\d?$/u.test(text) || Number(text) > INNINGS_MAX) {
    throw new PoisonError(`${what}: unknown innings ${quoted(text)}; expected 1 to ${INNINGS_MAX}`);
  }
  return Number(text);
}
