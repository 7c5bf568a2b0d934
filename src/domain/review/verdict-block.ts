import { type Verdict, type VerdictCounts, VERDICT_CODE, VERDICTS, zeroCounts } from "./verdict.ts";

/**
 * A verdict block says what became of a run of records of one input partition in one transaction: counts per
 * verdict, and one entry for each record that was not accepted. Blocks of an input partition form a chain: each says with
 * `continuesFrom` where the one before ended, so that a reader can tell a transaction marker from a block that is missing
 * (docs/decisions/0013). A block may be empty: only the position moved, over markers, aborted records, or records that were
 * deleted before they were judged (`lost`). Blocks of several inputs stand in the order in which their records were judged.
 *
 * Wire form, little-endian, version 2:
 *   u8 version · u8 block flags (bit 0: lost) · u16 topic length · topic utf8 · u32 partition · f64 fromOffset ·
 *   f64 toOffset · f64 stream time (ms, NaN when none) · 6 × u32 count by verdict code · f64 continuesFrom ·
 *   u32 completing duplicates · u16 reasons · each: u16 length, utf8 · u32 entries · each 36 bytes:
 *   u32 offset − fromOffset · u8 verdict · u8 input topic index of first seen (255 = none) · u16 reason index (65535 = none) ·
 *   f64 first-seen offset (NaN = none) · 16 bytes event id (zero for poison) · u32 flags (bit 0: completes).
 *
 * Version 1 is still read: it has neither continuesFrom nor completing duplicates, and both kinds of flags are 0.
 */
export interface VerdictEntry {
  readonly offset: number;
  readonly verdict: Verdict;
  /** 32 hex digits; null for poison. */
  readonly eventId: string | null;
  /** Where the latest accepted record of the same natural key stands; null when there is none. */
  readonly firstSeen: { readonly inputIndex: number; readonly offset: number } | null;
  readonly reason: string | null;
  /** A duplicate that knows more than what was known: it is in the clean stream, too (docs/decisions/0015). */
  readonly completes: boolean;
}

export interface VerdictBlock {
  readonly topic: string;
  readonly partition: number;
  /** Where the input's block before ended, or where reading began; null in version 1, which does not tell. */
  readonly continuesFrom: number | null;
  /** First input offset of the run; `toOffset` when the block is empty. */
  readonly fromOffset: number;
  /** Position after it: past the last record, and past the markers and aborted records behind it that had come. */
  readonly toOffset: number;
  /** Records between `continuesFrom` and `fromOffset` were deleted before they were judged, and the operator accepted it. */
  readonly lost: boolean;
  readonly streamTime: number | null;
  readonly counts: VerdictCounts;
  /** How many of the duplicates complete what was known; null in version 1, whose duplicates never did. */
  readonly completing: number | null;
  readonly entries: readonly VerdictEntry[];
}

const VERSION = 2;
const LOST = 1;
const COMPLETES = 1;
const ENTRY_BYTES = 36;
/** A block with so much in it is full: a few kilobytes more at most, whatever the settings and however long the reasons. */
const BLOCK_BYTES = 1024 * 1024;
const REASON_CHARS_MAX = 500;
const NONE_U8 = 0xff;
const NONE_U16 = 0xffff;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Collects a block while records are reviewed; entries go straight into their wire form. */
export class VerdictBlockBuilder {
  readonly topic: string;
  readonly partition: number;
  readonly continuesFrom: number;
  readonly fromOffset: number;
  readonly lost: boolean;
  readonly counts: VerdictCounts = zeroCounts();
  completing = 0;
  #entries = new Uint8Array(ENTRY_BYTES * 64);
  #view = new DataView(this.#entries.buffer);
  #length = 0;
  #reasons = new Map<string, number>();
  #reasonBytes = 0;
  #toOffset: number;

  constructor(topic: string, partition: number, continuesFrom: number, fromOffset: number, lost = false) {
    this.topic = topic;
    this.partition = partition;
    this.continuesFrom = continuesFrom;
    this.fromOffset = fromOffset;
    this.lost = lost;
    this.#toOffset = fromOffset;
  }

  /** What comes next needs a block of its own. */
  get isFull(): boolean {
    return this.#length * ENTRY_BYTES + this.#reasonBytes >= BLOCK_BYTES || this.#reasons.size >= NONE_U16;
  }

  get toOffset(): number {
    return this.#toOffset;
  }

  /** The position moves on over what is no record. */
  passTo(position: number): void {
    this.#toOffset = Math.max(this.#toOffset, position);
  }

  accept(offset: number): void {
    this.counts.accepted++;
    this.#toOffset = offset + 1;
  }

