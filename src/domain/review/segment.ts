import type { EventTable } from "./event-table.ts";
import { textWords, wordsText } from "./facets.ts";
import { eventIdText } from "./identity.ts";
import type { Superseded } from "./superseded.ts";

/**
 * Wire form of a dedupe segment: the events one commit (or a merge of several) made known in one partition.
 * Little-endian. Header, 40 bytes: u8 format (1) · u8 flags (1 = wide, 2 = statement words) · u16 0 · u32 entries · u32 superseded ·
 * u32 statement words · f64 newest event time · f64 base position · f64 base time. Then the entries: six u32 of identity
 * (key, event id) and, narrow, u32 position − base, u32 time − base (32 bytes), or, wide, f64 position, f64 time,
 * f64 version (48 bytes). Then 24 bytes for each superseded content: its event id, and the f64 stream time at which it was.
 * With statement words (facets.ts), last: for each entry and then each superseded content u32 count and so many u32.
 */
const FORMAT = 1;
const WIDE = 1;
const STATEMENTS = 2;
const HEADER_BYTES = 40;
const NARROW_WORDS = 8;
export const WIDE_WORDS = 12;
export const SUPERSEDED_BYTES = 24;
export const ID_DIGITS = 32;
const U32_RANGE = 2 ** 32;

export interface SegmentSummary {
  readonly entries: number;
  readonly superseded: readonly Superseded[];
  readonly newestTime: number;
}

/**
 * Encodes the given entries of a table, with the contents they superseded. A merge passes the newest time of its
 * inputs, so that what it keeps does not expire before they would have.
 */
export function encodeSegment(
  table: EventTable,
  entries: ArrayLike<number>,
  superseded: readonly Superseded[],
  newestTime: number = -Infinity,
): Uint8Array {
  const range = rangeOf(table, entries);
  const stride = range.wide ? WIDE_WORDS : NARROW_WORDS;
  const statementWords = countStatementWords(table, entries, superseded);
  const bytes = new Uint8Array(
    HEADER_BYTES +
      entries.length * stride * 4 +
      superseded.length * SUPERSEDED_BYTES +
      statementWords * 4 +
      (statementWords % 2) * 4,
  );
  const words = new Uint32Array(bytes.buffer);
  const numbers = new Float64Array(bytes.buffer);
  bytes[0] = FORMAT;
  bytes[1] = (range.wide ? WIDE : 0) | (statementWords > 0 ? STATEMENTS : 0);
  words[1] = entries.length;
  words[2] = superseded.length;
  words[3] = statementWords;
  numbers[2] = Math.max(range.newestTime, newestTime);
  numbers[3] = range.basePosition;
  numbers[4] = range.baseTime;
  const identity = new Uint32Array(6);
  let at = HEADER_BYTES / 4;
  for (let index = 0; index < entries.length; index++, at += stride) {
    const entry = entries[index]!;
    table.identity(entry, identity);
    words.set(identity, at);
    if (range.wide) {
      numbers[(at + 6) / 2] = table.position(entry);
      numbers[(at + 8) / 2] = table.time(entry);
      numbers[(at + 10) / 2] = table.version(entry);
    } else {
      words[at + 6] = table.position(entry) - range.basePosition;
      words[at + 7] = table.time(entry) - range.baseTime;
    }
  }
  for (const [content, time] of superseded) {
    words.set(textWords(content.slice(0, ID_DIGITS)), at);
    numbers[(at + 4) / 2] = time;
    at += SUPERSEDED_BYTES / 4;
  }
  if (statementWords === 0) return bytes;
  const put = (statement: ArrayLike<number>): void => {
    words[at] = statement.length;
    words.set(statement, at + 1);
    at += 1 + statement.length;
  };
  for (let index = 0; index < entries.length; index++) put(table.statement(entries[index]!));
  for (const [content] of superseded) put(textWords(content, ID_DIGITS));
  return bytes;
}

/** Words of the section of statement words; 0 when nothing has any. */
function countStatementWords(table: EventTable, entries: ArrayLike<number>, superseded: readonly Superseded[]): number {
  let words = 0;
  for (let index = 0; index < entries.length; index++) words += table.statement(entries[index]!).length;
  for (const [content] of superseded) words += (content.length - ID_DIGITS) / 8;
  return words === 0 ? 0 : words + entries.length + superseded.length;
}

