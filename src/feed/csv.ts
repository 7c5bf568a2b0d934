/** Lines of a csv2 file as columns of `odi.deliveries`, or the reason why not. Every line ends as one or the other. */
import { createHash } from "node:crypto";
import type { Line } from "./lines.ts";
import { KEPT_BYTES } from "./lines.ts";
import type { Csv2Column } from "../pipelines/cricket/sources/odi.ts";
import { CSV2_COLUMNS } from "../pipelines/cricket/sources/odi.ts";

export interface UnreadableLine {
  readonly file: string;
  readonly line: number;
  /** The line itself, cut when it is long. */
  readonly raw: Buffer;
  readonly problem: string;
}

/** In the order of `CSV2_COLUMNS`; null for a column that the file does not have, "" for one that is empty. */
export type DeliveryColumns = readonly (string | null)[];

export interface DeliveryRow {
  readonly columns: DeliveryColumns;
  /** From 1. */
  readonly line: number;
}

export type CsvRow = DeliveryRow | { readonly unreadable: UnreadableLine };

/** What a ball cannot be without, in any version. */
const REQUIRED: readonly Csv2Column[] = [
  "match_id",
  "innings",
  "ball",
  "batting_team",
  "striker",
  "non_striker",
  "bowler",
  "runs_off_bat",
  "extras",
];

/** Longer unreadable lines are cut: they are for a person to look at, and travel as one record. */
const WHOLE_RAW_BYTES = 1024 * 1024;

/**
 * Reads the lines of one file. The header decides which columns there are and in which order: csv2 2.1 and 2.2 have 22, 2.3.0 has 27,
 * any other order or choice of the same columns will do. A column that nobody knows or named is passed over: a later version may add
 * some. Blank lines are skipped.
 */
export async function* readRows(file: string, lines: AsyncIterable<Line>): AsyncGenerator<CsvRow> {
  let header: Header | undefined;
  for await (const line of lines) {
    if (line.bytes.length === 0) continue;
    if (header === undefined) {
      header = readHeader(line);
      // A line that is no header is reported itself, as no data row would say what it was.
      if ("problem" in header) yield { unreadable: unreadable(file, line, header.problem) };
      continue;
    }
    const row = "problem" in header ? header : readRow(line, header);
    yield "problem" in row ? { unreadable: unreadable(file, line, row.problem) } : { ...row, line: line.number };
  }
  if (header === undefined) yield { unreadable: { file, line: 0, raw: Buffer.alloc(0), problem: "the file is empty" } };
}

interface Layout {
  /** `target[i]` is the place of the file's column i in `CSV2_COLUMNS`, -1 for one that is passed over. */
  readonly target: readonly number[];
  /** Columns up to the last that has a name: a row may leave out what stands behind the header's last commas. */
  readonly named: number;
}

type Header = Layout | { readonly problem: string };

function readHeader(line: Line): Header {
  const decoded = decode(line);
  if ("problem" in decoded) return { problem: `unreadable header: ${decoded.problem}` };
  const fields = splitFields(decoded.text.replace(/^\uFEFF/u, ""));
  if ("problem" in fields) return { problem: `unreadable header: ${fields.problem}` };
  const names = fields.fields.map((name) => name.trim().toLowerCase());
  const target = names.map((name) => CSV2_COLUMNS.indexOf(name as Csv2Column));
  const twice = names.filter((name, index) => target[index] !== -1 && names.indexOf(name) !== index);
  if (twice.length > 0) return { problem: `unknown header: ${quoted(twice)} more than once` };
  const missing = REQUIRED.filter((name) => !names.includes(name));
  if (missing.length > 0) return { problem: `unknown header: without ${quoted(missing)}` };
  return { target, named: names.findLastIndex((name) => name !== "") + 1 };
}

function readRow(
  line: Line,
  { target, named }: Layout,
): { readonly columns: DeliveryColumns } | { readonly problem: string } {
  const decoded = decode(line);
  if ("problem" in decoded) return decoded;
  const split = splitFields(decoded.text);
  if ("problem" in split) return split;
  const given = split.fields.length;
  if (given !== target.length && given !== named) {
    const counted = `${given} columns instead of ${named}`;
    return {
      problem: line.unterminated && given < named ? `the file ends within this line: ${counted}` : counted,
    };
  }
  const columns: (string | null)[] = Array.from({ length: CSV2_COLUMNS.length }, () => null);
  for (const [index, field] of split.fields.entries()) {
    const at = target[index] ?? -1;
    if (at >= 0) columns[at] = field;
  }
  return { columns };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of a line, as long as Postgres can keep it as TEXT. */
export function decode(
  line: Pick<Line, "bytes" | "oversize">,
): { readonly text: string } | { readonly problem: string } {
  if (line.oversize !== null)
    return { problem: `${line.oversize.bytes} bytes in one line; sha256 ${line.oversize.sha256}` };
  const nul = line.bytes.indexOf(0);
  if (nul >= 0) return { problem: `NUL byte at byte ${nul + 1}` };
  try {
    return { text: utf8.decode(line.bytes) };
  } catch {
    // The decoder says no more than that.
    return { problem: "invalid UTF-8" };
  }
}

/** RFC 4180, one line. */
export function splitFields(text: string): { readonly fields: readonly string[] } | { readonly problem: string } {
  if (!text.includes('"')) return { fields: text.split(",") };
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      const closing = closingQuote(text, at);
      if (closing < 0) return { problem: `broken quoting: the quote at character ${at + 1} is never closed` };
      fields.push(text.slice(at + 1, closing).replaceAll('""', '"'));
      at = closing + 1;
      if (at < text.length && text[at] !== ",")
        return { problem: `broken quoting: text after the closing quote at character ${at}` };
    } else {
      const comma = text.indexOf(",", at);
      const field = text.slice(at, comma < 0 ? text.length : comma);
      const quote = field.indexOf('"');
      if (quote >= 0)
        return { problem: `broken quoting: a quote within an unquoted field at character ${at + quote + 1}` };
      fields.push(field);
      at += field.length;
    }
    if (at >= text.length) return { fields };
    at += 1; // the comma; what follows it is a field, be it empty
    if (at === text.length) {
      fields.push("");
      return { fields };
    }
  }
}

function closingQuote(text: string, opening: number): number {
  let at = text.indexOf('"', opening + 1);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

/** What goes into `odi.unreadable_rows` for a line. */
export function unreadable(file: string, line: Line, problem: string): UnreadableLine {
  if (line.oversize !== null || line.bytes.length <= WHOLE_RAW_BYTES)
    return { file, line: line.number, raw: line.bytes, problem };
  const digest = createHash("sha256").update(line.bytes).digest("hex");
  return {
    file,
    line: line.number,
    raw: line.bytes.subarray(0, KEPT_BYTES),
    problem: `${problem} (${line.bytes.length} bytes, cut; sha256 ${digest})`,
  };
}

function quoted(names: readonly string[]): string {
  return (
    names
      .slice(0, 5)
      .map((name) => JSON.stringify(name.slice(0, 60)))
      .join(", ") + (names.length > 5 ? `, and ${names.length - 5} more` : "")
  );
}
