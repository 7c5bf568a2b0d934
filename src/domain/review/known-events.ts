import { Digest } from "./digest.ts";
import { EventTable } from "./event-table.ts";
import { decodeSegment, encodeSegment, SEGMENT_ENTRIES_MAX } from "./segment.ts";
import { moveDigest, type Superseded, SupersededStatements, SupersededOverlay } from "./superseded.ts";

/** Changes that one transaction makes to the known events of a partition; nobody else sees them before it commits. */
export class EventOverlay {
  readonly table: EventTable = new EventTable(12, 12);
  readonly superseded: SupersededOverlay = new SupersededOverlay();

  clear(): void {
    this.table.clear();
    this.superseded.clear();
  }
}

/** One live segment of the log-structured dedupe state. */
interface Segment {
  readonly entries: Uint32Array;
  readonly superseded: readonly Superseded[];
  /**
   * Stream time of the commit, or the newest of a merge's inputs. Never just the newest event: a correction may bring
   * an older event time, and its segment must not expire before the one it took the key over from, which a restore
   * would then bring back.
   */
  readonly newestTime: number;
}

/** A message for the compacted dedupe topic; a null value is a tombstone. */
export interface SegmentMessage {
  readonly key: string;
  readonly value: Uint8Array | null;
}

interface Merge {
  readonly sequence: number;
  readonly inputs: readonly number[];
  readonly entries: Uint32Array;
  readonly superseded: readonly Superseded[];
  readonly newestTime: number;
}

/** What one commit does to the segments of a partition: decided before the write, applied after the commit. */
export interface SegmentPlan {
  readonly messages: readonly SegmentMessage[];
  readonly merges: readonly Merge[];
  readonly expired: readonly number[];
  /** Sequence numbers of the segments that hold the overlay, in order. */
  readonly added: readonly number[];
  readonly nextSequence: number;
  readonly streamTime: number;
  /** For each entry of the overlay its entry in the committed table, or −1: looked up once, for digest and apply. */
  readonly known: Int32Array;
  /** Digest of the state once this plan has been applied. */
  readonly digest: string;
}

/** So many segments of one size class are merged into one of the next (log-structured merge, factor 8). */
const MERGE_FACTOR = 8;
const MERGED_ENTRIES_MAX = SEGMENT_ENTRIES_MAX / 2;

/**
 * The committed known events of one partition and the segments that hold them in Kafka.
 *
 * Every live entry is owned by exactly one live segment: the one that would win on a restore, which applies
 * segments in offset order, last writer wins. Merging writes only owned entries; expiry removes only owned ones;
 * so memory and a restore agree at every commit (EO-4), which the digest checks.
 */
export class KnownEvents {
  readonly table: EventTable = new EventTable(13);
  readonly superseded: SupersededStatements = new SupersededStatements();
  readonly #segments = new Map<number, Segment>();
  readonly #retentionMs: number | null;
  readonly #scratch: Uint32Array = new Uint32Array(6);
  #nextSequence = 1;
  readonly #digest: Digest = new Digest();

  /** `retentionMs` null: unbounded. */
  constructor(retentionMs: number | null) {
    this.#retentionMs = retentionMs;
  }

  get segments(): number {
    return this.#segments.size;
  }

  /** Order-independent digest of all live entries and superseded statements, 16 hex digits (EO-4). */
  get digest(): string {
    return this.#digest.toString();
  }

  /** What the transaction with this overlay writes: merges first, then tombstones, then the overlay itself. */
  plan(overlay: EventOverlay, streamTime: number): SegmentPlan {
    const messages: SegmentMessage[] = [];
    const expired = this.#expired(streamTime);
    let sequence = this.#nextSequence;
    const merges: Merge[] = [];
    for (const inputs of this.#mergeable(new Set(expired))) {
      const merge = this.#merge(inputs, sequence++);
      merges.push(merge);
      messages.push({
        key: segmentKey(merge.sequence),
        value: encodeSegment(this.table, merge.entries, merge.superseded, merge.newestTime),
      });
    }
    for (const gone of [...expired, ...merges.flatMap((merge) => merge.inputs)]) {
      messages.push({ key: segmentKey(gone), value: null });
    }
    const added: number[] = [];
    const { table } = overlay;
    for (let from = 0; from < table.end || (from === 0 && overlay.superseded.size > 0); from += SEGMENT_ENTRIES_MAX) {
      const entries = range(from, Math.min(from + SEGMENT_ENTRIES_MAX, table.end));
      messages.push({
        key: segmentKey(sequence),
        value: encodeSegment(table, entries, from === 0 ? overlay.superseded.entries() : [], streamTime),
      });
      added.push(sequence++);
    }
    const gone = new Set(expired);
    const known = this.#lookUp(overlay.table, gone);
    const digest = this.#digestAfter(overlay, known, gone);
    return { messages, merges, expired, added, nextSequence: sequence, streamTime, known, digest };
  }

