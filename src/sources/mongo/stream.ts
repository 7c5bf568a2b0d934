/**
 * The running stream: change batches come in, Kafka transactions go out, one at a time; the next batch is fetched while the last
 * one commits. So two batches are in memory at most, each of 16 MiB as the server counts.
 */
import type { Db, MongoClient } from "mongodb";
import { WriteBatch } from "../../kafka/log.ts";
import { MARK_COLLECTION } from "../../mongo/collections.ts";
import { classifyMongoError, HISTORY_LOST, mongoCode, OBJECT_TOO_LARGE } from "../../mongo/errors.ts";
import { unlessAborted } from "../../unless-aborted.ts";
import type { Ownership, SourceHook, StatusBoard, StoredPosition } from "../kit/index.ts";
import { ContinuityLostError } from "../kit/index.ts";
import type { Change, ChangeBatch } from "./change-cursor.ts";
import { ChangeCursor } from "./change-cursor.ts";
import type { DocumentWriter } from "./events.ts";
import type { LogTime, MongoPosition } from "./position.ts";
import { tokenTime, tokenTimeText } from "./position.ts";

export interface StreamOptions {
  readonly client: MongoClient;
  readonly db: Db;
  readonly ownership: Ownership<MongoPosition>;
  readonly position: StoredPosition<MongoPosition>;
  readonly events: DocumentWriter;
  readonly status: StatusBoard;
  readonly maxEvents: number;
  readonly idlePositionMs: number;
  readonly watchdogMs: number;
  readonly signal: AbortSignal;
  readonly at: SourceHook;
  readonly now: () => number;
  /** The stream is open. */
  readonly onOpen: () => void;
}

/**
 * How carefully we read. An event that is larger than MongoDB lets one be fails the whole batch that holds it: then one by one
 * until it is the first, and that one without its document.
 */
type Care = "batches" | "one by one" | "without document";

/** Streams until `signal` aborts. @throws whatever ended the stream, classified. */
export async function stream(options: StreamOptions): Promise<void> {
  await new Streaming(options).loop();
}

class Streaming {
  readonly #o: StreamOptions;
  #position: StoredPosition<MongoPosition>;
  #care: Care = "batches";
  #carefulReads = 0;
  #lastCommitAt: number;

  constructor(options: StreamOptions) {
    this.#o = options;
    this.#position = options.position;
    this.#lastCommitAt = options.now();
  }

  async loop(): Promise<void> {
    while (!this.#o.signal.aborted) {
      const care = this.#care;
      try {
        await this.#read(care);
      } catch (error) {
        if (mongoCode(error) === OBJECT_TOO_LARGE && care !== "without document") {
          this.#care = care === "batches" ? "one by one" : "without document";
          this.#carefulReads = 0;
        } else {
          throw named(error);
        }
      }
    }
  }

