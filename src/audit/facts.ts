import type { VerdictBlock } from "../domain/review/verdict-block.ts";
import type { VerdictCounts } from "../domain/review/verdict.ts";

/**
 * What the comparison is told, one fact at a time and in any number: nothing here is kept. The readers
 * (`read-*.ts`) make them from servers, tests make them by hand.
 */
export interface Identity {
  readonly key: string;
  /** A text; the tombstone of a deletion is none. */
  readonly content: string | Uint8Array;
  readonly facets?: readonly (string | null)[];
}

/** A row, document or object of a source, as it is now. */
export interface RowFact {
  /** Source id: "odi". */
  readonly source: string;
  /** Table, collection or "objects". */
  readonly table: string;
  readonly id: number | string;
  /** What it says, in one form: JSON is canonical, anything else as it is. Nothing that is the source's own (ids, times). */
  readonly payload: string;
  /** null: no delivery and no match can be read from it. */
  readonly identity: Identity | null;
  /** Edition of its document; absent of the first. */
  readonly version?: number;
}

/** A record of a raw topic. */
export interface RawFact {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Which row it is the event of; null where the record does not say. */
  readonly row: { readonly table: string; readonly id: number | string } | null;
  /** Sent once more from quarantine: its content may be another than that of its row. */
  readonly again: boolean;
  /** As `RowFact.payload`; null where the source had to cut the row. */
  readonly payload: string | null;
  /** null: cannot be read. */
  readonly identity: Identity | null;
  /** Edition of its document; absent of the first. */
  readonly version?: number;
  /** The bytes as they came, to compare those of a poison record with quarantine. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

export interface CleanFact {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The record's key: the order of its records is kept (EO-3). */
  readonly key: string;
  readonly eventId: string;
  readonly verdict: string;
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: number };
  /** Of the delivery or match in the record. */
  readonly identity: Identity;
  /** Edition of its document; absent of the first. */
  readonly version?: number;
  /** The delivery is no more. */
  readonly deleted?: true;
  /** Below the offset that the warehouse has loaded: it must be in its tables. */
  readonly loaded: boolean;
}

export interface QuarantineFact {
  /** Of the original. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Of the whole value, where quarantine keeps its beginning only. */
  readonly sha256: string | null;
}

/** A row of the warehouse's `deliveries` or `matches`. */
export interface WarehouseFact {
  readonly table: "deliveries" | "matches";
  /** For people: "deliveries 1375865/1/4.3". */
  readonly label: string;
  readonly eventId: string;
  /** Of what the row's columns say. */
  readonly identity: Identity;
}

/** How far the warehouse has loaded one partition of a clean topic. */
export interface LoadedFact {
  readonly topic: string;
  readonly partition: number;
  /** Where the topic ended when the audit looked: after its last record. */
  readonly end: number;
  /** The high watermark now. */
  readonly high: number;
  /** null: not a single record. */
  readonly next: number | null;
  /** Whether a loader holds the warehouse: without one, what is not loaded waits for the next. */
  readonly isLoading: boolean;
}

export interface VerdictTablesFact {
  /** By `topic/partition` of the input, of the blocks that the audit has read. */
  readonly counts: ReadonlyMap<string, VerdictCounts>;
  /** Rows of `verdicts`: those not accepted. */
  readonly rows: number;
  /** Rows of `quarantine`. */
  readonly quarantined: number;
}

export type { VerdictBlock };
