import { runSource } from "../kit/index.ts";
import type { MongoSourceOptions } from "./options.ts";
import { positionCodec } from "./position.ts";
import { runSession } from "./session.ts";

/**
 * Plays the documents of a database into Kafka, exactly once with respect to the persisted position, until `signal` aborts.
 *
 * Retries whatever may pass (MongoDB or Kafka gone, an election) with jittered back-off, and says so in the status. Steps back when a
 * newer instance takes over, and comes back when that is gone.
 *
 * @throws FatalError with a remedy when only a person can help: wrong credentials, a missing right, no replica set.
 */
export async function runMongoSource(options: MongoSourceOptions): Promise<void> {
  await runSource(options, { codec: positionCodec, session: (session) => runSession(options, session) });
}