/** Called for each entry of a segment; `identity` and `statement` are valid during the call only. */
export type SegmentVisitor = (
  identity: Uint32Array,
  position: number,
  time: number,
  version: number,
  statement: Uint32Array,
) => void;

/** Reads a segment. Throws a RangeError on bytes that are no segment of this format. */
export function decodeSegment(value: Uint8Array, visit: SegmentVisitor): SegmentSummary {
  // A copy of our own: the caller's bytes may stand at any alignment (a Node Buffer's `slice` is only a view).
  const bytes = new Uint8Array(value);
  if (bytes.length < HEADER_BYTES || bytes[0] !== FORMAT) throw new RangeError("not a dedupe segment of format 1");
  const words = new Uint32Array(bytes.buffer, 0, bytes.length >>> 2);
  const wide = (bytes[1]! & WIDE) !== 0;
  const stride = wide ? WIDE_WORDS : NARROW_WORDS;
  const entries = words[1]!;
  const supersededCount = words[2]!;
  const statementWords = words[3]!;
  const statementsAt = HEADER_BYTES / 4 + entries * stride + (supersededCount * SUPERSEDED_BYTES) / 4;
  if (bytes.length !== (statementsAt + statementWords + (statementWords % 2)) * 4) {
    throw new RangeError(`a dedupe segment of ${entries} entries has ${bytes.length} bytes`);
  }
  const numbers = new Float64Array(bytes.buffer, 0, bytes.length >>> 3);
  const nextStatement = statementReader(words.subarray(statementsAt, statementsAt + statementWords));
  const basePosition = numbers[3]!;
  const baseTime = numbers[4]!;
  const identity = new Uint32Array(6);
  let at = HEADER_BYTES / 4;
  for (let index = 0; index < entries; index++, at += stride) {
    for (let word = 0; word < 6; word++) identity[word] = words[at + word]!;
    const statement = nextStatement();
    if (wide) visit(identity, numbers[(at + 6) / 2]!, numbers[(at + 8) / 2]!, numbers[(at + 10) / 2]!, statement);
    else visit(identity, basePosition + words[at + 6]!, baseTime + words[at + 7]!, Number.NaN, statement);
  }
  const superseded: Superseded[] = [];
  for (let index = 0; index < supersededCount; index++, at += SUPERSEDED_BYTES / 4) {
    superseded.push([eventIdText(words, at) + wordsText(nextStatement()), numbers[(at + 4) / 2]!]);
  }
  return { entries, superseded, newestTime: numbers[2]! };
}

/** Gives the groups of the last section one by one; empty ones when there is no such section. */
function statementReader(section: Uint32Array): () => Uint32Array {
  if (section.length === 0) return () => section;
  let at = 0;
  return () => {
    const count = section[at]!;
    if (at + 1 + count > section.length) throw new RangeError("the statement words of a dedupe segment end too early");
    at += 1 + count;
    return section.subarray(at - count, at);
  };
}

interface Range {
  readonly wide: boolean;
  readonly basePosition: number;
  readonly baseTime: number;
  readonly newestTime: number;
}

function rangeOf(table: EventTable, entries: ArrayLike<number>): Range {
  let [minPosition, maxPosition, minTime, maxTime] = [Infinity, -Infinity, Infinity, -Infinity];
  let exact = true;
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]!;
    const position = table.position(entry);
    const time = table.time(entry);
    minPosition = Math.min(minPosition, position);
    maxPosition = Math.max(maxPosition, position);
    minTime = Math.min(minTime, time);
    maxTime = Math.max(maxTime, time);
    exact &&= Number.isInteger(time) && Number.isNaN(table.version(entry));
  }
  if (entries.length === 0) return { wide: false, basePosition: 0, baseTime: 0, newestTime: -Infinity };
  const wide = !exact || maxPosition - minPosition >= U32_RANGE || maxTime - minTime >= U32_RANGE;
  return { wide, basePosition: minPosition, baseTime: minTime, newestTime: maxTime };
}
