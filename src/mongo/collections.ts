/** Collections that every database has which a feed writes and a source watches. */
import { type Db, MongoServerError } from "mongodb";

/** How far the feed is with each match: moved in the transaction of each document. */
export const PROGRESS_COLLECTION = "feed_progress";
/** A write here asks the source to persist its position at once: a mark that others wait for. */
export const MARK_COLLECTION = "marks";

const namespaceExists = 48;

/** Creates the wanted collections and ours where they are missing; where none is, no right to create is needed. Safe to call from several processes at once. */
export async function ensureCollections(db: Db, wanted: readonly string[]): Promise<void> {
  const found = await db.listCollections({}, { nameOnly: true }).toArray();
  const names = new Set(found.map(({ name }) => name));
  for (const name of [...wanted, PROGRESS_COLLECTION, MARK_COLLECTION]) {
    if (names.has(name)) continue;
    try {
      await db.createCollection(name);
    } catch (error) {
      if (!(error instanceof MongoServerError && error.code === namespaceExists)) throw error;
    }
  }
}
