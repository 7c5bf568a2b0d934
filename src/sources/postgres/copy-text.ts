/**
 * Reads COPY's text format (PostgreSQL documentation, COPY, "Text Format"): one row a line, columns separated by tabs, `\N` for
 * null, and a backslash before whatever would be mistaken. A raw newline byte is therefore always the end of a row, and the
 * stream can be split without knowing anything else.
 */
const NEWLINE = 0x0a;
const TAB = 0x09;
const BACKSLASH = 0x5c;

const ESCAPES: Readonly<Record<string, number>> = { b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** Splits chunks into rows and rows into columns. Memory: the largest row. */
export class CopyTextReader {
  #rest: Buffer[] = [];

  /** The rows that end within this chunk. */
  *push(chunk: Buffer): Generator<(Buffer | null)[]> {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#rest.push(chunk.subarray(from, end));
      const line = this.#rest.length === 1 ? (this.#rest[0] as Buffer) : Buffer.concat(this.#rest);
      this.#rest = [];
      from = end + 1;
      yield splitRow(line);
    }
    if (from < chunk.length) this.#rest.push(chunk.subarray(from));
  }

  /** True when the stream ended where a row ended. */
  get complete(): boolean {
    return this.#rest.length === 0;
  }
}

function splitRow(line: Buffer): (Buffer | null)[] {
  const columns: (Buffer | null)[] = [];
  let from = 0;
  for (let end = line.indexOf(TAB); end >= 0; end = line.indexOf(TAB, from)) {
    columns.push(unescape(line.subarray(from, end)));
    from = end + 1;
  }
  columns.push(unescape(line.subarray(from)));
  return columns;
}

function unescape(field: Buffer): Buffer | null {
  const first = field.indexOf(BACKSLASH);
  if (first < 0) return field;
  if (field.length === 2 && field[1] === 0x4e) return null; // \N
  const out = Buffer.allocUnsafe(field.length);
  let length = field.copy(out, 0, 0, first);
  for (let at = first; at < field.length; at += 1) {
    let byte = field[at] as number;
    if (byte === BACKSLASH && at + 1 < field.length) {
      at += 1;
      byte = field[at] as number;
      byte = ESCAPES[String.fromCharCode(byte)] ?? byte;
    }
    out[length] = byte;
    length += 1;
  }
  return out.subarray(0, length);
}
