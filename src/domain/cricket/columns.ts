import { PoisonError } from "../errors.ts";
import { quoted, textProblem } from "./fields.ts";
import { cleanName } from "./names.ts";

/** A row of a CSV: column name → text. */
export type Columns = Readonly<Record<string, string>>;

/**
 * The text of a column, undefined where the row has none. Only columns that somebody reads are looked at: what a later version
 * adds changes nothing, whatever it holds. Rows come out of JSON: a column named "constructor" must not be found on the prototype.
 */
export function own(columns: Columns, name: string): string | undefined {
  if (!Object.hasOwn(columns, name)) return undefined;
  const value: unknown = columns[name];
  if (typeof value !== "string") throw new PoisonError(`column ${quoted(name)} is not text`);
  const problem = textProblem(value);
  if (problem !== undefined) throw new PoisonError(`column ${quoted(name)} ${problem}`);
  return value;
}

/** The text of a column; an absent column and an empty one are the same. */
export function optional(columns: Columns, name: string): string {
  return own(columns, name) ?? "";
}

export function required(columns: Columns, name: string): string {
  const text = own(columns, name);
  if (text === undefined) throw new PoisonError(`column "${name}" is missing`);
  if (text.trim() === "") throw new PoisonError(`column "${name}" is empty`);
  return text;
}

/** A name that has to be there, in its one form. */
export function requiredName(columns: Columns, name: string): string {
  const clean = cleanName(required(columns, name));
  if (clean === "") throw new PoisonError(`column "${name}" is empty`);
  return clean;
}

/** A name in its one form, "" where there is none. */
export function optionalName(columns: Columns, name: string): string {
  return cleanName(optional(columns, name));
}

/** Reads a row; a reason to refuse it begins with where it stands: "match 1144530, innings 2, ball 49.4: ". */
export function readRow<T>(columns: Columns, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    throw new PoisonError(where(columns) + error.message, { cause: error });
  }
}

const PLACE: readonly (readonly [word: string, column: string])[] = [
  ["match", "match_id"],
  ["innings", "innings"],
  ["ball", "ball"],
];

/** As far as the row tells. */
function where(columns: Columns): string {
  const parts = PLACE.flatMap(([word, name]) => {
    // Not through `own`: nothing may throw where a reason is put together.
    const text: unknown = Object.hasOwn(columns, name) ? columns[name] : undefined;
    return typeof text === "string" && /^[\w.-]{1,64}$/u.test(text) ? [`${word} ${text}`] : [];
  });
  return parts.length > 0 ? `${parts.join(", ")}: ` : "";
}
