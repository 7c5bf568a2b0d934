import { Digest } from "./digest.ts";
import type { EventOverlay } from "./event-overlay.ts";
import { EventTable } from "./event-table.ts";
import { legacyDigest } from "./legacy-digest.ts";
import { groupsToMerge } from "./merge-policy.ts";
import { decodeSegment, encodeSegment } from "./segment.ts";
import { bytesOf, entryBytes, type Part, partsOf, SEGMENT_BYTES_MAX } from "./segment-bytes.ts";
import { addEntry, moveStatement, removeEntry } from "./state-digest.ts";
import { type Superseded, SupersededStatements } from "./superseded.ts";

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
  /** Bytes that what is still live in it takes at most: entries that it owns, and its superseded statements. */
  liveBytes: number;
  /** Bytes of its message. */
  readonly storedBytes: number;
}

/** A message for the compacted dedupe topic; a null value is a tombstone. */
export interface SegmentMessage {
  readonly key: string;
  readonly value: Uint8Array | null;
}

interface Merge extends Segment {
  readonly sequence: number;
  readonly inputs: readonly number[];
  /** Statements that were superseded longer ago than the retention: the merge leaves them out. */
  readonly forgotten: readonly string[];
}

interface Added extends Part {
  readonly sequence: number;
  readonly storedBytes: number;
}

