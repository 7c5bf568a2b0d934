/**
 * The T20I database as the target of a feed: one document a step, in one transaction with the progress of its match.
 *
 * A commit whose answer got lost is no riddle: the transaction moves the progress, only from where its step begins. Whoever tries again
 * finds it moved, or not, and a second attempt under way at the same time is in conflict with the first.
 */
import { createHash } from "node:crypto";
import { BSON, type ClientSession, type Db, type MongoClient, MongoServerError, ObjectId } from "mongodb";
import { RetryableError } from "../../domain/errors.ts";
import { closeMongo, openMongo } from "../../mongo/client.ts";
import { ensureCollections, PROGRESS_COLLECTION } from "../../mongo/collections.ts";
import { T20I_COLLECTIONS, type T20iCollection } from "../../pipelines/cricket/sources/t20i.ts";
import { classifyMongoError, OBJECT_TOO_LARGE } from "../../mongo/errors.ts";
import type { PlanOptions, Step } from "../plan.ts";
import { t20iDeliveryKey } from "../formats/json.ts";
import type { FeedConnection, FeedTarget, Progress, StatedKeys, StepPlace } from "../target.ts";
import { OrderedCommits } from "./mongo-commits.ts";

const APPLICATION = "third-umpire feed";
/** Two for each of a feed's workers (one runs transactions, one waits for the disk), and some to prepare. */
const CONNECTIONS = 40;
/** Documents on their way to the server or to its disk. */
const WINDOW_ROWS = 32;

/** MongoDB takes 16 MiB, and so must the event of a change stream, which is a little larger than its document. */
const MAX_DOCUMENT_BYTES = 15 * 1024 * 1024;
/** From here on the exact size is measured. */
const LARGE_BYTES = 4 * 1024 * 1024;
/** What is kept of a document that MongoDB does not take. */
const KEPT_BYTES = 64 * 1024;

/** Codes with which the server refuses a document for what it holds: nested too deeply, not BSON, a name it does not allow. */
const REFUSED = new Set([2, 15, 22, 52, 55, 57, OBJECT_TOO_LARGE]);

export interface MongoContent {
  readonly kind: "delivery" | "match" | "unreadable";
  readonly document: { readonly match_id: string };
}

const COLLECTIONS: Readonly<Record<MongoContent["kind"], T20iCollection>> = {
  delivery: "deliveries",
  match: "matches",
  unreadable: "unreadable",
};

interface DeliveryDocument {
  readonly _id: unknown;
  readonly innings: unknown;
  readonly over: unknown;
  readonly ball: unknown;
  readonly edition?: number;
  readonly deleted?: boolean;
}

interface ProgressDocument {
  _id: string;
  pass: number;
  next_step: number;
  done: boolean;
  plan: PlanOptions;
  files_sha256: string;
  /** Absent of the first. */
  edition?: number;
  updated_at: Date;
}

export interface MongoTargetOptions {
  /** `mongodb://` or `mongodb+srv://` address that names a database. */
  readonly connection: string;
  readonly now?: () => number;
}

/** @throws FatalError when the address cannot be read or names no database. */
export function mongoTarget<C extends MongoContent>(options: MongoTargetOptions): FeedTarget<C> {
  const client = openMongo(options.connection, { applicationName: APPLICATION, max: CONNECTIONS });
  const db = client.db();
  const progress = db.collection<ProgressDocument>(PROGRESS_COLLECTION);
  return {
    prepare: async () => {
      // The driver connects at the first call, and only then: where that one failed, every further call finds a closed client (7.8).
      await client.connect();
      await ensureCollections(db, T20I_COLLECTIONS);
    },
    finished: async (matchIds) => {
      const done = progress.find({ _id: { $in: [...matchIds] }, done: true }, { projection: { files_sha256: 1 } });
      return new Map((await done.toArray()).map(({ _id, files_sha256 }) => [_id, files_sha256]));
    },
    again: async (matchIds, plan) => {
      await progress.updateMany({ _id: { $in: [...matchIds] }, done: true }, [
        {
          $set: { pass: { $add: ["$pass", 1] }, next_step: 0, done: false, plan: keptPlan(plan), updated_at: "$$NOW" },
        },
      ]);
    },
    connect: () => Promise.resolve(new MongoConnection<C>(client, db, options.now ?? Date.now)),
    classify: (error, doing) => {
      const named = classifyMongoError(error, doing);
      return named instanceof Error ? named : new Error(String(named));
    },
    close: () => closeMongo(client),
  };
}

