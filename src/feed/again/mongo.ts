/** The newest documents of the T20I database once more. */
import { createHash } from "node:crypto";
import { type Document, ObjectId, type WithId } from "mongodb";
import { closeMongo, openMongo } from "../../mongo/client.ts";
import type { T20iCollection } from "../../pipelines/cricket/sources/t20i.ts";
import { classifyMongoError } from "../../mongo/errors.ts";

const APPLICATION = "third-umpire again";

/** Unreadable documents are poison once, and that is enough. */
const REPEATED: readonly T20iCollection[] = ["matches", "deliveries"];

/** Numbers keep their BSON type: 4.0 must not come back as 4. */
const AS_STORED = { promoteValues: false } as const;

/**
 * Inserts the last `count` documents again, oldest first, each under a new id and in a transaction of its own.
 *
 * @returns how many there were.
 * @throws RetryableError when MongoDB does not answer, FatalError when it refuses.
 */
export async function repeatInMongo(connection: string, count: number, now: () => number = Date.now): Promise<number> {
  const client = openMongo(connection, { applicationName: APPLICATION });
  try {
    const db = client.db();
    const newest = await Promise.all(
      REPEATED.map(async (name) => {
        const documents = await db
          .collection(name)
          .find({}, { ...AS_STORED, sort: { _id: -1 }, limit: count })
          .toArray();
        return documents.map((document) => ({ name, document }));
      }),
    );
    const last = newest
      .flat()
      .toSorted((a, b) => idText(a.document).localeCompare(idText(b.document)))
      .slice(-count);
    const session = client.startSession();
    try {
      for (const [index, { name, document }] of last.entries()) {
        const { _id, ...content } = document;
        await session.withTransaction(async () => {
          await db
            .collection<Document>(name)
            .insertOne({ _id: repeatedId(content, now(), index), ...content }, { session });
        });
      }
    } finally {
      await session.endSession();
    }
    return last.length;
  } catch (error) {
    throw classifyMongoError(error, "inserting documents again");
  } finally {
    await closeMongo(client);
  }
}

/** Ids of the feed are ObjectIds: their text sorts as they do. */
function idText({ _id }: WithId<Document>): string {
  return _id.toHexString();
}

/**
 * Formed as the feed's own (seconds, 3 bytes of the match's digest, pass, step) with the last pass there can be: within a
 * second, too, a repeated document comes after all of its match that the feed has inserted, and they come in their order.
 */
function repeatedId(content: Document, nowMs: number, index: number): ObjectId {
  const id = Buffer.alloc(12, 0xff);
  id.writeUInt32BE(Math.floor(nowMs / 1000));
  createHash("sha256").update(String(content["match_id"])).digest().copy(id, 4, 0, 3);
  id.writeUInt32BE((Math.floor(nowMs) % 1000) * 4_000_000 + index, 8);
  return new ObjectId(id);
}