/** What one commit does to the segments of a partition: decided before the write, applied after the commit. */
export interface SegmentPlan {
  readonly messages: readonly SegmentMessage[];
  readonly merges: readonly Merge[];
  /** Segments beyond the retention, and those of which nothing is live. */
  readonly expired: readonly number[];
  /** The segments that hold the overlay, in order. */
  readonly added: readonly Added[];
  readonly nextSequence: number;
  readonly streamTime: number;
  /** For each entry of the overlay its entry in the committed table, or −1: looked up once, for digest and apply. */
  readonly known: Int32Array;
  /** Digest of the state once this plan has been applied. */
  readonly digest: string;
}

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
  readonly #retentionMs: number;
  readonly #segmentBytesMax: number;
  readonly #scratch: Uint32Array = new Uint32Array(6);
  #nextSequence = 1;
  readonly #digest: Digest = new Digest();

  /** `retentionMs` null: unbounded. */
  constructor(retentionMs: number | null, segmentBytesMax: number = SEGMENT_BYTES_MAX) {
    this.#retentionMs = retentionMs ?? Infinity;
    this.#segmentBytesMax = segmentBytesMax;
  }

  get segments(): number {
    return this.#segments.size;
  }

  /** Order-independent digest of all live entries and superseded statements, 16 hex digits (EO-4). */
  get digest(): string {
    return this.#digest.toString();
  }

  /** The digest as offsets carry it that were committed before its second version. */
  get legacyDigest(): string {
    return legacyDigest(this.table, this.#entries(), this.superseded.entries());
  }

  /** Bytes of memory that the known events take, about. */
  get bytes(): number {
    return this.table.bytes + this.superseded.bytes;
  }

  /** Bytes of the live segments' messages. */
  get storedBytes(): number {
    return [...this.#segments.values()].reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  }

  /** What the transaction with this overlay writes: merges first, then tombstones, then the overlay itself. */
  plan(overlay: EventOverlay, streamTime: number): SegmentPlan {
    const messages: SegmentMessage[] = [];
    const expired = this.#expired(streamTime);
    let sequence = this.#nextSequence;
    const merges: Merge[] = [];
    for (const inputs of this.#mergeable(new Set(expired))) {
      const entries = this.#owned(inputs);
      const { kept, forgotten, newestTime } = this.#supersededOf(inputs, streamTime);
      if (entries.length === 0 && kept.length === 0) {
        expired.push(...inputs);
        continue;
      }
      const value = encodeSegment(this.table, entries, kept, newestTime);
      const liveBytes = bytesOf(this.table, entries, kept);
      const storedBytes = value.length;
      merges.push({ sequence, inputs, entries, superseded: kept, forgotten, newestTime, liveBytes, storedBytes });
      messages.push({ key: segmentKey(sequence++), value });
    }
    for (const gone of [...expired, ...merges.flatMap((merge) => merge.inputs)]) {
      messages.push({ key: segmentKey(gone), value: null });
    }
    const added: Added[] = [];
    for (const part of partsOf(overlay, this.#segmentBytesMax)) {
      const value = encodeSegment(overlay.table, part.entries, part.superseded, streamTime);
      messages.push({ key: segmentKey(sequence), value });
      added.push({ ...part, sequence: sequence++, storedBytes: value.length });
    }
    const known = this.#lookUp(overlay.table, new Set(expired));
    const digest = this.#digestAfter(overlay, known, expired, merges, streamTime);
    return { messages, merges, expired, added, nextSequence: sequence, streamTime, known, digest };
  }

  /** Makes a committed transaction's changes the state, in the order in which a restore would see them. */
  apply(overlay: EventOverlay, plan: SegmentPlan): void {
    for (const merge of plan.merges) this.#applyMerge(merge);
    for (const sequence of plan.expired) this.#drop(sequence);
    for (const { sequence, entries: parts, superseded, bytes, storedBytes } of plan.added) {
      const entries = Uint32Array.from(parts, (entry) => {
        overlay.table.identity(entry, this.#scratch);
        return this.#put(
          plan.known[entry]!,
          this.#scratch,
          overlay.table.position(entry),
          overlay.table.time(entry),
          overlay.table.version(entry),
          overlay.table.statement(entry),
          sequence,
        );
      });
      for (const one of superseded) this.superseded.hold(sequence, one, this.#digest);
      const newestTime = plan.streamTime;
      this.#segments.set(sequence, { entries, superseded, newestTime, liveBytes: bytes, storedBytes });
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
    const { superseded, newestTime } = summary;
    for (const one of superseded) this.superseded.hold(sequence, one, this.#digest);
    const liveBytes = bytesOf(this.table, entries, superseded);
    const storedBytes = value.length;
    this.#segments.set(sequence, {
      entries: Uint32Array.from(entries),
      superseded,
      newestTime,
      liveBytes,
      storedBytes,
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
      removeEntry(this.#digest, table, entry);
      const before = this.#segments.get(table.owner(entry));
      if (before !== undefined) before.liveBytes -= entryBytes(table.statementWords(entry));
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
    const before = streamTime - this.#retentionMs;
    return [...this.#segments].flatMap(([sequence, { newestTime, liveBytes }]) =>
      newestTime < before || liveBytes === 0 ? [sequence] : [],
    );
  }

  #mergeable(except: ReadonlySet<number>): number[][] {
    const live = [...this.#segments].flatMap(([sequence, { liveBytes }]): [number, number][] =>
      except.has(sequence) ? [] : [[sequence, liveBytes]],
    );
    return groupsToMerge(live, this.#segmentBytesMax);
  }

  /** The entries that the given segments own. */
  #owned(segments: readonly number[]): Uint32Array {
    const owned: number[] = [];
    for (const segment of segments) {
      for (const entry of this.#segments.get(segment)!.entries) {
        if (this.table.owner(entry) === segment) owned.push(entry);
      }
    }
    return Uint32Array.from(owned);
  }

  *#entries(): Generator<number> {
    for (const segment of this.#segments.keys()) yield* this.#owned([segment]);
  }

  /**
   * What a merge of the given segments keeps of their superseded statements. Those beyond the retention are left out: the review
   * has forgotten them, as it goes by their time. Entries beyond it stay until their segment expires: an older segment
   * may hold an older entry of the key, which a restore would bring back.
   */
  #supersededOf(
    segments: readonly number[],
    streamTime: number,
  ): { kept: readonly Superseded[]; forgotten: readonly string[]; newestTime: number } {
    const kept = new Map<string, number>();
    const forgotten: string[] = [];
    let newestTime = -Infinity;
    for (const sequence of segments) {
      const segment = this.#segments.get(sequence)!;
      newestTime = Math.max(newestTime, segment.newestTime);
      for (const [statement, at] of segment.superseded) {
        if (this.#isForgotten(at, streamTime)) forgotten.push(statement);
        else kept.set(statement, Math.max(at, kept.get(statement) ?? -Infinity));
      }
    }
    return { kept: [...kept], forgotten, newestTime };
  }

  #isForgotten(at: number, streamTime: number): boolean {
    return at < streamTime - this.#retentionMs;
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

  #digestAfter(
    overlay: EventOverlay,
    known: Int32Array,
    expired: readonly number[],
    merges: readonly Merge[],
    streamTime: number,
  ): string {
    const digest = this.#digest.copy();
    for (const entry of this.#owned(expired)) removeEntry(digest, this.table, entry);
    for (let entry = 0; entry < known.length; entry++) {
      if (known[entry]! >= 0) removeEntry(digest, this.table, known[entry]!);
      addEntry(digest, overlay.table, entry);
    }
    const touched = new Set(overlay.superseded.entries().map(([statement]) => statement));
    const gone = new Set(expired);
    for (const sequence of gone) for (const [id] of this.#segments.get(sequence)!.superseded) touched.add(id);
    for (const merge of merges) for (const id of merge.forgotten) touched.add(id);
    const merged = new Set(merges.flatMap(({ inputs }) => inputs));
    for (const id of touched) {
      const kept = this.superseded.at(
        id,
        ({ segment, at }) => gone.has(segment) || (merged.has(segment) && this.#isForgotten(at, streamTime)),
      );
      const added = overlay.superseded.get(id);
      const after = kept === undefined || added === undefined ? (kept ?? added) : Math.max(kept, added);
      moveStatement(digest, id, this.superseded.at(id), after);
    }
    return digest.toString();
  }
}

function segmentKey(sequence: number): string {
  return `segment/${sequence}`;
}

function sequenceOf(key: string): number {
  const sequence = Number(key.slice("segment/".length));
  if (!key.startsWith("segment/") || !Number.isSafeInteger(sequence)) throw new RangeError(`"${key}" is no segment id`);
  return sequence;
}
