import type { EventOverlay } from "./event-overlay.ts";
import type { EventTable } from "./event-table.ts";
import { ID_DIGITS, SUPERSEDED_BYTES, WIDE_WORDS } from "./segment.ts";
import type { Superseded } from "./superseded.ts";

/** More goes into a further segment: no message comes near what a topic takes. */
export const SEGMENT_BYTES_MAX: number = 3 * 1024 * 1024;

/** What an entry takes in a segment, at most: times far apart or versions make it wide, and others may bring statement words. */
export function entryBytes(statementWords: number): number {
  return WIDE_WORDS * 4 + 4 + statementWords * 4;
}

/** What a superseded statement takes in a segment, at most. */
function supersededBytes([statement]: Superseded): number {
  return SUPERSEDED_BYTES + 4 + (statement.length - ID_DIGITS) / 2;
}

/** What entries and superseded statements take in a segment, at most. */
export function bytesOf(table: EventTable, entries: ArrayLike<number>, superseded: readonly Superseded[]): number {
  let bytes = 0;
  for (let index = 0; index < entries.length; index++) bytes += entryBytes(table.statementWords(entries[index]!));
  for (const one of superseded) bytes += supersededBytes(one);
  return bytes;
}

/** A part of an overlay that one segment holds. */
export interface Part {
  readonly entries: readonly number[];
  readonly superseded: readonly Superseded[];
  readonly bytes: number;
}

/** An overlay in parts that a segment of so many bytes can hold each: entries first, then superseded statements. */
export function partsOf({ table, superseded }: EventOverlay, bytesMax: number): Part[] {
  interface Growing {
    readonly entries: number[];
    readonly superseded: Superseded[];
    bytes: number;
  }
  const parts: Growing[] = [];
  const roomFor = (bytes: number): Growing => {
    const last = parts.at(-1);
    const part = last === undefined || last.bytes + bytes > bytesMax ? { entries: [], superseded: [], bytes: 0 } : last;
    if (part !== last) parts.push(part);
    part.bytes += bytes;
    return part;
  };
  for (let entry = 0; entry < table.end; entry++) roomFor(entryBytes(table.statementWords(entry))).entries.push(entry);
  for (const one of superseded.entries()) roomFor(supersededBytes(one)).superseded.push(one);
  return parts;
}