class MongoConnection<C extends MongoContent> implements FeedConnection<C> {
  readonly windowRows = WINDOW_ROWS;
  readonly #db: Db;
  readonly #now: () => number;
  readonly #commits: OrderedCommits;

  constructor(client: MongoClient, db: Db, now: () => number) {
    this.#commits = new OrderedCommits({ client, groupRows: WINDOW_ROWS / 2 });
    this.#db = db;
    this.#now = now;
  }

  async begin(matchId: string, plan: PlanOptions, digest: string): Promise<Progress> {
    this.#commits.begin();
    const first = { pass: 0, next_step: 0, done: false, plan: keptPlan(plan), files_sha256: digest };
    const found = await this.#progress().findOneAndUpdate(
      { _id: matchId },
      { $setOnInsert: { ...first, updated_at: new Date(this.#now()) } },
      { upsert: true, returnDocument: "after" },
    );
    if (found === null) throw new RetryableError(`the progress of match ${matchId} vanished`);
    const { pass, next_step: nextStep, done, plan: kept, files_sha256: filesSha256, edition } = found;
    return { pass, nextStep, done, plan: kept, filesSha256, ...(edition === undefined ? {} : { edition }) };
  }

  async restart(matchId: string, plan: PlanOptions, digest: string): Promise<void> {
    await this.#progress().updateOne({ _id: matchId }, [
      {
        $set: {
          pass: { $add: ["$pass", 1] },
          edition: { $add: [{ $ifNull: ["$edition", 1] }, 1] },
          next_step: 0,
          done: false,
          files_sha256: digest,
          plan: keptPlan(plan),
          updated_at: new Date(this.#now()),
        },
      },
    ]);
  }

  /** Its documents are known by the digest of the progress key in their ids: another folder may hold the same match. */
  async stated(at: { progressKey: string; matchId: string; edition: number }): Promise<StatedKeys> {
    const found = this.#db
      .collection(COLLECTIONS.delivery)
      .find<DeliveryDocument>({ match_id: at.matchId }, { projection: { delivery: 0 }, sort: { _id: 1 } });
    const before = new Set<string>();
    const deleted = new Set<string>();
    const digest = digestOf(at.progressKey);
    for await (const document of found) {
      if (!(document._id instanceof ObjectId) || !digest.equals(document._id.id.subarray(4, 7))) continue;
      const key = t20iDeliveryKey(document);
      const { edition = 1, deleted: isDeletion = false } = document;
      if (key === null || edition > at.edition) continue;
      if (edition === at.edition) {
        if (isDeletion) deleted.add(key);
      } else if (isDeletion) before.delete(key);
      else before.add(key);
    }
    return { before, deleted };
  }

  insert(at: StepPlace, step: Step<C>): Promise<boolean> {
    return this.#commits.add((session) => this.#insertStep(session, at, step));
  }

  async #insertStep(session: ClientSession, at: StepPlace, step: Step<C>): Promise<boolean> {
    const { kind, document } = step.content;
    const tooLarge = step.bytes > LARGE_BYTES ? tooLargeProblem(document) : null;
    if (tooLarge !== null)
      return await this.#transaction(session, at, "unreadable", unreadable(document, step.line, tooLarge));
    try {
      return await this.#transaction(session, at, COLLECTIONS[kind], document);
    } catch (error) {
      const problem = refusal(error);
      if (problem === null) throw error;
      if (session.inTransaction()) await session.abortTransaction();
      return await this.#transaction(session, at, "unreadable", unreadable(document, step.line, problem));
    }
  }

