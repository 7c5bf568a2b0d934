import { FatalError } from "../domain/errors.ts";
import { oneLine } from "../domain/one-line.ts";
import { decide, type Known } from "../domain/review/decide.ts";
import type { EventTable } from "../domain/review/event-table.ts";
import { FACETS_MAX, tellsMore } from "../domain/review/facets.ts";
import {
  eventIdText,
  IDENTITY_WORDS,
  type IdentityHasher,
  statementText,
  TOMBSTONE,
} from "../domain/review/identity.ts";
import type { Remembered } from "../domain/review/superseded.ts";
import type { RecordBatch } from "../kafka/log.ts";
import type { Clock } from "./clock.ts";
import type { Fill } from "./fill.ts";
import { quarantined } from "./quarantine.ts";
import { RecordCursor } from "./record-cursor.ts";
import type { Frame } from "./task.ts";
import { FrameContext, RecordContext } from "./contexts.ts";
import type { RecordIdentity, Topology } from "./topology.ts";

/** A packed source position holds the input index above 48 bits of offset: exact in a double up to 31 inputs. */
export const POSITION_SHIFT: number = 2 ** 48;
/** Records between two looks at the clock: one costs nothing for so many quick ones, and so many slow ones are not long. */
const LOOK_AT_CLOCK_EVERY = 16;

/**
 * Step 2 of a commit: gives every record of a batch its verdict and runs the topology on what is let through.
 * Every change goes to the frame's overlays and the fill's writes; nobody else can see them.
 */
