import { type CsvError, parse } from "csv-parse/sync";
import { oneLine } from "../one-line.ts";
import { PoisonError } from "../errors.ts";
import { inningsNumber, quoted, textProblem, wholeNumber } from "./fields.ts";
import { cleanName, cleanText } from "./names.ts";

/** Lines of a match's own CSV record by what they begin with, in the order of the file. */
export interface CsvInfo {
  readonly version: string;
  /** `info` lines by key; each holds the values behind the key. */
  readonly lines: ReadonlyMap<string, readonly CsvLine[]>;
  /** `penalty_runs` lines, which only the original CSV has. */
  readonly penaltyRuns: readonly CsvLine[];
}

export interface CsvLine {
  readonly values: readonly string[];
  readonly line: number;
}

/** A whole info file is about 4 kB; with 100 players and officials it would be 20. */
const INFO_CHARS_MAX = 1_000_000;

/**
 * The lines of an info file. A line that is neither `version` nor `info` (nor `penalty_runs`, where the form has it)
 * is poison: it may well change the score, and a wrong score is worse than none.
 * @param checkVersion throws a PoisonError for a version that its reader does not know.
 */
export function readCsvInfo(
  info: string,
  checkVersion: (version: string) => void,
  { penalties }: { readonly penalties: boolean },
): CsvInfo {
  if (typeof info !== "string") throw new PoisonError("the file is not text");
  if (info.length > INFO_CHARS_MAX)
    throw new PoisonError(`the file has ${info.length} characters; ${INFO_CHARS_MAX} is the limit`);
  const [first, ...rest] = records(info);
  if (first === undefined) throw new PoisonError("the file is empty");
  const version = first[0] === "version" ? (first[1] ?? "") : undefined;
  if (version === undefined) throw new PoisonError(`it begins with ${quoted(first[0] ?? "")}, not with a version line`);
  checkVersion(version);
  const lines = new Map<string, CsvLine[]>();
  const penaltyRuns: CsvLine[] = [];
  for (const [index, fields] of rest.entries()) {
    const line = index + 2;
    const [tag, key, ...values] = fields;
    if (penalties && tag === "penalty_runs") {
      penaltyRuns.push({ values: fields.slice(1), line });
      continue;
    }
    if (tag !== "info") throw new PoisonError(`line ${line} begins with ${quoted(tag ?? "")}, not with "info"`);
    // A key without a value says nothing, wherever it stands but at the end: there the file is cut off.
    if (key === undefined || (values.length === 0 && index === rest.length - 1))
      throw new PoisonError(`line ${line} is cut off: ${quoted(fields.join(","))}`);
    const list = lines.get(key) ?? [];
    list.push({ values, line });
    lines.set(key, list);
  }
  return { version, lines, penaltyRuns };
}

function records(info: string): readonly (readonly string[])[] {
  let all: string[][];
  try {
    all = parse(info, { bom: true, relax_column_count: true, skip_empty_lines: true });
  } catch (error) {
    throw new PoisonError(`it is not CSV: ${oneLine((error as CsvError).message)}`, { cause: error });
  }
  for (const [index, fields] of all.entries()) {
    for (const field of fields) {
      const problem = textProblem(field);
      if (problem !== undefined) throw new PoisonError(`line ${index + 1}: a field ${problem}`);
    }
  }
  return all;
}

/** All non-empty values of a key with one value a line, clean. */
export function every(info: CsvInfo, key: string): readonly string[] {
  return (info.lines.get(key) ?? [])
    .map(({ values: [value] }) => cleanText(value ?? ""))
    .filter((value) => value !== "");
}

/** The same of people or teams. */
export function everyName(info: CsvInfo, key: string): readonly string[] {
  return every(info, key).map(cleanName);
}

/** The value of a key that may stand once; null when it is absent or empty ("info,city,"). */
export function one(info: CsvInfo, key: string): string | null {
  const values = every(info, key);
  const other = values.find((value) => value !== values[0]);
  if (other !== undefined)
    throw new PoisonError(`two values for "${key}": ${quoted(values[0] ?? "")} and ${quoted(other)}`);
  return values[0] ?? null;
}

export function count(info: CsvInfo, key: string, max: number): number | null {
  const text = one(info, key);
  return text === null ? null : wholeNumber(text, `"${key}"`, max);
}

/** Lines of the form `info,<key>,<innings>[,<value>]`, by innings. */
export function byInnings(info: CsvInfo, key: string): ReadonlyMap<number, string> {
  return new Map(
    (info.lines.get(key) ?? []).map(({ values: [innings, value], line }) => [
      inningsNumber(innings ?? "", `line ${line}, "${key}"`),
      value ?? "",
    ]),
  );
}
