/**
 * The running stream: messages come in, Kafka transactions go out, one at a time; the next fills while the last one commits.
 *
 *   server ──► assembler ──take──► publish (events + position, one transaction) ──► acknowledge to the server
 *      ▲           │
 *      └──pause────┘ when two batches wait
 */
import { classifyPostgresError } from "../../postgres/errors.ts";
import type { Ownership, SourceHook, StatusBoard, StoredPosition } from "../kit/index.ts";
import { ContinuityLostError, Wake } from "../kit/index.ts";
import { Assembler } from "./assembler.ts";
import type { BatchLimits } from "./assembler.ts";
import type { RowWriter } from "./events.ts";
import type { Lsn } from "./lsn.ts";
import { formatLsn, maxLsn } from "./lsn.ts";
import type { Relation } from "./pgoutput.ts";
import { PgOutputDecoder } from "./pgoutput.ts";
import type { PostgresPosition } from "./position.ts";
import { tableId } from "./published.ts";
import type { ReplicationConnection, ServerMessage } from "./replication.ts";

/** The server drops a client it has not heard of for wal_sender_timeout (60 s by default, less where somebody chose so), also one that only waits for Kafka. */
const HEARTBEAT_MS = 1000;
/** An idle table must not pin the log: a position that only moved is persisted this often. */
const IDLE_POSITION_MS = 2000;
/** `pg_logical_emit_message(true, 'third-umpire', …)` asks for the position to be persisted at once: a mark that others wait for. */
/** How often it is looked whether the publication and its tables are still what they were. */
const CHECK_MS = 5000;
const MARK_PREFIX = "third-umpire";

export interface StreamOptions {
  readonly replication: ReplicationConnection;
  readonly publisher: Pick<Ownership<PostgresPosition>, "publish">;
  readonly events: RowWriter;
  readonly slot: string;
  readonly publication: string;
  readonly startFrom: Lsn;
  readonly position: StoredPosition<PostgresPosition>;
  readonly limits: BatchLimits;
  readonly lingerMs: number;
  readonly signal: AbortSignal;
  readonly status: StatusBoard;
  readonly at: SourceHook;
  readonly now: () => number;
  /** Asked now and then. @throws ContinuityLostError when what we read is not what it was */
  readonly check: () => Promise<void>;
}

/** Streams until `signal` aborts, then commits what is complete. @throws whatever ended the stream, classified. */
export async function stream(options: StreamOptions): Promise<void> {
  const run = new Streaming(options);
  await run.loop();
}

class Streaming {
  readonly #o: StreamOptions;
  readonly #decoder = new PgOutputDecoder();
  readonly #assembler: Assembler;
  readonly #wake = new Wake();
  #position: StoredPosition<PostgresPosition>;
  #failure: unknown;
  #failed = false;
  #paused = false;
  #replyWanted = false;
  /** Somebody waits for the position behind the mark. */
  #isMarked = false;
  #firstReadyAt = 0;
  #lastCommitAt: number;

  constructor(options: StreamOptions) {
    this.#o = options;
    this.#position = options.position;
    this.#lastCommitAt = options.now();
    this.#assembler = new Assembler({ events: options.events, slot: options.slot, limits: options.limits });
  }

