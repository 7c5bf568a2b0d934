import type { Digest } from "./digest.ts";
import type { EventTable } from "./event-table.ts";
import { textWords } from "./facets.ts";

/**
 * What the digest of the known events holds of an entry and of a superseded statement: every bit of all that is persisted.
 * Two lanes take one 32-bit word after the other, multiplied and shifted as in MurmurHash3. Committed offsets carry the
 * digest: another way to mix needs another version of it (`DIGEST_VERSION` in task.ts), and this one kept for state on disk.
 */
const lanes = new Uint32Array(2);
const words = new Uint32Array(6);
const float = new Float64Array(1);
const floatWords = new Uint32Array(float.buffer);

export function addEntry(digest: Digest, table: EventTable, entry: number): void {
  mixEntry(table, entry);
  digest.add(lanes[0]!, lanes[1]!);
}

export function removeEntry(digest: Digest, table: EventTable, entry: number): void {
  mixEntry(table, entry);
  digest.remove(lanes[0]!, lanes[1]!);
}

/** Takes what the digest holds of a superseded statement from one time to another; undefined: it is not held. */
export function moveStatement(
  digest: Digest,
  statement: string,
  before: number | undefined,
  after: number | undefined,
): void {
  if (before === after) return;
  if (before !== undefined) {
    mixStatement(statement, before);
    digest.remove(lanes[0]!, lanes[1]!);
  }
  if (after !== undefined) {
    mixStatement(statement, after);
    digest.add(lanes[0]!, lanes[1]!);
  }
}

function mixEntry(table: EventTable, entry: number): void {
  begin(0x7468_6972, 0x756d_7069);
  table.identity(entry, words);
  for (let at = 0; at < 6; at++) mix(words[at]!);
  mixNumber(table.position(entry));
  mixNumber(table.time(entry));
  mixNumber(table.version(entry));
  const statement = table.statement(entry);
  for (let at = 0; at < statement.length; at++) mix(statement[at]!);
  end();
}

function mixStatement(statement: string, at: number): void {
  begin(0x7374_6174, 0x656d_656e);
  mixNumber(at);
  for (const word of textWords(statement)) mix(word);
  end();
}

function begin(high: number, low: number): void {
  lanes[0] = high;
  lanes[1] = low;
}

function mix(word: number): void {
  let high = Math.imul(lanes[0]! ^ word, 0x85eb_ca6b);
  let low = Math.imul(lanes[1]! ^ word, 0xc2b2_ae35);
  high ^= high >>> 13;
  low ^= low >>> 16;
  lanes[0] = Math.imul(high, 0xe654_6b64) + 0x9e37_79b1;
  lanes[1] = Math.imul(low, 0x27d4_eb2f) + 0x1656_67b1;
}

/** All 64 bits. 0 and −0 are one number: a segment does not keep the difference. NaN ("no version") is one NaN. */
function mixNumber(value: number): void {
  float[0] = Number.isNaN(value) ? Number.NaN : value + 0;
  mix(floatWords[0]!);
  mix(floatWords[1]!);
}

function end(): void {
  const high = lanes[0]!;
  const low = lanes[1]!;
  mix(low ^ (high >>> 15));
  mix(high ^ (low >>> 13));
}
