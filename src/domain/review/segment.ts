import type { EventTable } from "./event-table.ts";
import type { Superseded } from "./superseded.ts";

/**
 * Wire form of a dedupe segment: the events one commit (or a merge of several) made known in one partition.
 * Little-endian. Header, 40 bytes: u8 format (1) · u8 flags (1 = wide) · u16 0 · u32 entries · u32 superseded ·
 * u32 0 · f64 newest event time · f64 base position · f64 base time. Then the entries: six u32 of identity
 * (key, event id) and, narrow, u32 position − base, u32 time − base (32 bytes), or, wide, f64 position, f64 time,
 * f64 version (48 bytes). Then 24 bytes for each superseded event id: the id, and the f64 stream time at which it was.
 */
const FORMAT = 1;
const WIDE = 1;
const HEADER_BYTES = 40;
const NARROW_WORDS = 8;
const WIDE_WORDS = 12;
const SUPERSEDED_BYTES = 24;
const U32_RANGE = 2 ** 32;

/** More entries go into a further segment: 3 MiB a message at most. */
export const SEGMENT_ENTRIES_MAX = 65_536;

export interface SegmentSummary {
  readonly entries: number;
  readonly superseded: readonly Superseded[];
  readonly newestTime: number;
}

/**
 * Encodes the given entries of a table, with the event ids they superseded. A merge passes the newest time of its
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
  const bytes = new Uint8Array(HEADER_BYTES + entries.length * stride * 4 + superseded.length * SUPERSEDED_BYTES);
  const words = new Uint32Array(bytes.buffer);
  const numbers = new Float64Array(bytes.buffer);
  bytes[0] = FORMAT;
  bytes[1] = range.wide ? WIDE : 0;
  words[1] = entries.length;
  words[2] = superseded.length;
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
  for (const [id, time] of superseded) {
    for (let word = 0; word < 4; word++) words[at++] = Number.parseInt(id.slice(word * 8, word * 8 + 8), 16);
    numbers[at / 2] = time;
    at += 2;
  }
  return bytes;
}

/** Called for each entry of a segment; `identity` is reused between calls. */
export type SegmentVisitor = (identity: Uint32Array, position: number, time: number, version: number) => void;

/** Reads a segment. Throws a RangeError on bytes that are no segment of this format. */
export function decodeSegment(value: Uint8Array, visit: SegmentVisitor): SegmentSummary {
  // A copy of our own: the caller's bytes may stand at any alignment (a Node Buffer's `slice` is only a view).
  const bytes = new Uint8Array(value);
  if (bytes.length < HEADER_BYTES || bytes[0] !== FORMAT) throw new RangeError("not a dedupe segment of format 1");
  const words = new Uint32Array(bytes.buffer, 0, bytes.length >>> 2);
  const wide = bytes[1] === WIDE;
  const stride = wide ? WIDE_WORDS : NARROW_WORDS;
  const entries = words[1]!;
  const supersededCount = words[2]!;
  if (bytes.length !== HEADER_BYTES + entries * stride * 4 + supersededCount * SUPERSEDED_BYTES) {
    throw new RangeError(`a dedupe segment of ${entries} entries has ${bytes.length} bytes`);
  }
  const numbers = new Float64Array(bytes.buffer, 0, bytes.length >>> 3);
  const basePosition = numbers[3]!;
  const baseTime = numbers[4]!;
  const identity = new Uint32Array(6);
  let at = HEADER_BYTES / 4;
  for (let index = 0; index < entries; index++, at += stride) {
    for (let word = 0; word < 6; word++) identity[word] = words[at + word]!;
    if (wide) visit(identity, numbers[(at + 6) / 2]!, numbers[(at + 8) / 2]!, numbers[(at + 10) / 2]!);
    else visit(identity, basePosition + words[at + 6]!, baseTime + words[at + 7]!, Number.NaN);
  }
  const superseded: Superseded[] = [];
  for (let index = 0; index < supersededCount; index++) {
    let id = "";
    for (let word = 0; word < 4; word++) id += words[at++]!.toString(16).padStart(8, "0");
    superseded.push([id, numbers[at / 2]!]);
    at += 2;
  }
  return { entries, superseded, newestTime: numbers[2]! };
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
