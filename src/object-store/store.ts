/**
 * The object store port: an append-only sequence of objects, numbered from 1 without a hole. The feed writes it, the function reads it,
 * the audit compares with it. Stores: a folder (file-*.ts) and S3 (s3-*.ts).
 *
 * A store is one incarnation as long as its id stays the same: what was visible under a number is never changed and never taken back.
 * Whoever has to take something back gives the store another id first.
 */
import { createHash } from "node:crypto";

export interface StoredObject {
  /** Place in the store, from 1. */
  readonly seq: number;
  readonly key: string;
  /** SHA-256 of the body, hexadecimal. */
  readonly etag: string;
  /** When it was stored, ISO 8601 UTC. */
  readonly at: string;
  readonly contentType: string;
  /** Bytes of the body. */
  readonly size: number;
  /** null: left out because it was larger than asked for. */
  readonly body: Buffer | null;
}

export interface ObjectPage {
  /** Id of the incarnation; empty when nobody has created the store yet. */
  readonly store: string;
  /** The last number in the store; 0 when it is empty. Behind S3 it may be an older one, never less than what the page holds. */
  readonly head: number;
  /** In order, from the number asked for on, without a hole. */
  readonly objects: readonly StoredObject[];
}

/** Any number of readers, beside the writer or without one. Every call is a pure read; nothing half-written is ever seen. */
export interface ObjectReader {
  /** Up to `limit` objects after number `after`, and up to `maxBytes` of bodies: a first one that is larger alone comes without its body. */
  list(after: number, limit: number, maxBytes: number): Promise<ObjectPage>;
  /** One object, with its body up to `maxBytes`; null when there is none of that number. */
  get(seq: number, maxBytes: number): Promise<StoredObject | null>;
}

/** How far a match is. Moved by the append of an object itself, so that both are there or neither. */
export interface MatchProgress {
  readonly pass: number;
  readonly nextStep: number;
  readonly done: boolean;
  /** What the writer needs to go on, as it gave it. */
  readonly plan: Readonly<Record<string, number>>;
  readonly digest: string;
}

export interface NewObject {
  readonly key: string;
  readonly body: string;
  readonly contentType: string;
}

export interface AppendAt {
  readonly matchId: string;
  readonly pass: number;
  readonly step: number;
}

/** The single writer of a store. */
export interface ObjectWriter {
  readonly store: string;
  readonly head: number;
  progress(matchId: string): MatchProgress | undefined;
  /**
   * Appends one object and moves the match past `at.step`. Resolves when both are stored; to false, with nothing done, when the match
   * does not stand at that step. Calls are taken in their order. After an error the writer is broken: close it and open another.
   */
  append(object: NewObject, at: AppendAt): Promise<boolean>;
  /** Sets the progress of a match, in order with the appends. */
  setProgress(matchId: string, progress: MatchProgress): Promise<void>;
  close(): Promise<void>;
}

/** Hexadecimal SHA-256, the etag of a body. */
export function etagOf(body: Buffer | string): string {
  return createHash("sha256").update(body).digest("hex");
}

/** The store has bytes that it never wrote like that. */
export class DamagedStoreError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DamagedStoreError";
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