  async loop(): Promise<void> {
    const { replication, slot, publication, startFrom, signal, now } = this.#o;
    const ring = (): void => this.#wake.ring();
    const fail = (error: unknown): void => {
      if (this.#failed) return;
      this.#failure = error;
      this.#failed = true;
      ring();
    };
    replication.onFailure = fail;
    signal.addEventListener("abort", ring);
    // The old position, again and again: it keeps the connection alive and promises nothing new.
    const heartbeat = setInterval(() => replication.acknowledge(this.#lsn, now()), HEARTBEAT_MS);
    // What else is wrong with the server is the stream's to say.
    const look = (error: unknown): void => (error instanceof ContinuityLostError ? fail(error) : undefined);
    const check = setInterval(() => void this.#o.check().catch(look), CHECK_MS);
    try {
      replication.start(slot, publication, startFrom, (message) => this.#receive(message));
      while (!this.#failed) {
        const waitMs = this.#msUntilDue();
        if (waitMs <= 0) await this.#commit();
        else if (signal.aborted) return;
        else await this.#wake.wait(waitMs);
      }
      // Whole transactions that came before are not lost with the slot.
      if (this.#failure instanceof ContinuityLostError && this.#assembler.readyEvents > 0) await this.#commit();
      throw classifyPostgresError(this.#failure, "reading the replication stream");
    } finally {
      clearInterval(heartbeat);
      clearInterval(check);
      signal.removeEventListener("abort", ring);
    }
  }

  #receive(message: ServerMessage): void {
    if (this.#failed) return;
    const { readyEvents: before, boundary } = this.#assembler;
    if (message.kind === "data") {
      const decoded = this.#decoder.decode(message.payload);
      this.#isMarked ||= decoded.kind === "message" && decoded.prefix === MARK_PREFIX;
      if (decoded.kind === "relation") this.#expectSameTable(decoded.relation);
      this.#assembler.accept(decoded);
    } else {
      this.#assembler.keepalive(message.walEnd);
      this.#replyWanted ||= message.reply;
    }
    const ready = this.#assembler.readyEvents;
    if (before === 0 && ready > 0) this.#firstReadyAt = this.#o.now();
    if (!this.#paused && this.#assembler.overfull) {
      this.#paused = true;
      this.#o.replication.pause();
    }
    const isNews =
      ready !== before || message.kind === "keepalive" || (this.#isMarked && this.#assembler.boundary !== boundary);
    if (isNews) this.#wake.ring();
  }

  /** A table of ours that the stream describes must be the one that was there at the start: what was in another one before is not in it. */
  #expectSameTable({ id, schema, name }: Relation): void {
    const { published } = this.#position.position;
    const { tables } = this.#o.events;
    if (published === undefined || schema !== tables.schema || !(name in tables.tables)) return;
    if (tableId(published.tables, name) !== id)
      throw new ContinuityLostError(
        `table ${schema}.${name} is another one than before: dropped and made anew, or renamed`,
      );
  }

  /** ms until the next Kafka transaction should be committed; 0 = now. */
  #msUntilDue(): number {
    const { now, lingerMs, signal } = this.#o;
    if (this.#assembler.readyEvents > 0) {
      if (this.#assembler.full || signal.aborted) return 0;
      return Math.max(0, this.#firstReadyAt + lingerMs - now());
    }
    const { boundary } = this.#assembler;
    const moved = boundary !== null && boundary > this.#lsn;
    if (!moved) {
      if (this.#replyWanted) this.#answer();
      return IDLE_POSITION_MS;
    }
    // A server that shuts down waits until everything it sent is acknowledged, and we acknowledge only what is persisted.
    if (this.#replyWanted || (this.#isMarked && !this.#assembler.isWithinTransaction)) return 0;
    return Math.max(0, this.#lastCommitAt + IDLE_POSITION_MS - now());
  }

  async #commit(): Promise<void> {
    const { publisher, status, replication, at, now } = this.#o;
    const batch = this.#assembler.take();
    if (!this.#assembler.isWithinTransaction) this.#isMarked = false;
    if (this.#paused && !this.#assembler.overfull) {
      this.#paused = false;
      replication.resume();
    }
    const events = batch.write.length;
    // Replays (startFrom "slot", a large transaction's parts) carry old boundaries: a position never moves back.
    const lsn = maxLsn(this.#lsn, batch.boundary ?? 0n);
    const { epoch, events: before, position } = this.#position;
    const next = { epoch, events: before + events, position: { ...position, lsn } };
    await publisher.publish(batch.write, next);
    this.#position = next;
    this.#lastCommitAt = now();
    status.committed(events, batch.transactions, formatLsn(lsn), epoch, now());
    status.set({ ignored: { ...this.#assembler.nonEvents } });
    this.#answer();
    await at("acknowledged");
  }

  #answer(): void {
    this.#replyWanted = false;
    this.#o.replication.acknowledge(this.#lsn, this.#o.now());
  }

  get #lsn(): Lsn {
    return this.#position.position.lsn;
  }
}
