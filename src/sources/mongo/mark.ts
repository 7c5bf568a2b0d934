/** Has the source seen everything that was in the database at a moment? Asked by those who wait for the end of a feed. */
import { closeMongo, openMongo } from "../../mongo/client.ts";
import { ensureCollections, MARK_COLLECTION } from "../../mongo/collections.ts";
import { classifyMongoError } from "../../mongo/errors.ts";
import { RetryableError } from "../../domain/errors.ts";
import { logTime } from "./change-cursor.ts";
import { isBefore, tokenTime } from "./position.ts";
import { countDocuments } from "./snapshot.ts";

export interface MongoMark {
  /** Documents that the collections hold. */
  readonly records: number;
  /** Whether a stored position (its fields, as they are in Kafka) is at the mark or beyond. */
  readonly reachedBy: (position: Readonly<Record<string, string | number>>) => boolean;
}

/**
 * Writes a mark into the log, after everything that is in it. The source persists its position at once when it comes to a mark.
 *
 * @throws RetryableError when MongoDB does not answer, FatalError when it refuses.
 */
export async function markMongo(connection: string, collections: readonly string[]): Promise<MongoMark> {
  const client = openMongo(connection, { applicationName: "third-umpire mark" });
  const session = client.startSession();
  try {
    const db = client.db();
    await ensureCollections(db, collections);
    const records = await countDocuments(db, collections);
    await db
      .collection<{ _id: string; n: number }>(MARK_COLLECTION)
      .updateOne({ _id: "settle" }, { $inc: { n: 1 } }, { upsert: true, session });
    const end = logTime(session.operationTime);
    if (end === null) throw new RetryableError("MongoDB gave no answer to the mark");
    return {
      records,
      reachedBy: ({ token }) => {
        const stands = tokenTime(String(token));
        return stands !== null && !isBefore(stands, end);
      },
    };
  } catch (error) {
    throw classifyMongoError(error, "marking the end of the feed");
  } finally {
    await session.endSession().catch(() => undefined); // the client is closed next
    await closeMongo(client);
  }
}
