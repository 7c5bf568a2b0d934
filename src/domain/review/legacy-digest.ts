import { Digest } from "./digest.ts";
import type { EventTable } from "./event-table.ts";
import { textWords } from "./facets.ts";

/**
 * The digest of known events in its first version, which did not see the high halves and fractions of numbers, nor half of the
 * event id of a superseded statement. State that was committed with it is verified with it once; then the new one is written.
 */
export function legacyDigest(
  table: EventTable,
  entries: Iterable<number>,
  superseded: Iterable<readonly [statement: string, at: number]>,
): string {
  const digest = new Digest();
  for (const entry of entries) digest.add(...entryLanes(table, entry));
  for (const [statement, at] of superseded) digest.add(...statementLanes(statement, at));
  return digest.toString();
}

const ID_DIGITS = 32;
const words = new Uint32Array(6);

function entryLanes(table: EventTable, entry: number): [high: number, low: number] {
  table.identity(entry, words);
  const version = table.version(entry);
  let high = Math.imul(words[0]! ^ words[2]!, 0x9e3779b1) ^ Math.imul(words[4]!, 0x85ebca77);
  let low = Math.imul(words[1]! ^ words[3]!, 0x27d4eb2f) ^ Math.imul(words[5]!, 0x165667b1);
  high ^= Math.imul(table.position(entry) | 0, 0xc2b2ae3d);
  low ^= Math.imul(table.time(entry) | 0, 0x9e3779b1);
  if (!Number.isNaN(version)) low ^= Math.imul((version | 0) + 1, 0x85ebca77);
  for (const word of table.statement(entry)) {
    high = Math.imul(high ^ word, 0x9e3779b1);
    low = Math.imul(low ^ word, 0x85ebca77);
  }
  high = Math.imul(high ^ (high >>> 15), 0x2c1b3c6d);
  low = Math.imul(low ^ (low >>> 15), 0x297a2d39);
  return [high ^ (low >>> 13), low ^ (high >>> 16)];
}

function statementLanes(statement: string, at: number): [high: number, low: number] {
  const time = Math.imul(at | 0, 0x9e3779b1);
  let high = Number.parseInt(statement.slice(0, 8), 16) ^ time;
  let low = Number.parseInt(statement.slice(16, 24), 16) ^ (time >>> 7);
  for (const word of textWords(statement, ID_DIGITS)) {
    high = Math.imul(high ^ word, 0x85ebca77);
    low = Math.imul(low ^ word, 0xc2b2ae3d);
  }
  return [high, low];
}
