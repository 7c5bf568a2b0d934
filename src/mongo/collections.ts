/** What the application server writes into MongoDB and the source watches. */
import { type Db, MongoServerError } from "mongodb";

/** Matches before their deliveries: a reader of a copy knows a match when its first ball comes. */
export const T20I_COLLECTIONS = ["matches", "deliveries", "unreadable"] as const;
export type T20iCollection = (typeof T20I_COLLECTIONS)[number];
/** How far the feed is with each match: moved in the transaction of each document. */
export const PROGRESS_COLLECTION = "feed_progress";
/** A write here asks the source to persist its position at once: a mark that others wait for. */
export const MARK_COLLECTION = "marks";

const namespaceExists = 48;

/** Creates the collections that are missing; where none is, no right to create is needed. Safe to call from several processes at once. */
export async function ensureT20iCollections(db: Db): Promise<void> {
  const found = await db.listCollections({}, { nameOnly: true }).toArray();
  const names = new Set(found.map(({ name }) => name));
  for (const name of [...T20I_COLLECTIONS, PROGRESS_COLLECTION, MARK_COLLECTION]) {
    if (names.has(name)) continue;
    try {
      await db.createCollection(name);
    } catch (error) {
      if (!(error instanceof MongoServerError && error.code === namespaceExists)) throw error;
    }
  }
}
