/** Opening MongoDB: the same for the local server and for Atlas (`mongodb+srv://`). */
import { MongoClient, ReadPreference } from "mongodb";
import { FatalError } from "../domain/errors.ts";
import { classifyMongoError } from "./errors.ts";

export interface MongoOptions {
  readonly applicationName: string;
  /** Connections at most (default 2). */
  readonly max?: number;
}

/** Longer than an election takes; the caller's own back-off follows. */
const SELECTION_MS = 5000;
/** No call of ours takes the server this long. */
const SOCKET_TIMEOUT_MS = 60_000;

/**
 * One document that another program wrote must not make a whole batch unreadable: a text that is not Unicode, or a pattern that is none of
 * JavaScript's and would throw as a RegExp. `Db.command` does not take these over from its client.
 */
export const READ_ANYTHING = { enableUtf8Validation: false, bsonRegExp: true } as const;

/**
 * A client that connects at its first call. What is acknowledged is on the disk of a majority; reads are of the primary.
 * Monitoring stays in the driver's own mode: it hangs for good in polling mode when a server cuts its sockets and stays up (7.8).
 *
 * @throws FatalError when the address cannot be read or names no database.
 */
export function openMongo(connection: string, options: MongoOptions): MongoClient {
  let client: MongoClient;
  try {
    client = new MongoClient(connection, {
      appName: options.applicationName,
      maxPoolSize: options.max ?? 2,
      serverSelectionTimeoutMS: SELECTION_MS,
      connectTimeoutMS: SELECTION_MS,
      socketTimeoutMS: SOCKET_TIMEOUT_MS,
      readPreference: ReadPreference.primary,
      writeConcern: { w: "majority", journal: true },
      readConcern: { level: "majority" },
      ...READ_ANYTHING,
    });
  } catch (error) {
    throw classifyMongoError(error, "opening MongoDB");
  }
  // Without one the driver would go on with a database called "test".
  if (!/^mongodb(\+srv)?:\/\/[^/]+\/[^?]/u.test(connection)) {
    throw new FatalError("the address of MongoDB names no database", {
      remedy: "put it behind the host in TU_MONGODB_URL: mongodb+srv://user:password@host/database",
    });
  }
  return client;
}

/** Closes without waiting for a server that may never answer. */
export async function closeMongo(client: MongoClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 1000);
  });
  // An error here is that of a connection which is broken already.
  await Promise.race([client.close(true).catch(() => undefined), enough]);
  clearTimeout(timer);
}
