import type { Document } from "mongodb";
import { CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import { FatalError, RetryableError } from "../../domain/errors.ts";
import { closeMongo, openMongo } from "../../mongo/client.ts";
import { classifyMongoError } from "../../mongo/errors.ts";
import { T20I_COLLECTIONS, T20I_DOCUMENTS } from "../../pipelines/cricket/sources/t20i.ts";
import type { Topology } from "../../processor/topology.ts";
import { documentEvent, rowId } from "../../sources/mongo/index.ts";
import type { RowFact } from "../facts.ts";
import { rowFact } from "../raw-fact.ts";

const BATCH = 1000;

/**
 * Every document there is now, by collection and id. Ids rise with the time of insertion, so documents that come meanwhile
 * are read or not, and those that are read come in order.
 * @throws FatalError when MongoDB cannot be read.
 */
export async function readMongoRows<V>(
  connection: string,
  topology: Topology<V>,
  signal: AbortSignal,
  visit: (row: RowFact) => void,
): Promise<void> {
  const client = openMongo(connection, { applicationName: "third-umpire audit" });
  try {
    for (const name of T20I_COLLECTIONS) {
      const cursor = client
        .db()
        .collection(name)
        .find({}, { sort: { _id: 1 }, batchSize: BATCH });
      for await (const document of cursor) {
        signal.throwIfAborted();
        visit(factOf(topology, name, document));
      }
    }
  } catch (error) {
    if (signal.aborted) throw error;
    const named = classifyMongoError(error, "reading the documents");
    if (!(named instanceof RetryableError)) throw named;
    throw new FatalError(named.message, { cause: error, remedy: "start the servers: third-umpire up" });
  } finally {
    await closeMongo(client);
  }
}

function factOf<V>(topology: Topology<V>, collection: string, document: Document): RowFact {
  const matchId: unknown = document["match_id"];
  return rowFact(
    topology,
    {
      source: "t20i",
      topic: CRICKET_TOPICS.t20iRaw,
      table: collection,
      id: rowId(collection, document["_id"]).slice(collection.length + 1),
      key: typeof matchId === "string" ? matchId : "",
    },
    documentEvent(T20I_DOCUMENTS, collection, document),
  );
}