  /** Makes a committed transaction's changes the state, in the order in which a restore would see them. */
  apply(overlay: EventOverlay, plan: SegmentPlan): void {
    for (const merge of plan.merges) this.#applyMerge(merge);
    for (const sequence of plan.expired) this.#drop(sequence);
    let from = 0;
    for (const sequence of plan.added) {
      const to = Math.min(from + SEGMENT_ENTRIES_MAX, overlay.table.end);
      const owned = new Uint32Array(to - from);
      for (let entry = from; entry < to; entry++) {
        overlay.table.identity(entry, this.#scratch);
        owned[entry - from] = this.#put(
          plan.known[entry]!,
          this.#scratch,
          overlay.table.position(entry),
          overlay.table.time(entry),
          overlay.table.version(entry),
          overlay.table.statement(entry),
          sequence,
        );
      }
      const superseded = from === 0 ? overlay.superseded.entries() : [];
      for (const one of superseded) this.superseded.hold(sequence, one, this.#digest);
      this.#segments.set(sequence, { entries: owned, superseded, newestTime: plan.streamTime });
      from = to;
    }
    this.#nextSequence = plan.nextSequence;
    if (this.digest !== plan.digest)
      throw new RangeError(`state digest ${this.digest} is not the committed ${plan.digest}`);
  }

  /** Applies one message of the dedupe topic; call in offset order. Throws a RangeError on foreign bytes. */
  restore(key: string, value: Uint8Array | null): void {
    const sequence = sequenceOf(key);
    this.#nextSequence = Math.max(this.#nextSequence, sequence + 1);
    if (value === null) {
      this.#drop(sequence);
      return;
    }
    const entries: number[] = [];
    const summary = decodeSegment(value, (identity, position, time, version, statement) => {
      const known = this.table.find(identity[0]!, identity[1]!);
      entries.push(this.#put(known, identity, position, time, version, statement, sequence));
    });
    for (const one of summary.superseded) this.superseded.hold(sequence, one, this.#digest);
    this.#segments.set(sequence, {
      entries: Uint32Array.from(entries),
      superseded: summary.superseded,
      newestTime: summary.newestTime,
    });
  }

  /** Adds one event (`known` −1) or replaces the known one, and returns its entry. */
  #put(
    known: number,
    identity: Uint32Array,
    position: number,
    time: number,
    version: number,
    statement: Uint32Array,
    owner: number,
  ): number {
    const { table } = this;
    let entry = known;
    if (entry < 0) entry = table.insert(identity);
    else {
      removeEntry(this.#digest, this.table, entry);
      table.setEventId(entry, identity);
    }
    table.setSeen(entry, position, time, version);
    table.setStatement(entry, statement);
    table.setOwner(entry, owner);
    addEntry(this.#digest, this.table, entry);
    return entry;
  }

  #drop(sequence: number): void {
    const segment = this.#segments.get(sequence);
    if (segment === undefined) return;
    this.#segments.delete(sequence);
    for (const entry of segment.entries) {
      // A freed entry may serve another key by now: that one has another owner.
      if (this.table.owner(entry) !== sequence) continue;
      removeEntry(this.#digest, this.table, entry);
      this.table.remove(entry);
      this.table.setOwner(entry, 0);
    }
    for (const one of segment.superseded) this.superseded.release(sequence, one, this.#digest);
  }

  #expired(streamTime: number): number[] {
    if (this.#retentionMs === null) return [];
    const before = streamTime - this.#retentionMs;
    return [...this.#segments].filter(([, segment]) => segment.newestTime < before).map(([sequence]) => sequence);
  }

  #mergeable(except: ReadonlySet<number>): number[][] {
    const classes = new Map<number, number[]>();
    const groups: number[][] = [];
    for (const [sequence, segment] of this.#segments) {
      const size = segment.entries.length;
      if (except.has(sequence) || size > MERGED_ENTRIES_MAX) continue;
      const sizeClass = Math.floor(Math.log2(Math.max(size, 1)) / 3);
      const group = classes.get(sizeClass) ?? [];
      group.push(sequence);
      classes.set(sizeClass, group);
      const total = group.reduce((sum, member) => sum + this.#segments.get(member)!.entries.length, 0);
      if (group.length >= MERGE_FACTOR || (group.length > 1 && total > MERGED_ENTRIES_MAX)) {
        groups.push(group);
        classes.delete(sizeClass);
      }
    }
    return groups;
  }

  #merge(inputs: readonly number[], sequence: number): Merge {
    const entries: number[] = [];
    const superseded = new Map<string, number>();
    let newestTime = -Infinity;
    for (const input of inputs) {
      const segment = this.#segments.get(input)!;
      for (const entry of segment.entries) if (this.table.owner(entry) === input) entries.push(entry);
      for (const [id, at] of segment.superseded) superseded.set(id, Math.max(at, superseded.get(id) ?? -Infinity));
      newestTime = Math.max(newestTime, segment.newestTime);
    }
    return { sequence, inputs, entries: Uint32Array.from(entries), superseded: [...superseded], newestTime };
  }

  #applyMerge(merge: Merge): void {
    for (const entry of merge.entries) this.table.setOwner(entry, merge.sequence);
    for (const one of merge.superseded) this.superseded.hold(merge.sequence, one, this.#digest);
    this.#segments.set(merge.sequence, merge);
    for (const input of merge.inputs) this.#drop(input);
  }

  #lookUp(overlay: EventTable, gone: ReadonlySet<number>): Int32Array {
    const known = new Int32Array(overlay.end);
    for (let entry = 0; entry < known.length; entry++) {
      overlay.identity(entry, this.#scratch);
      const found = this.table.find(this.#scratch[0]!, this.#scratch[1]!);
      known[entry] = found >= 0 && gone.has(this.table.owner(found)) ? -1 : found;
    }
    return known;
  }

  #digestAfter(overlay: EventOverlay, known: Int32Array, gone: ReadonlySet<number>): string {
    const digest = this.#digest.copy();
    for (const sequence of gone) {
      for (const entry of this.#segments.get(sequence)!.entries) {
        if (this.table.owner(entry) === sequence) removeEntry(digest, this.table, entry);
      }
    }
    for (let entry = 0; entry < known.length; entry++) {
      if (known[entry]! >= 0) removeEntry(digest, this.table, known[entry]!);
      addEntry(digest, overlay.table, entry);
    }
    const touched = new Set(overlay.superseded.entries().map(([statement]) => statement));
    for (const sequence of gone) for (const [id] of this.#segments.get(sequence)!.superseded) touched.add(id);
    for (const id of touched) {
      const kept = this.superseded.at(id, gone);
      const added = overlay.superseded.get(id);
      const after = kept === undefined || added === undefined ? (kept ?? added) : Math.max(kept, added);
      moveDigest(digest, id, this.superseded.at(id), after);
    }
    return digest.toString();
  }
}

const words = new Uint32Array(6);
const lanes = new Uint32Array(2);

function addEntry(digest: Digest, table: EventTable, entry: number): void {
  entryDigest(table, entry);
  digest.add(lanes[0]!, lanes[1]!);
}

function removeEntry(digest: Digest, table: EventTable, entry: number): void {
  entryDigest(table, entry);
  digest.remove(lanes[0]!, lanes[1]!);
}

/** Mixes all that is persisted of an entry into `lanes`; constants and shifts as in MurmurHash3's finaliser. */
function entryDigest(table: EventTable, entry: number): void {
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
  lanes[0] = high ^ (low >>> 13);
  lanes[1] = low ^ (high >>> 16);
}

function segmentKey(sequence: number): string {
  return `segment/${sequence}`;
}

function sequenceOf(key: string): number {
  const sequence = Number(key.slice("segment/".length));
  if (!key.startsWith("segment/") || !Number.isSafeInteger(sequence)) throw new RangeError(`"${key}" is no segment id`);
  return sequence;
}

function range(from: number, to: number): Uint32Array {
  const entries = new Uint32Array(to - from);
  for (let index = 0; index < entries.length; index++) entries[index] = from + index;
  return entries;
}