export class Reviewer {
  readonly #topology: Topology;
  readonly #hasher: IdentityHasher;
  readonly #clock: Clock;
  readonly #outputs: ReadonlySet<string>;
  readonly #record = new RecordCursor();
  readonly #identity = new Uint32Array(IDENTITY_WORDS);
  readonly #old = new Uint32Array(IDENTITY_WORDS);
  readonly #words = new Uint32Array(1 + FACETS_MAX);
  /** Views of the first words, by their number: made once, as nothing is made for each record. */
  readonly #views: readonly Uint32Array[] = Array.from({ length: FACETS_MAX + 2 }, (_, words) =>
    this.#words.subarray(0, words),
  );
  /** Statement words of the record under review, within `#words`; none where one input without facets needs none. */
  #statement: Uint32Array = new Uint32Array(0);
  readonly #merged = new Uint32Array(1 + FACETS_MAX);
  readonly #known: { -readonly [name in keyof Known]: Known[name] } = {
    sameContent: false,
    superseded: false,
    version: null,
  };
  readonly #context: RecordContext;
  readonly #retentionMs: number;
  readonly #latenessMs: number;
  readonly #maxFutureMs: number;

  constructor(topology: Topology, hasher: IdentityHasher, clock: Clock) {
    this.#topology = topology;
    this.#hasher = hasher;
    this.#clock = clock;
    this.#outputs = new Set(topology.outputs);
    const { retention, allowedLatenessMs, maxFutureMs } = topology.review;
    this.#retentionMs = retention === "unbounded" ? Infinity : retention.ms;
    this.#latenessMs = allowedLatenessMs ?? this.#retentionMs;
    this.#maxFutureMs = maxFutureMs ?? Infinity;
    this.#context = new RecordContext(this.#identity, this.#outputs);
  }

  /**
   * Reviews the records of a batch; false when time was up before its end. Records before the frame's position have been
   * judged and are passed over, so the same batch may be given again.
   */
  review(fill: Fill, frame: Frame, inputIndex: number, batch: RecordBatch, isTimeUp = (): boolean => false): boolean {
    const record = this.#record;
    record.batch = batch;
    let taken = 0;
    for (let index = 0; index < batch.length; index++) {
      record.index = index;
      const offset = record.offset;
      if (offset < frame.positions[inputIndex]!) continue;
      if (taken > 0 && taken % LOOK_AT_CLOCK_EVERY === 0 && isTimeUp()) return false;
      taken++;
      this.#reviewOne(fill, frame, inputIndex, offset);
      frame.positions[inputIndex] = offset + 1;
      frame.records++;
      fill.records++;
      fill.bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    }
    record.batch = undefined;
    return true;
  }

  /** Runs the topology's `beforeCommit` for every task that the fill touches. */
  beforeCommit(fill: Fill): void {
    if (this.#topology.beforeCommit === undefined) return;
    for (const frame of fill.frames.values()) {
      this.#operators(() => this.#topology.beforeCommit!(new FrameContext(fill, frame, this.#outputs)), "beforeCommit");
    }
  }

  #reviewOne(fill: Fill, frame: Frame, inputIndex: number, offset: number): void {
    const topology = this.#topology;
    const record = this.#record;
    const block = frame.block(inputIndex, offset);
    let value: unknown;
    let time: number;
    let version: number | null;
    let deleted: boolean;
    try {
      value = topology.decode(record);
      deleted = topology.deleted?.(value, record) ?? false;
      this.#identify(topology.identify(value, record), deleted, inputIndex);
      time = topology.eventTime === undefined ? record.timestamp : topology.eventTime(value, record);
      version = topology.version === undefined ? null : topology.version(value, record);
      if (deleted && version === null) throw new RangeError("a deletion needs a version");
      this.#checkTime(time, record.timestamp);
    } catch (error) {
      const reason = oneLine(error instanceof Error ? error.message : String(error));
      this.#quarantine(fill, frame, reason);
      frame.counts.poison++;
      block.reject(offset, "poison", null, -1, 0, reason);
      return;
    }
    const late = time < frame.streamTime - this.#latenessMs;
    const table = this.#find(frame);
    const known = table === undefined ? undefined : this.#recall(frame, table, version, inputIndex);
    const verdict = decide(known, version, late);
    frame.counts[verdict]++;
    if (verdict === "accepted" || verdict === "correction") {
      const position = inputIndex * POSITION_SHIFT + offset;
      const supersedes = this.#remember(frame, table, verdict === "correction", position, time, version);
      if (time > frame.streamTime) frame.streamTime = time;
      if (verdict === "accepted") block.accept(offset);
      else this.#reject(block, offset, verdict, table);
      this.#process(fill, frame, value, { verdict, deleted, supersedes, time });
    } else {
      const completes =
        verdict === "duplicate" &&
        topology.complete !== undefined &&
        tellsMore(table!.statement(this.#entry), this.#statement);
      if (verdict === "duplicate") this.#learn(frame, table!, time, version, inputIndex);
      else if (verdict === "stale") this.#learnStale(frame, table!, time, known!.superseded, inputIndex);
      if (time > frame.streamTime) frame.streamTime = time;
      this.#reject(block, offset, verdict, table, completes);
      if (completes) this.#complete(fill, frame, value, time);
    }
  }

  /** Writes down who the record speaks of and what it states; a deletion states the same whatever else it carries. */
  #identify({ key, content, facets }: RecordIdentity, deleted: boolean, inputIndex: number): void {
    const said = deleted ? facets?.map(() => null) : facets;
    this.#state(this.#hasher.identify(key, deleted ? TOMBSTONE : content, this.#identity, said), inputIndex);
  }

  #state(facets: Uint32Array, inputIndex: number): void {
    const length = facets.length === 0 && this.#topology.inputs.length === 1 ? 0 : 1 + facets.length;
    this.#statement = this.#views[length]!;
    if (length === 0) return;
    this.#words[0] = 1 << inputIndex;
    this.#words.set(facets, 1);
  }

  /** Entry of the last `#find`, and the position it was seen at before this record changed it. */
  #entry = -1;
  #seenAt = 0;
  /** The newest table that knows the key: own overlay, committing overlay, committed events. */
  #find(frame: Frame): EventTable | undefined {
    const high = this.#identity[0]!;
    const low = this.#identity[1]!;
    let table = frame.events.table;
    let entry = table.size === 0 ? -1 : table.find(high, low);
    if (entry < 0 && frame.parent !== undefined) {
      table = frame.parent.events.table;
      entry = table.find(high, low);
    }
    if (entry < 0) {
      table = frame.task.known.table;
      entry = table.find(high, low);
    }
    if (entry < 0) return undefined;
    // A key beyond the retention is forgotten, whether or not its segment has expired yet:
    // the verdict must not depend on when commits happened.
    if (table.time(entry) < frame.streamTime - this.#retentionMs) return undefined;
    this.#entry = entry;
    this.#seenAt = table.position(entry);
    return table;
  }

  #recall(frame: Frame, table: EventTable, version: number | null, inputIndex: number): Known {
    const known = this.#known;
    known.sameContent = table.agrees(this.#entry, this.#identity, this.#statement);
    known.version = this.#comparesVersions(inputIndex) ? this.#knownVersion(table, version) : null;
    known.superseded =
      !known.sameContent &&
      (version === null || known.version === null || version === known.version) &&
      this.#isSuperseded(frame, inputIndex);
    return known;
  }

  /** Where there are deletions, the first edition need not count itself: any that does is newer. */
  #knownVersion(table: EventTable, version: number | null): number | null {
    const known = table.version(this.#entry);
    if (!Number.isNaN(known)) return known;
    return version === null || this.#topology.deleted === undefined ? null : -Infinity;
  }

  /** Where there are deletions, versions are the editions of one input: those of another count otherwise. */
  #comparesVersions(inputIndex: number): boolean {
    return this.#topology.deleted === undefined || Math.floor(this.#seenAt / POSITION_SHIFT) === inputIndex;
  }

  /**
   * An input may take its own correction back: what it says for the first time, and only others have said before, is news
   * when the word it changes is its own.
   */
  #isSuperseded(frame: Frame, inputIndex: number): boolean {
    let saidBy = 0;
    for (const old of this.#superseded(frame)) saidBy |= old.saidBy;
    if (saidBy === 0) return false;
    const isOwnWord = Math.floor(this.#seenAt / POSITION_SHIFT) === inputIndex;
    return !isOwnWord || (saidBy & (1 << inputIndex)) !== 0;
  }

  /** What says the same as the record, was superseded, and is remembered still. */
  *#superseded(frame: Frame): Generator<Remembered> {
    const since = frame.streamTime - this.#retentionMs;
    let statement: string | undefined;
    for (const { superseded } of [
      frame.events,
      ...(frame.parent === undefined ? [] : [frame.parent.events]),
      frame.task.known,
    ]) {
      if (superseded.size === 0) continue;
      statement ??= statementText(this.#identity, this.#statement);
      yield* superseded.remembered(statement, since);
    }
  }

  /**
   * A superseded statement that is said again is remembered for the retention from then on, and so is its key. An input that
   * repeats what only others had said has said it too from now on: later it is no news of its own.
   */
  #learnStale(frame: Frame, table: EventTable, time: number, superseded: boolean, inputIndex: number): void {
    if (this.#prolongs(table, time)) this.#amend(frame, table, time, table.version(this.#entry), undefined);
    if (!superseded || time < frame.streamTime - this.#retentionMs) return;
    const own = [...this.#superseded(frame)].filter(({ saidBy }) => (saidBy & (1 << inputIndex)) !== 0);
    if (own.length === 0) frame.events.superseded.add(statementText(this.#identity, this.#statement), time);
    if (this.#retentionMs === Infinity) return;
    for (const { statement, at } of own) if (at < time) frame.events.superseded.add(statement, time);
  }

  /** Makes the record the latest accepted one of its key in the overlay. Returns the event id it supersedes. */
  #remember(
    frame: Frame,
    table: EventTable | undefined,
    correction: boolean,
    position: number,
    time: number,
    version: number | null,
  ): string | null {
    const overlay = frame.events;
    let supersedes: string | null = null;
    let rememberedFrom = time;
    if (correction) {
      // A correction may bring an older event time: what it replaced must stay known for as long as it may come again.
      rememberedFrom = Math.max(time, table!.time(this.#entry));
      table!.identity(this.#entry, this.#old);
      supersedes = eventIdText(this.#old);
      overlay.superseded.add(statementText(this.#old, table!.statement(this.#entry)), Math.max(time, frame.streamTime));
    }
    let entry = table === overlay.table ? this.#entry : overlay.table.find(this.#identity[0]!, this.#identity[1]!);
    if (entry < 0) entry = overlay.table.insert(this.#identity);
    else overlay.table.setEventId(entry, this.#identity);
    overlay.table.setSeen(entry, position, rememberedFrom, version ?? Number.NaN);
    overlay.table.setStatement(entry, this.#statement);
    return supersedes;
  }

  /**
   * What a repetition adds to the known event: a higher version raises the bar for what counts as older, the input has said
   * it too, facets that the accepted record's format could not carry are taken over, and a newer event time prolongs the
   * memory. Content and place stay.
   */
  #learn(frame: Frame, table: EventTable, time: number, version: number | null, inputIndex: number): void {
    const known = table.version(this.#entry);
    const compares = version !== null && this.#comparesVersions(inputIndex);
    const raises = compares && (Number.isNaN(known) || version > known);
    const merged = this.#mergedStatement(table.statement(this.#entry));
    const prolongs = this.#prolongs(table, time);
    if (!raises && merged === undefined && !prolongs) return;
    this.#amend(frame, table, prolongs ? time : table.time(this.#entry), raises ? version : known, merged);
  }

  /** A known event is forgotten a retention after the newest event time at which anything was said of its key. */
  #prolongs(table: EventTable, time: number): boolean {
    return this.#retentionMs !== Infinity && time > table.time(this.#entry);
  }

  /** Changes what is remembered beside content and place. `statement` undefined: the statement words stay, too. */
  #amend(frame: Frame, table: EventTable, time: number, version: number, statement: Uint32Array | undefined): void {
    const overlay = frame.events.table;
    let entry = this.#entry;
    if (table !== overlay) {
      table.identity(this.#entry, this.#old);
      entry = overlay.insert(this.#old);
    }
    overlay.setSeen(entry, table.position(this.#entry), time, version);
    overlay.setStatement(entry, statement ?? table.statement(this.#entry).slice());
  }

  /** The known statement words with what the record adds; undefined when that is nothing. */
  #mergedStatement(known: Uint32Array): Uint32Array | undefined {
    const record = this.#statement;
    if (record.length === 0) return undefined;
    const merged = this.#merged;
    merged[0] = (known[0] ?? 0) | record[0]!;
    let adds = merged[0] !== known[0];
    for (let at = 1; at < record.length; at++) {
      const before = known[at] ?? 0;
      merged[at] = before === 0 ? record[at]! : before;
      adds ||= before === 0 && record[at] !== 0;
    }
    return adds ? merged.subarray(0, record.length) : undefined;
  }

  #reject(
    block: ReturnType<Frame["block"]>,
    offset: number,
    verdict: "duplicate" | "correction" | "stale" | "late",
    table: EventTable | undefined,
    completes = false,
  ): void {
    if (table === undefined) {
      block.reject(offset, verdict, this.#identity.subarray(2), -1, 0, null);
      return;
    }
    const input = Math.floor(this.#seenAt / POSITION_SHIFT);
    const seen = this.#seenAt - input * POSITION_SHIFT;
    block.reject(offset, verdict, this.#identity.subarray(2), input, seen, null, completes);
  }

  #process(
    fill: Fill,
    frame: Frame,
    value: unknown,
    judged: Pick<RecordContext, "verdict" | "deleted" | "time"> & { readonly supersedes: string | null },
  ): void {
    const context = this.#context;
    context.fill = fill;
    context.frame = frame;
    context.verdict = judged.verdict;
    context.deleted = judged.deleted;
    context.superseded = judged.supersedes;
    context.time = judged.time;
    this.#operators(() => this.#topology.process(value, this.#record, context), "process");
  }

  #complete(fill: Fill, frame: Frame, value: unknown, time: number): void {
    const context = this.#context;
    context.fill = fill;
    context.frame = frame;
    context.superseded = null;
    context.time = time;
    this.#operators(() => this.#topology.complete!(value, this.#record, context), "complete");
  }

  #operators(run: () => void, name: string): void {
    try {
      run();
    } catch (error) {
      const record = this.#record;
      const at = record.batch === undefined ? "" : ` at ${record.topic}/${record.partition} offset ${record.offset}`;
      throw new FatalError(`topology "${this.#topology.name}": ${name} failed${at}: ${String(error)}`, {
        cause: error,
        remedy:
          "mend the topology: decode and identify may throw to quarantine a record, process and complete must not throw",
      });
    }
  }

  #checkTime(time: number, timestamp: number): void {
    if (!Number.isFinite(time)) throw new RangeError(`event time ${time} is not a number of milliseconds`);
    if (time > timestamp + this.#maxFutureMs) {
      throw new RangeError(
        `event time is ${time - timestamp} ms ahead of the record, more than ${this.#maxFutureMs} ms`,
      );
    }
  }

  #quarantine(fill: Fill, frame: Frame, reason: string): void {
    const record = this.#record;
    const { key, value, headers } = quarantined(record, reason, this.#clock.now());
    fill.writes.append(this.#topology.topics.quarantine, frame.task.partition, key, value, headers);
  }
}
