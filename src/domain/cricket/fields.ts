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

/** A Test innings ends with the match, at most five days of about a hundred overs. */
const OVERS_MAX = 500;
/** The longest over on record had 22 deliveries. */
const DELIVERIES_PER_OVER_MAX = 40;
/** Most runs anybody has run or been given off one delivery is 10; twice that is a slip of the keyboard. */
export const RUNS_MAX = 20;

/** Five runs at a time, and not often. */
export const PENALTY_RUNS_MAX = 100;

/** Checks the number of an over, from 0, and of a delivery in it, from 1. `oversMax`: what the caller knows of the match. */
export function placeInInnings(over: number, ball: number, what: string, oversMax: number = OVERS_MAX): void {
  if (over >= oversMax) throw new PoisonError(`${what}: over ${over} in an innings of at most ${oversMax} overs`);
  if (ball < 1) throw new PoisonError(`${what}: delivery ${ball}; the first of an over is 1`);
  if (ball > DELIVERIES_PER_OVER_MAX) throw new PoisonError(`${what}: delivery ${ball} of one over`);
}

/**
 * The label of a delivery, which has to be read as text: the part behind the dot counts the deliveries of the over, so
 * "4.10" is its tenth and "4.1" its first.
 */
export function ballLabel(text: string, what: string, oversMax: number = OVERS_MAX): { over: number; ball: number } {
  const match = /^(0|[1-9]\d*)\.([1-9]\d*)$/u.exec(text);
  if (match === null) {
    throw new PoisonError(`${what} is ${quoted(text)}; expected <over from 0>.<delivery from 1>, such as 0.1 or 24.10`);
  }
  const over = Number(match[1]);
  const ball = Number(match[2]);
  placeInInnings(over, ball, what, oversMax);
  return { over, ball };
}

/** A date as ISO 8601, from that form or with slashes, as the CSVs have it. */
export function isoDate(text: string): string {
  const match = /^(\d{4})[/-](0[1-9]|1[0-2])[/-](0[1-9]|[12]\d|3[01])$/u.exec(text);
  if (match === null) throw new PoisonError(`${quoted(text)} is not a date; expected year/month/day`);
  return `${match[1]}-${match[2]}-${match[3]}`;
}

/** The two sides of a match, as it names them. */
export function twoTeams(names: readonly string[]): readonly [string, string] {
  const [first, second, ...more] = names;
  if (first === undefined || second === undefined || more.length > 0 || first === second) {
    throw new PoisonError(`it names ${names.map(quoted).join(", ") || "no team"}; expected two different teams`);
  }
  return [first, second];
}