  /**
   * Adds a record that was not accepted. `id` is the event id as four 32-bit words (hi to lo), or null;
   * `firstSeenInput` −1 means none; `completes` is for duplicates only.
   */
  reject(
    offset: number,
    verdict: Exclude<Verdict, "accepted">,
    id: ArrayLike<number> | null,
    firstSeenInput: number,
    firstSeenOffset: number,
    reason: string | null,
    completes = false,
  ): void {
    this.counts[verdict]++;
    if (completes) this.completing++;
    this.#toOffset = offset + 1;
    const at = this.#length * ENTRY_BYTES;
    if (at + ENTRY_BYTES > this.#entries.length) this.#grow();
    const view = this.#view;
    view.setUint32(at, offset - this.fromOffset, true);
    view.setUint8(at + 4, VERDICT_CODE[verdict]);
    view.setUint8(at + 5, firstSeenInput < 0 ? NONE_U8 : firstSeenInput);
    view.setUint16(at + 6, reason === null ? NONE_U16 : this.#reasonIndex(reason), true);
    view.setFloat64(at + 8, firstSeenInput < 0 ? Number.NaN : firstSeenOffset, true);
    for (let word = 0; word < 4; word++) view.setUint32(at + 16 + word * 4, id === null ? 0 : (id[word] ?? 0), false);
    view.setUint32(at + 32, completes ? COMPLETES : 0, true);
    this.#length++;
  }

  encode(streamTime: number | null): Uint8Array {
    const topic = encoder.encode(this.topic);
    const reasons = [...this.#reasons.keys()].map((reason) => encoder.encode(reason));
    const bytes = new Uint8Array(
      4 + topic.length + 4 + 24 + 24 + 12 + 2 + this.#reasonBytes + 4 + this.#length * ENTRY_BYTES,
    );
    const view = new DataView(bytes.buffer);
    view.setUint8(0, VERSION);
    view.setUint8(1, this.lost ? LOST : 0);
    view.setUint16(2, topic.length, true);
    bytes.set(topic, 4);
    let at = 4 + topic.length;
    view.setUint32(at, this.partition, true);
    view.setFloat64(at + 4, this.fromOffset, true);
    view.setFloat64(at + 12, this.#toOffset, true);
    view.setFloat64(at + 20, streamTime ?? Number.NaN, true);
    at += 28;
    for (const verdict of VERDICTS) {
      view.setUint32(at, this.counts[verdict], true);
      at += 4;
    }
    view.setFloat64(at, this.continuesFrom, true);
    view.setUint32(at + 8, this.completing, true);
    at += 12;
    view.setUint16(at, reasons.length, true);
    at += 2;
    for (const reason of reasons) {
      view.setUint16(at, reason.length, true);
      bytes.set(reason, at + 2);
      at += 2 + reason.length;
    }
    view.setUint32(at, this.#length, true);
    bytes.set(this.#entries.subarray(0, this.#length * ENTRY_BYTES), at + 4);
    return bytes;
  }

  /** A reason quotes the input, so there may be as many as records; they are cut, and a full block is followed by another. */
  #reasonIndex(whole: string): number {
    const reason = whole.slice(0, REASON_CHARS_MAX);
    const known = this.#reasons.get(reason);
    if (known !== undefined) return known;
    const index = this.#reasons.size;
    if (index >= NONE_U16) throw new RangeError("a verdict block holds 65,535 reasons at most: begin another one");
    this.#reasons.set(reason, index);
    this.#reasonBytes += 2 + encoder.encode(reason).length;
    return index;
  }

  #grow(): void {
    const grown = new Uint8Array(this.#entries.length * 2);
    grown.set(this.#entries);
    this.#entries = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Reads a verdict block. Throws a RangeError on bytes that are no verdict block of a version that is known. */
export function decodeVerdictBlock(bytes: Uint8Array): VerdictBlock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(0);
  if (version !== 1 && version !== VERSION) throw new RangeError(`verdict block version ${version} is unknown`);
  const topicLength = view.getUint16(2, true);
  const topic = decoder.decode(bytes.subarray(4, 4 + topicLength));
  let at = 4 + topicLength;
  const partition = view.getUint32(at, true);
  const fromOffset = view.getFloat64(at + 4, true);
  const toOffset = view.getFloat64(at + 12, true);
  const time = view.getFloat64(at + 20, true);
  at += 28;
  const counts = zeroCounts();
  for (const verdict of VERDICTS) {
    counts[verdict] = view.getUint32(at, true);
    at += 4;
  }
  let continuesFrom: number | null = null;
  let completing: number | null = null;
  if (version >= 2) {
    continuesFrom = view.getFloat64(at, true);
    completing = view.getUint32(at + 8, true);
    at += 12;
  }
  const reasons: string[] = [];
  const reasonCount = view.getUint16(at, true);
  at += 2;
  for (let index = 0; index < reasonCount; index++) {
    const length = view.getUint16(at, true);
    reasons.push(decoder.decode(bytes.subarray(at + 2, at + 2 + length)));
    at += 2 + length;
  }
  const entries: VerdictEntry[] = [];
  const entryCount = view.getUint32(at, true);
  at += 4;
  for (let index = 0; index < entryCount; index++, at += ENTRY_BYTES) {
    const verdict = VERDICTS[view.getUint8(at + 4)];
    if (verdict === undefined) throw new RangeError(`verdict code ${view.getUint8(at + 4)} is unknown`);
    const input = view.getUint8(at + 5);
    const reason = view.getUint16(at + 6, true);
    entries.push({
      offset: fromOffset + view.getUint32(at, true),
      verdict,
      eventId: verdict === "poison" ? null : hexId(view, at + 16),
      firstSeen: input === NONE_U8 ? null : { inputIndex: input, offset: view.getFloat64(at + 8, true) },
      reason: reason === NONE_U16 ? null : (reasons[reason] ?? null),
      completes: (view.getUint32(at + 32, true) & COMPLETES) !== 0,
    });
  }
  return {
    topic,
    partition,
    continuesFrom,
    fromOffset,
    toOffset,
    lost: (view.getUint8(1) & LOST) !== 0,
    streamTime: Number.isNaN(time) ? null : time,
    counts,
    completing,
    entries,
  };
}

function hexId(view: DataView, at: number): string {
  let text = "";
  for (let word = 0; word < 4; word++)
    text += view
      .getUint32(at + word * 4, false)
      .toString(16)
      .padStart(8, "0");
  return text;
}