  /** Reads through one cursor until `signal` aborts or another kind of care is due. */
  async #read(care: Care): Promise<void> {
    const { client, db, maxEvents, watchdogMs, signal, onOpen } = this.#o;
    const cursor = new ChangeCursor({
      client,
      db,
      collections: this.#o.events.names,
      start: { after: this.#position.position.token },
      batchSize: care === "batches" ? maxEvents : 1,
      withDocuments: care !== "without document",
      watchdogMs,
    });
    let coming: Promise<ChangeBatch> | undefined;
    try {
      if ((await this.#unlessAborted(cursor.open())) === null) return;
      onOpen();
      while (!signal.aborted && this.#care === care) {
        const batch = await this.#unlessAborted(coming ?? cursor.next());
        if (batch === null) return;
        coming = care === "batches" ? cursor.next() : undefined;
        // It may fail before anybody waits for it; whoever does gets the error all the same.
        coming?.catch(() => undefined);
        await this.#accept(batch);
        this.#relax(batch);
      }
    } finally {
      if (coming === undefined) await cursor.close();
      else void coming.catch(() => undefined).then(() => cursor.close());
    }
  }

  async #accept({ changes, token, logEnd }: ChangeBatch): Promise<void> {
    const write = new WriteBatch();
    let transactions = 0;
    let marked = false;
    let before: Change | undefined;
    for (const change of changes) {
      const lost = continuityLost(change, this.#o.events.names);
      if (lost !== null) {
        // What came before is whole; the change itself stays before us, until the new epoch has begun.
        if (write.length > 0 && before !== undefined)
          await this.#publish(write, before._id._data, transactions, logEnd);
        throw new ContinuityLostError(lost);
      }
      if (change.ns?.coll === MARK_COLLECTION) marked = true;
      else if (this.#append(write, change) && !isSameTransaction(before, change)) transactions += 1;
      before = change;
    }
    const { now, idlePositionMs, ownership } = this.#o;
    const moved = token !== this.#position.position.token;
    const due = write.length > 0 || marked || now() - this.#lastCommitAt >= idlePositionMs;
    if (moved && due) await this.#publish(write, token, transactions, logEnd);
    else await ownership.beat();
  }

  /** False for what is no event. */
  #append(write: WriteBatch, change: Change): boolean {
    const { events } = this.#o;
    const { operationType, fullDocument, documentKey } = change;
    const collection = events.names.find((name) => name === change.ns?.coll) ?? null;
    const isDocument = operationType === "insert" || operationType === "replace" || operationType === "update";
    const context = { id: `mongo:${change._id._data}`, timeMs: this.#timeOf(change) };
    if (collection !== null && isDocument && this.#care === "without document") {
      events.appendUnfetchable(write, collection, documentKey?._id, context, TOO_LARGE);
      return true;
    }
    if (collection !== null && isDocument && fullDocument !== null && fullDocument !== undefined) {
      events.append(write, collection, fullDocument, context);
      return true;
    }
    // An update whose document was deleted before we looked it up: the deletion follows.
    this.#ignored(isDocument ? "vanished" : `${operationType}s`);
    return false;
  }

  #ignored(what: string): void {
    const { status } = this.#o;
    const { ignored } = status.current;
    status.set({ ignored: { ...ignored, [what]: (ignored[what] ?? 0) + 1 } });
  }

  async #publish(write: WriteBatch, token: string, transactions: number, logEnd: LogTime | null): Promise<void> {
    const { ownership, status, at, now } = this.#o;
    const events = write.length;
    const { epoch, position } = this.#position;
    const next = { epoch, events: this.#position.events + events, position: { ...position, token } };
    await ownership.publish(write, next);
    this.#position = next;
    this.#lastCommitAt = now();
    const stands = tokenTime(token);
    const behind = stands === null || logEnd === null ? null : Math.max(0, logEnd.seconds - stands.seconds);
    status.committed(events, transactions, tokenTimeText(token), epoch, now());
    status.set({ lag: behind === null ? null : { amount: behind, unit: "seconds" } });
    await at("acknowledged");
  }

  /** Back to whole batches: after the event that came without its document, or when none was too large for a batch's length. */
  #relax({ changes }: ChangeBatch): void {
    this.#carefulReads += 1;
    const done = this.#care === "without document" ? changes.length > 0 : this.#carefulReads > this.#o.maxEvents;
    if (done) this.#care = "batches";
  }

  #timeOf({ wallTime, clusterTime }: Change): number {
    return wallTime?.getTime() ?? (clusterTime === undefined ? this.#o.now() : clusterTime.t * 1000);
  }

  /** Null when asked to stop meanwhile. */
  async #unlessAborted<T>(promise: Promise<T>): Promise<T | null> {
    const { signal } = this.#o;
    try {
      return await unlessAborted(promise, signal);
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
  }
}

const TOO_LARGE = "the document is so large that MongoDB cannot put it into the event of a change stream (16 MB)";

/** Why nothing can follow this change; null for an ordinary one. */
function continuityLost({ operationType, ns }: Change, names: readonly string[]): string | null {
  switch (operationType) {
    case "dropDatabase":
    case "invalidate":
      return `database ${ns?.db ?? ""} was dropped`;
    case "drop":
      return names.includes(ns?.coll ?? "") ? `collection ${ns?.coll} was dropped` : null;
    case "rename":
      return "a collection was renamed from or to one of ours";
    default:
      return null;
  }
}

function isSameTransaction(a: Change | undefined, b: Change): boolean {
  if (a?.lsid === undefined || b.lsid === undefined) return false;
  return a.lsid.id.toString("hex") === b.lsid.id.toString("hex") && String(a.txnNumber) === String(b.txnNumber);
}

/** The reaction to an error of the stream: history that is gone, or whatever any call would ask for. */
export function named(error: unknown): unknown {
  const code = mongoCode(error);
  if (code === undefined || !HISTORY_LOST.has(code)) return classifyMongoError(error, "reading the change stream");
  const why = error instanceof Error ? error.message.split("\n")[0] : "";
  return new ContinuityLostError(`MongoDB cannot go on from our position (code ${code}: ${why})`, { cause: error });
}
