import { prepareTopics, quietOwner, runSource, StatusBoard } from "../kit/index.ts";
import type { MongoSourceOptions } from "./options.ts";
import { DEFAULTS } from "./options.ts";
import { positionCodec } from "./position.ts";
import { runSession } from "./session.ts";

/**
 * Plays the documents of the T20I database into Kafka, exactly once with respect to the persisted position, until `signal` aborts.
 *
 * Retries whatever may pass (MongoDB or Kafka gone, an election) with jittered back-off, and says so in the status. Steps back when a
 * newer instance takes over, and comes back when that is gone.
 *
 * @throws FatalError with a remedy when only a person can help: wrong credentials, a missing right, no replica set.
 */
export async function runMongoSource(options: MongoSourceOptions): Promise<void> {
  const { log, sourceId, signal, random, now, standbyMs } = options;
  const { transactionTimeoutMs = DEFAULTS.transactionTimeoutMs, at = () => undefined } = options;
  await runSource({
    log,
    sourceId,
    codec: positionCodec,
    transactionTimeoutMs,
    signal,
    status: new StatusBoard(options.onStatus),
    at,
    topics: () => prepareTopics(options),
    session: (session) => runSession(options, session),
    standby: (topics) => Promise.resolve(quietOwner({ log, topics, sourceId, ...(now === undefined ? {} : { now }) })),
    ...(random === undefined ? {} : { random }),
    ...(now === undefined ? {} : { now }),
    ...(standbyMs === undefined ? {} : { standbyMs }),
  });
}
