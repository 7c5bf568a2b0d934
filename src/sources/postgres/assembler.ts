/**
 * Turns the server's messages into batches for Kafka: whole source transactions, several of them together.
 *
 * A source transaction goes into one Kafka transaction with the position after it. One that is larger than a batch is cut into
 * parts, because memory is bounded and nobody bounds a source transaction; the position then stays before it until its last part,
 * so a crash in between repeats its first parts under the same event ids (duplicates for the review, never a loss: EO-11).
 */
import { WriteBatch } from "../../kafka/log.ts";
import type { RowWriter } from "./events.ts";
import type { Lsn } from "./lsn.ts";
import { formatLsn, maxLsn } from "./lsn.ts";
import type { PgOutputMessage, Relation, Tuple } from "./pgoutput.ts";

export interface BatchLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export interface AssembledBatch {
  readonly write: WriteBatch;
  /** Everything committed before it is in this batch or an earlier one; null when no boundary was passed. */
  readonly boundary: Lsn | null;
  readonly transactions: number;
}

interface OpenTransaction {
  readonly commitLsn: Lsn;
  readonly commitTimeMs: number;
  /** Number of the next event: with the commit LSN it makes the event id, so it counts over all parts. */
  index: number;
}

/** What happened that is no event: shown, so that a person who deletes rows sees that nothing followed. */
export interface NonEvents {
  deletes: number;
  truncates: number;
  /** Changes of tables that are published but are not ours. */
  foreign: number;
}

export class Assembler {
  readonly #events: RowWriter;
  readonly #slot: string;
  readonly #limits: BatchLimits;
  /** Complete transactions, and parts of a large one. */
  #ready = new WriteBatch();
  #readyTransactions = 0;
  #boundary: Lsn | null = null;
  /** Events of the transaction that is being received. */
  #part = new WriteBatch();
  #open: OpenTransaction | undefined;
  readonly nonEvents: NonEvents = { deletes: 0, truncates: 0, foreign: 0 };

  constructor(options: { readonly events: RowWriter; readonly slot: string; readonly limits: BatchLimits }) {
    this.#events = options.events;
    this.#slot = options.slot;
    this.#limits = options.limits;
  }

  /** Events that `take` would return. */
  get readyEvents(): number {
    return this.#ready.length;
  }

  /** Bytes held, of both the finished and the open transaction. */
  get bytes(): number {
    return this.#ready.bytes + this.#part.bytes;
  }

  /** The batch is as large as it should get. */
  get full(): boolean {
    return this.#ready.length >= this.#limits.maxEvents || this.#ready.bytes >= this.#limits.maxBytes;
  }

  /** A second batch's worth waits behind the one that is under way: stop reading. */
  get overfull(): boolean {
    return (
      this.#ready.length + this.#part.length >= 2 * this.#limits.maxEvents || this.bytes >= 2 * this.#limits.maxBytes
    );
  }

  get isWithinTransaction(): boolean {
    return this.#open !== undefined;
  }

  get boundary(): Lsn | null {
    return this.#boundary;
  }

  accept(message: PgOutputMessage): void {
    switch (message.kind) {
      case "begin":
        if (this.#open !== undefined) throw new Error("a transaction began within another");
        this.#open = { commitLsn: message.commitLsn, commitTimeMs: message.commitTimeMs, index: 0 };
        return;
      case "commit":
        this.#moveToReady();
        if (this.#open !== undefined && this.#open.index > 0) this.#readyTransactions += 1;
        this.#open = undefined;
        this.#boundary = message.endLsn;
        return;
      case "insert":
      case "update":
        this.#row(message.relation, message.row);
        return;
      case "delete":
        this.nonEvents.deletes += 1;
        return;
      case "truncate":
        this.nonEvents.truncates += 1;
        return;
      case "relation":
      case "type":
      case "origin":
      case "message":
        return;
    }
  }

  /** The server has sent everything committed before `walEnd`. Within a transaction that says nothing about its end. */
  keepalive(walEnd: Lsn): void {
    if (this.#open === undefined) this.#boundary = maxLsn(this.#boundary ?? 0n, walEnd);
  }

  take(): AssembledBatch {
    const batch = { write: this.#ready, boundary: this.#boundary, transactions: this.#readyTransactions };
    this.#ready = new WriteBatch();
    this.#readyTransactions = 0;
    this.#boundary = null;
    return batch;
  }

  #row(relation: Relation, row: Tuple): void {
    const open = this.#open;
    if (open === undefined) throw new Error("a row came outside any transaction");
    const id = `pg:${this.#slot}:${formatLsn(open.commitLsn)}:${open.index}`;
    if (!this.#events.append(this.#part, relation, row, { id, timeMs: open.commitTimeMs })) {
      this.nonEvents.foreign += 1;
      return;
    }
    open.index += 1;
    if (this.#part.length >= this.#limits.maxEvents || this.#part.bytes >= this.#limits.maxBytes) this.#moveToReady();
  }

  #moveToReady(): void {
    const part = this.#part;
    if (part.length === 0) return;
    this.#part = new WriteBatch();
    if (this.#ready.length === 0) {
      this.#ready = part;
      return;
    }
    for (const [index, topic] of part.topics.entries()) {
      this.#ready.append(
        topic,
        part.partitions[index] ?? 0,
        part.keys[index] ?? null,
        part.values[index] ?? null,
        part.headers[index],
      );
    }
  }
}
