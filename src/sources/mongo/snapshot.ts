/**
 * The documents that were there before the stream, read as they were at one moment of the log: the stream begins right after
 * it, so copy and stream meet without gap or overlap.
 */
import { createHash } from "node:crypto";
import { type Db, type Document, MaxKey, ObjectId, Timestamp } from "mongodb";
import { WriteBatch } from "../../kafka/log.ts";
import { READ_ANYTHING } from "../../mongo/client.ts";
import { mongoCode } from "../../mongo/errors.ts";
import { orUnreadable, statedTime } from "../kit/index.ts";
import type { DocumentWriter } from "./events.ts";
import { rowId } from "./events.ts";
import type { LogTime } from "./position.ts";
import { relaxedJson } from "./relaxed-json.ts";

/**
 * The server keeps old versions for five minutes by default and says so when they are gone; not every service offers them. Then the
 * rest is read as it is now: what changed since the moment comes in the stream once more.
 */
const NO_OLD_VERSIONS = new Set([2, 72, 239, 246, 263, 8000]);

export interface SnapshotOptions {
  readonly db: Db;
  readonly moment: LogTime;
  readonly events: DocumentWriter;
  /** Documents of a batch, at most; the server ends one at 16 MiB besides. */
  readonly maxEvents: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Called with one batch after another; nothing is read meanwhile. */
  readonly onBatch: (batch: WriteBatch) => Promise<void>;
}

export async function countDocuments(db: Db, names: readonly string[]): Promise<number> {
  const counts = await Promise.all(names.map((name) => db.collection(name).countDocuments()));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Copies all documents, ordered by `_id` within a collection. Returns false when it was asked to stop before. */
export async function copySnapshot(options: SnapshotOptions): Promise<boolean> {
  const moment = new Timestamp({ t: options.moment.seconds, i: options.moment.increment });
  let readConcern: Document = { level: "snapshot", atClusterTime: moment };
  for (const name of options.events.names) {
    let after: PagePlace = { bound: null, skip: 0 };
    for (;;) {
      if (options.signal.aborted) return false;
      let page: Document[];
      try {
        page = await readPage(options, name, after, readConcern);
      } catch (error) {
        if (readConcern["level"] !== "snapshot" || !NO_OLD_VERSIONS.has(mongoCode(error) ?? 0)) throw error;
        readConcern = { level: "majority" };
        continue;
      }
      if (page.length === 0) break;
      after = placeAfter(after, page);
      const batch = new WriteBatch();
      for (const document of page) append(options, batch, name, document);
      await options.onBatch(batch);
    }
  }
  return true;
}

/** Where the next page begins. */
interface PagePlace {
  /** The id behind which it begins; null before the first. */
  readonly bound: { readonly id: unknown } | null;
  /** Documents behind the bound that have been read: those whose ids cannot be sent back (`isExact`). */
  readonly skip: number;
}

/**
 * One command a page and no cursor between them: Kafka may make us wait for longer than the server keeps one. The bound is one of
 * the index, and so holds across ids of different types, where a comparison would see those of one type alone. The document at
 * the bound is left out by its id and not by its place: it may have been deleted meanwhile.
 */
async function readPage(
  { db, maxEvents }: SnapshotOptions,
  name: string,
  { bound, skip }: PagePlace,
  readConcern: Document,
): Promise<Document[]> {
  const page = { sort: { _id: 1 }, limit: maxEvents, batchSize: maxEvents, singleBatch: true, readConcern };
  const read = async (what: Document): Promise<Document[]> => {
    const reply = await db.command({ find: name, hint: { _id: 1 }, ...what, ...page }, READ_ANYTHING);
    return (reply as { cursor: { firstBatch: Document[] } }).cursor.firstBatch;
  };
  if (bound === null) return await read({ filter: {}, skip });
  if (bound.id instanceof MaxKey) return [];
  const found = await read({ filter: { _id: { $ne: bound.id } }, min: { _id: bound.id }, skip });
  // An index scan from a bound on ends before the largest of all ids.
  return found.length > 0 ? found : await read({ filter: { _id: new MaxKey() } });
}

function placeAfter({ bound, skip }: PagePlace, page: readonly Document[]): PagePlace {
  const last = page.findLastIndex((document) => isExact(document["_id"]));
  if (last < 0) return { bound, skip: skip + page.length };
  return { bound: { id: page[last]?.["_id"] as unknown }, skip: page.length - 1 - last };
}

/**
 * Whether the server gets back the id that it sent. JavaScript holds no date beyond the year 275,760, no text that is not Unicode, and the
 * driver writes undefined as null.
 */
function isExact(id: unknown): boolean {
  if (id === undefined) return false;
  if (typeof id === "string") return !id.includes("\uFFFD");
  if (id instanceof Date) return !Number.isNaN(id.getTime());
  if (typeof id !== "object" || id === null || "_bsontype" in id) return true;
  return Object.values(id).every(isExact);
}

/** The id is deterministic: a second copy repeats it while the document is the same. */
function append(options: SnapshotOptions, batch: WriteBatch, name: string, document: Document): void {
  const _id: unknown = document["_id"];
  const content = orUnreadable(
    () => relaxedJson(document),
    () => "",
  );
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  options.events.append(batch, name, document, {
    id: `mongo:snap:${rowId(name, _id).replace("/", ":").replaceAll(/\s/gu, "_")}:${hash}`,
    timeMs: _id instanceof ObjectId ? statedTime(_id.getTimestamp().getTime(), options.now()) : options.now(),
  });
}
