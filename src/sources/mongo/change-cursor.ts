/**
 * A change stream, batch by batch, over the server's own commands. The driver's iterator would resume by itself and hide when it
 * did; here every batch comes with the token behind it, and every failure is ours to see.
 */
import { type ClientSession, type Db, type Document, Long, type MongoClient, Timestamp } from "mongodb";
import { RetryableError } from "../../domain/errors.ts";
import { READ_ANYTHING } from "../../mongo/client.ts";
import { MARK_COLLECTION } from "../../mongo/collections.ts";
import type { LogTime } from "./position.ts";

/** How long the server holds a getMore open when nothing happens. */
const AWAIT_MS = 1000;

export interface Change {
  readonly _id: { readonly _data: string };
  readonly operationType: string;
  readonly ns?: { readonly db: string; readonly coll?: string };
  readonly documentKey?: { readonly _id: unknown };
  readonly fullDocument?: Document | null;
  readonly clusterTime?: Timestamp;
  /** From MongoDB 6.0. */
  readonly wallTime?: Date;
  readonly lsid?: { readonly id: { toString(encoding?: "hex"): string } };
  readonly txnNumber?: Long | number;
}

export interface ChangeBatch {
  readonly changes: readonly Change[];
  /** Everything up to here was looked at, whether it concerned us or not. */
  readonly token: string;
  /** The end of the server's log at the same moment; null where it does not say. */
  readonly logEnd: LogTime | null;
}

export type ChangeStart = { readonly after: string } | { readonly from: LogTime };

export interface ChangeCursorOptions {
  readonly client: MongoClient;
  readonly db: Db;
  readonly start: ChangeStart;
  /** Names of those that are read. */
  readonly collections: readonly string[];
  readonly batchSize: number;
  /** False: without the documents themselves, for one that is too large to come in an event. */
  readonly withDocuments: boolean;
  /** The server is given up when it has not answered for so long, ms. */
  readonly watchdogMs: number;
}

interface CursorReply {
  readonly operationTime?: Timestamp;
  readonly cursor: {
    readonly id: Long | number;
    readonly firstBatch?: readonly Change[];
    readonly nextBatch?: readonly Change[];
    readonly postBatchResumeToken?: { readonly _data: string };
  };
}

export class ChangeCursor {
  readonly #o: ChangeCursorOptions;
  readonly #session: ClientSession;
  #id: Long | undefined;
  #token = "";

  constructor(options: ChangeCursorOptions) {
    this.#o = options;
    // A cursor belongs to the session that opened it.
    this.#session = options.client.startSession();
  }

  /** Opens the stream. Resolves with the token at its start; nothing is read yet. @throws errors of the driver as they are */
  async open(): Promise<string> {
    const { start, withDocuments } = this.#o;
    const where =
      "after" in start
        ? { startAfter: { _data: start.after } }
        : { startAtOperationTime: new Timestamp({ t: start.from.seconds, i: start.from.increment }) };
    const pipeline = [
      { $changeStream: { ...where, fullDocument: withDocuments ? "updateLookup" : "default" } },
      { $match: watched(this.#o.collections) },
      { $project: withDocuments ? FIELDS : WITHOUT_DOCUMENT },
    ];
    const command = { aggregate: 1, pipeline, cursor: { batchSize: 0 }, readConcern: { level: "majority" } };
    this.#take(await this.#command(command));
    if (this.#token === "" && "after" in start) this.#token = start.after;
    return this.#token;
  }

  /** The next changes; none after about a second in which nothing happened. @throws errors of the driver as they are */
  async next(): Promise<ChangeBatch> {
    const command = {
      getMore: this.#id,
      collection: "$cmd.aggregate",
      batchSize: this.#o.batchSize,
      maxTimeMS: AWAIT_MS,
    };
    const reply = await this.#command(command);
    const changes = this.#take(reply);
    return { changes, token: this.#token, logEnd: logTime(reply.operationTime) };
  }

  async close(): Promise<void> {
    // The server is told with the session's end; one that is gone needs no telling.
    await this.#session.endSession().catch(() => undefined);
  }

  async #command(command: Document): Promise<CursorReply> {
    const { db, watchdogMs } = this.#o;
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      const message = `MongoDB has not answered for ${watchdogMs / 1000} s`;
      timer = setTimeout(() => reject(new RetryableError(message)), watchdogMs);
    });
    const answer = db.command(command, { session: this.#session, ...READ_ANYTHING });
    // Nobody waits for it any more when silence came first.
    answer.catch(() => undefined);
    try {
      return (await Promise.race([answer, silence])) as unknown as CursorReply;
    } finally {
      clearTimeout(timer);
    }
  }

  #take({ cursor }: CursorReply): readonly Change[] {
    const { id, firstBatch, nextBatch, postBatchResumeToken } = cursor;
    this.#id = typeof id === "number" ? Long.fromNumber(id) : id;
    const changes = firstBatch ?? nextBatch ?? [];
    this.#token = postBatchResumeToken?._data ?? changes.at(-1)?._id._data ?? this.#token;
    return changes;
  }
}

/** Null for what is no timestamp of the log. */
export function logTime(value: unknown): LogTime | null {
  return value instanceof Timestamp ? { seconds: value.t, increment: value.i } : null;
}

/** The collections, what becomes one of them by another's renaming, and the end of the database. */
function watched(collections: readonly string[]): Document {
  const names = [...collections, MARK_COLLECTION];
  return {
    $or: [
      { "ns.coll": { $in: names } },
      { "to.coll": { $in: names } },
      { operationType: { $in: ["dropDatabase", "invalidate"] } },
    ],
  };
}

/** An update would bring its document twice, whole and as what changed. */
const WITHOUT_DOCUMENT: Document = {
  operationType: 1,
  ns: 1,
  documentKey: 1,
  clusterTime: 1,
  wallTime: 1,
  lsid: 1,
  txnNumber: 1,
};
const FIELDS: Document = { ...WITHOUT_DOCUMENT, fullDocument: 1 };
