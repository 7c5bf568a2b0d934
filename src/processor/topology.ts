import type { RecordHeaders } from "../kafka/log.ts";
import type { Codec } from "./codec.ts";
import { metadataProblem } from "./offset-metadata.ts";

/**
 * One input record, as a view that moves from record to record: read it during the call, never keep it.
 * Keys and values may be kept; they are the record's own.
 */
export interface InputRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** ms since the Unix epoch, as the producer or broker set it. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders | undefined;
}

/** The first header of that name, or undefined. */
export function headerOf(record: InputRecord, name: string): Buffer | undefined {
  if (record.headers === undefined) return undefined;
  for (const [candidate, value] of record.headers) if (candidate === name) return value;
  return undefined;
}

/** Who the record speaks of (natural key) and what it says (canonical content). */
export interface RecordIdentity {
  readonly key: string | Uint8Array;
  /** What every record of the key carries, whatever its format. */
  readonly content: string | Uint8Array;
  /**
   * Parts of the content that not every format carries, by position, at most 31 and always as many for one key;
   * null where this record cannot tell. Records of one key state the same when `content` is equal and every facet that
   * both know is equal: what a format cannot carry never makes a correction.
   */
  readonly facets?: readonly (string | null)[];
}

export interface ReviewOptions {
  /** How long, in event time, a known event is remembered. A record older than that is late. */
  readonly retention: "unbounded" | { readonly ms: number };
  /** A new fact this far behind stream time is late. Default: never, or the retention where there is one. */
  readonly allowedLatenessMs?: number;
  /** An event time this far ahead of the record's own timestamp is poison: it would close every window. Default: no limit. */
  readonly maxFutureMs?: number;
  /** The longest span of event time that a source may replay; the processor refuses a shorter retention. */
  readonly replayWindowMs?: number;
}

/** A named state store; keys are text, changes go to its compacted topic in the transaction that made them. */
export interface StoreSpec<V> {
  readonly name: string;
  readonly value: Codec<V>;
}

export interface StateStore<V> {
  /** The value as this transaction sees it. Treat it as immutable: `put` a new one. */
  get(key: string): V | undefined;
  put(key: string, value: V): void;
  delete(key: string): void;
}

/** What `process` may do for one accepted record or correction. */
export interface ProcessContext {
  readonly verdict: "accepted" | "correction";
  /** The event id, 32 hex digits. */
  eventId(): string;
  /** The record says that its key is no more (`deleted`); false in a topology without deletions. */
  readonly deleted: boolean;
  /** The event id that a correction supersedes; null for an accepted record. */
  supersedes(): string | null;
  readonly partition: number;
  /** Event time of the record, ms. */
  readonly time: number;
  /** Largest event time that the partition has seen, this record included. */
  readonly streamTime: number;
  store<V>(spec: StoreSpec<V>): StateStore<V>;
  /** Writes to an output topic, to the partition of the input. */
  emit(topic: string, key: Buffer | null, value: Buffer | null, headers?: RecordHeaders): void;
}

/** What `complete` may do for a duplicate: it supersedes nothing. */
export type CompleteContext = Omit<ProcessContext, "verdict" | "deleted" | "supersedes">;

/** What `beforeCommit` may do, once for each partition that a transaction touched. */
export interface CommitContext {
  readonly partition: number;
  readonly streamTime: number;
  store<V>(spec: StoreSpec<V>): StateStore<V>;
  /** Keys of a store that this transaction has changed so far. */
  changed(spec: StoreSpec<unknown>): Iterable<string>;
  emit(topic: string, key: Buffer | null, value: Buffer | null, headers?: RecordHeaders): void;
}

/** The topics a topology owns beside its inputs and outputs. */
export interface InternalTopics {
  readonly verdicts: string;
  readonly quarantine: string;
  readonly dedupe: string;
  state(store: string): string;
}

/**
 * A topology by the low-level interface: how to read a record, who it is, and what to do with it once the
 * review has let it through. All functions must be deterministic: no clock, no randomness, no I/O.
 *
 * Whatever `decode`, `identify`, `eventTime` or `version` throw makes the record poison, with the message as the
 * reason. Whatever `process`, `complete` or `beforeCommit` throw is a defect of the topology and stops the processor.
 */
