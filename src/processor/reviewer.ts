import { FatalError } from "../domain/errors.ts";
import { oneLine } from "../domain/one-line.ts";
import { decide, type Known } from "../domain/review/decide.ts";
import type { EventTable } from "../domain/review/event-table.ts";
import { FACETS_MAX } from "../domain/review/facets.ts";
import { contentText, eventIdText, IDENTITY_WORDS, type IdentityHasher } from "../domain/review/identity.ts";
import type { RecordBatch, RecordHeaders } from "../kafka/log.ts";
import type { Clock } from "./clock.ts";
import type { Fill } from "./fill.ts";
import { RecordCursor } from "./record-cursor.ts";
import { type Frame, NO_STREAM_TIME } from "./task.ts";
import type { CommitContext, ProcessContext, StateStore, StoreSpec, Topology } from "./topology.ts";

/** A packed source position holds the input index above 48 bits of offset: exact in a double up to 31 inputs. */
export const POSITION_SHIFT: number = 2 ** 48;

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
  /** Facets of the record under review: the hasher's own words. */
  #facets: Uint32Array = new Uint32Array(0);
  readonly #merged = new Uint32Array(FACETS_MAX);
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

  /** Reviews all records of a batch. Records before the frame's position have been judged and are passed over. */
  review(fill: Fill, frame: Frame, inputIndex: number, batch: RecordBatch): void {
    const record = this.#record;
    record.batch = batch;
    for (let index = 0; index < batch.length; index++) {
      record.index = index;
      const offset = record.offset;
      if (offset < frame.positions[inputIndex]!) continue;
      this.#reviewOne(fill, frame, inputIndex, offset);
      frame.positions[inputIndex] = offset + 1;
      frame.records++;
      fill.records++;
      fill.bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    }
    record.batch = undefined;
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
    try {
      value = topology.decode(record);
      const identity = topology.identify(value, record);
      this.#facets = this.#hasher.identify(identity.key, identity.content, this.#identity, identity.facets);
      time = topology.eventTime === undefined ? record.timestamp : topology.eventTime(value, record);
      version = topology.version === undefined ? null : topology.version(value, record);
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
    const known = table === undefined ? undefined : this.#recall(frame, table, version);
    const verdict = decide(known, version, late);
    frame.counts[verdict]++;
    if (verdict === "accepted" || verdict === "correction") {
      const supersedes = this.#remember(
        frame,
        table,
        verdict === "correction",
        inputIndex * POSITION_SHIFT + offset,
        time,
        version,
      );
      if (time > frame.streamTime) frame.streamTime = time;
      if (verdict === "accepted") block.accept(offset);
      else this.#reject(block, offset, verdict, table);
      this.#process(fill, frame, value, verdict, supersedes, time);
    } else {
      if (verdict === "duplicate") this.#learn(frame, table!, version);
      if (time > frame.streamTime) frame.streamTime = time;
      this.#reject(block, offset, verdict, table);
    }
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
    // An event beyond the retention is forgotten, whether or not its segment has expired yet:
    // the verdict must not depend on when commits happened.
    if (table.time(entry) < frame.streamTime - this.#retentionMs) return undefined;
    this.#entry = entry;
    this.#seenAt = table.position(entry);
    return table;
  }

  #recall(frame: Frame, table: EventTable, version: number | null): Known {
    const known = this.#known;
    known.sameContent = table.agrees(this.#entry, this.#identity, this.#facets);
    const knownVersion = table.version(this.#entry);
    known.version = Number.isNaN(knownVersion) ? null : knownVersion;
    known.superseded =
      !known.sameContent &&
      (version === null || known.version === null || version === known.version) &&
      this.#isSuperseded(frame);
    return known;
  }

  /** Remembered for the retention since it was superseded last. */
  #isSuperseded(frame: Frame): boolean {
    const own = frame.events.superseded;
    const committing = frame.parent?.events.superseded;
    const committed = frame.task.known.superseded;
    if (own.size === 0 && committed.size === 0 && (committing === undefined || committing.size === 0)) return false;
    const content = contentText(this.#identity, this.#facets);
    const at = own.find(content) ?? committing?.find(content) ?? committed.find(content);
    return at !== undefined && at >= frame.streamTime - this.#retentionMs;
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
    if (correction) {
      table!.identity(this.#entry, this.#old);
      supersedes = eventIdText(this.#old);
      overlay.superseded.add(contentText(this.#old, table!.facets(this.#entry)), Math.max(time, frame.streamTime));
    }
    let entry = table === overlay.table ? this.#entry : overlay.table.find(this.#identity[0]!, this.#identity[1]!);
    if (entry < 0) entry = overlay.table.insert(this.#identity);
    else overlay.table.setEventId(entry, this.#identity);
    overlay.table.setSeen(entry, position, time, version ?? Number.NaN);
    overlay.table.setFacets(entry, this.#facets);
    return supersedes;
  }

  /**
   * What a repetition adds to the known event: a higher version raises the bar for what counts as older, and facets that
   * the accepted record's format could not carry are taken over. Content, time and place of the known event stay.
   */
  #learn(frame: Frame, table: EventTable, version: number | null): void {
    const known = table.version(this.#entry);
    const raises = version !== null && (Number.isNaN(known) || version > known);
    const facets = this.#mergedFacets(table.facets(this.#entry));
    if (!raises && facets === undefined) return;
    const overlay = frame.events.table;
    let entry = this.#entry;
    if (table !== overlay) {
      table.identity(this.#entry, this.#old);
      entry = overlay.insert(this.#old);
    }
    overlay.setSeen(entry, table.position(this.#entry), table.time(this.#entry), raises ? version : known);
    overlay.setFacets(entry, facets ?? table.facets(this.#entry).slice());
  }

  /** The known facets and, where they are unknown, the record's; undefined when that adds nothing. */
  #mergedFacets(known: Uint32Array): Uint32Array | undefined {
    const record = this.#facets;
    let adds = false;
    for (let at = 0; at < record.length; at++) {
      const before = known[at] ?? 0;
      this.#merged[at] = before === 0 ? record[at]! : before;
      adds ||= before === 0 && record[at] !== 0;
    }
    return adds ? this.#merged.subarray(0, record.length) : undefined;
  }

  #reject(
    block: ReturnType<Frame["block"]>,
    offset: number,
    verdict: "duplicate" | "correction" | "stale" | "late",
    table: EventTable | undefined,
  ): void {
    if (table === undefined) {
      block.reject(offset, verdict, this.#identity.subarray(2), -1, 0, null);
      return;
    }
    const input = Math.floor(this.#seenAt / POSITION_SHIFT);
    block.reject(offset, verdict, this.#identity.subarray(2), input, this.#seenAt - input * POSITION_SHIFT, null);
  }

  #process(
    fill: Fill,
    frame: Frame,
    value: unknown,
    verdict: "accepted" | "correction",
    supersedes: string | null,
    time: number,
  ): void {
    const context = this.#context;
    context.fill = fill;
    context.frame = frame;
    context.verdict = verdict;
    context.superseded = supersedes;
    context.time = time;
    this.#operators(() => this.#topology.process(value, this.#record, context), "process");
  }

  #operators(run: () => void, name: string): void {
    try {
      run();
    } catch (error) {
      const record = this.#record;
      const at = record.batch === undefined ? "" : ` at ${record.topic}/${record.partition} offset ${record.offset}`;
      throw new FatalError(`topology "${this.#topology.name}": ${name} failed${at}: ${String(error)}`, {
        cause: error,
        remedy: "mend the topology: decode and identify may throw to quarantine a record, process must not throw",
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
    const added: [string, Buffer][] = [
      ["tu_reason", Buffer.from(reason)],
      ["tu_topic", Buffer.from(record.topic)],
      ["tu_partition", Buffer.from(String(record.partition))],
      ["tu_offset", Buffer.from(String(record.offset))],
      ["tu_at", Buffer.from(new Date(this.#clock.now()).toISOString())],
    ];
    const headers: RecordHeaders = [...(record.headers ?? []), ...added];
    fill.writes.append(this.#topology.topics.quarantine, frame.task.partition, record.key, record.value, headers);
  }
}

/** What is common to `process` and `beforeCommit`. */
class FrameContext implements CommitContext {
  readonly #outputs: ReadonlySet<string>;
  fill: Fill;
  frame: Frame;

  constructor(fill: Fill, frame: Frame, outputs: ReadonlySet<string>) {
    this.fill = fill;
    this.frame = frame;
    this.#outputs = outputs;
  }

  get partition(): number {
    return this.frame.task.partition;
  }

  get streamTime(): number {
    return this.frame.streamTime;
  }

  store<V>(spec: StoreSpec<V>): StateStore<V> {
    // A view holds what was put through the same spec, so its values are of the spec's type.
    return this.frame.view(spec) as StateStore<V>;
  }

  changed(spec: StoreSpec<unknown>): Iterable<string> {
    return this.frame.overlayOf(spec).keys();
  }

  emit(topic: string, key: Buffer | null, value: Buffer | null, headers?: RecordHeaders): void {
    if (!this.#outputs.has(topic)) throw new RangeError(`"${topic}" is not among the topology's outputs`);
    this.fill.writes.append(topic, this.frame.task.partition, key, value, headers);
  }
}

/** One context serves all records: the hot path allocates nothing. */
class RecordContext implements ProcessContext {
  readonly #identity: Uint32Array;
  readonly #outputs: ReadonlySet<string>;
  fill: Fill | undefined;
  frame: Frame | undefined;
  verdict: "accepted" | "correction" = "accepted";
  superseded: string | null = null;
  time: number = NO_STREAM_TIME;

  constructor(identity: Uint32Array, outputs: ReadonlySet<string>) {
    this.#identity = identity;
    this.#outputs = outputs;
  }

  eventId(): string {
    return eventIdText(this.#identity);
  }

  supersedes(): string | null {
    return this.superseded;
  }

  get partition(): number {
    return this.frame!.task.partition;
  }

  get streamTime(): number {
    return this.frame!.streamTime;
  }

  store<V>(spec: StoreSpec<V>): StateStore<V> {
    return this.frame!.view(spec) as StateStore<V>;
  }

  emit(topic: string, key: Buffer | null, value: Buffer | null, headers?: RecordHeaders): void {
    if (!this.#outputs.has(topic)) throw new RangeError(`"${topic}" is not among the topology's outputs`);
    this.fill!.writes.append(topic, this.frame!.task.partition, key, value, headers);
  }
}