  async finish(matchId: string, pass: number, steps: number): Promise<boolean> {
    const result = await this.#progress().updateOne(
      { _id: matchId, pass, next_step: steps },
      { $set: { done: true, updated_at: new Date(this.#now()) } },
    );
    return result.matchedCount === 1;
  }

  close(): Promise<void> {
    return this.#commits.close();
  }

  #progress(): ReturnType<typeof progressOf> {
    return progressOf(this.#db);
  }

  /** Commits in memory; `OrderedCommits` waits for the disk. */
  async #transaction(
    session: ClientSession,
    at: StepPlace,
    collection: T20iCollection,
    document: object,
  ): Promise<boolean> {
    session.startTransaction({ readConcern: { level: "local" }, writeConcern: { w: 1 } });
    const moved = await this.#progress().updateOne(
      { _id: at.matchId, pass: at.pass, next_step: at.step },
      { $inc: { next_step: 1 }, $set: { updated_at: new Date(this.#now()) } },
      { session },
    );
    if (moved.matchedCount === 1) {
      const _id = documentId(at, this.#now());
      await this.#db.collection(collection).insertOne({ _id, ...document }, { session });
      await session.commitTransaction();
      return true;
    }
    await session.abortTransaction();
    return false;
  }
}

function progressOf(db: Db): ReturnType<typeof db.collection<ProgressDocument>> {
  return db.collection<ProgressDocument>(PROGRESS_COLLECTION);
}

function keptPlan({ seed, replayRate, correctionRate }: PlanOptions): PlanOptions {
  return { seed, replayRate, correctionRate };
}

/**
 * An ObjectId whose order, within a match, is that of the steps, over restarts of the feed too (the driver's own begins anew at a random place
 * in each process): seconds, 3 bytes of the match's digest, pass, step. Another match may get the same one within a second, with
 * one chance in 16 million; then the server refuses it, and a later second goes in.
 */
function documentId(at: StepPlace, nowMs: number): ObjectId {
  const id = Buffer.alloc(12);
  id.writeUInt32BE(Math.floor(nowMs / 1000));
  digestOf(at.matchId).copy(id, 4);
  id.writeUInt8(at.pass & 0xff, 7);
  id.writeUInt32BE(at.step, 8);
  return new ObjectId(id);
}

function digestOf(progressKey: string): Buffer {
  return createHash("sha256").update(progressKey).digest().subarray(0, 3);
}

function tooLargeProblem(document: object): string | null {
  let bytes: number;
  try {
    bytes = BSON.calculateObjectSize(document);
  } catch (error) {
    return refusal(error);
  }
  return bytes <= MAX_DOCUMENT_BYTES ? null : `the document is ${bytes} bytes, over MongoDB's limit`;
}

/** Why MongoDB (or BSON, its form of documents) cannot hold a document; null when something else is the matter. */
function refusal(error: unknown): string | null {
  if (BSON.BSONError.isBSONError(error)) return `not a document for MongoDB: ${(error as Error).message}`;
  // Nested so deeply that writing it out takes more stack than there is.
  if (error instanceof RangeError) return `not a document for MongoDB: ${(error as Error).message}`;
  if (error instanceof MongoServerError && typeof error.code === "number" && REFUSED.has(error.code))
    return `MongoDB does not take the document: ${error.message.slice(0, 300)}`;
  return null;
}

function unreadable(document: { readonly match_id: string }, line: number, problem: string): object {
  const { match_id } = document;
  const raw = Buffer.from(textOf(document)).subarray(0, KEPT_BYTES).toString("base64");
  return { match_id: String(match_id), file: `${match_id}.json`, line, raw, problem };
}

function textOf(document: object): string {
  try {
    return JSON.stringify(document);
  } catch (error) {
    if (error instanceof RangeError) return ""; // nested too deeply to be written out at all
    throw error;
  }
}