export interface TopologySpec<V> {
  /** Names the internal topics: `<name>.verdicts`, `.quarantine`, `.dedupe`, `.state.<store>`. */
  readonly name: string;
  /** Raise it when `identify` changes its mind: the processor refuses to mix two versions of identity. Default 1. */
  readonly identityVersion?: number;
  /** Co-partitioned inputs, at most 31. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Partitions of every input, output and internal topic. */
  readonly partitions: number;
  readonly review: ReviewOptions;
  /** How long the topics of verdicts and quarantine keep their records when they are created. Default 7 and 30 days. */
  readonly keep?: { readonly verdictsMs?: number; readonly quarantineMs?: number };
  readonly stores?: readonly StoreSpec<unknown>[];
  decode(record: InputRecord): V;
  identify(value: V, record: InputRecord): RecordIdentity;
  /** ms since the Unix epoch. Default: the record's timestamp. */
  eventTime?(value: V, record: InputRecord): number;
  /** A number that rises with each revision of the same natural key. Default: none. */
  version?(value: V, record: InputRecord): number | null;
  /**
   * Whether the record says that its key is no more. Its content is then one fixed tombstone, judged by the ordinary rules: on an
   * unknown key it is `accepted` and remembered, so that a late insert does not bring the key up; `process` sees it with
   * `context.deleted`. It must have a version, or it is poison, and so should every record of an input that deletes: without
   * one, what was deleted and said again would be stale for ever. In a topology with `deleted`, versions are compared within
   * one input only. Default: nothing is ever deleted.
   */
  deleted?(value: V, record: InputRecord): boolean;
  process(value: V, record: InputRecord, context: ProcessContext): void;
  /**
   * What to do with a duplicate that knows a facet which was not known of its key: as a rule to emit it, so that readers of the
   * output can put the two together. With it, clean records = accepted + corrections + completing duplicates. Default: nothing, and
   * no duplicate is flagged.
   */
  complete?(value: V, record: InputRecord, context: CompleteContext): void;
  beforeCommit?(context: CommitContext): void;
}

/** A checked topology. */
export interface Topology<V = unknown> extends TopologySpec<V> {
  readonly topics: InternalTopics;
  readonly storeNames: readonly string[];
}

const INPUTS_MAX = 31;
const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,200}$/;

/** Checks a specification. Throws a RangeError that names what is wrong with it. */
export function defineTopology<V>(spec: TopologySpec<V>): Topology<V> {
  const storeNames = (spec.stores ?? []).map((store) => store.name);
  const problem = problemOf(spec, storeNames);
  if (problem !== undefined) throw new RangeError(`topology "${spec.name}": ${problem}`);
  const topics: InternalTopics = {
    verdicts: `${spec.name}.verdicts`,
    quarantine: `${spec.name}.quarantine`,
    dedupe: `${spec.name}.dedupe`,
    state: (store) => `${spec.name}.state.${store}`,
  };
  return { ...spec, topics, storeNames };
}

function problemOf<V>(spec: TopologySpec<V>, storeNames: readonly string[]): string | undefined {
  if (!TOPIC_NAME.test(spec.name)) return "the name must be a legal topic name of at most 200 characters";
  if (spec.inputs.length === 0 || spec.inputs.length > INPUTS_MAX) return `between 1 and ${INPUTS_MAX} inputs`;
  if (!Number.isInteger(spec.partitions) || spec.partitions < 1) return "partitions must be a positive integer";
  if (new Set(storeNames).size !== storeNames.length) return "two stores have the same name";
  if (new Set(spec.inputs).size !== spec.inputs.length) return "an input is named twice";
  for (const name of [...spec.inputs, ...spec.outputs, ...storeNames]) {
    if (!TOPIC_NAME.test(name)) return `"${name}" is no legal topic name`;
  }
  const tooLong = metadataProblem(storeNames.length);
  if (tooLong !== undefined) return tooLong;
  const { retention, allowedLatenessMs, replayWindowMs } = spec.review;
  if (retention === "unbounded") return undefined;
  if (!(retention.ms > 0)) return "retention must be positive";
  if (allowedLatenessMs !== undefined && allowedLatenessMs > retention.ms) {
    return `allowed lateness (${allowedLatenessMs} ms) exceeds the retention of known events (${retention.ms} ms): a repeated record could be accepted twice`;
  }
  if (replayWindowMs !== undefined && replayWindowMs > retention.ms) {
    return `the sources may replay ${replayWindowMs} ms, but known events are kept for ${retention.ms} ms only: a replay could be accepted twice`;
  }
  return undefined;
}
