import { prepareTopics, quietOwner, runSource, StatusBoard } from "../kit/index.ts";
import { FunctionClient } from "./client.ts";
import type { LambdaSourceOptions } from "./options.ts";
import { DEFAULTS } from "./options.ts";
import type { LambdaPosition } from "./position.ts";
import { LAMBDA_POSITION } from "./position.ts";
import { Session } from "./session.ts";

/**
 * Plays the objects behind a Lambda function into Kafka, exactly once with respect to the persisted cursor, until `signal` aborts.
 *
 * Retries whatever may pass (function, endpoint or Kafka gone, throttling) with jittered back-off, and says so in the status. Steps back
 * when a newer instance takes over, and comes back when that is gone.
 *
 * @throws FatalError with a remedy when only a person can help: no such function, no credentials, access denied.
 */
export async function runLambdaSource(options: LambdaSourceOptions): Promise<void> {
  const { log, sourceId, signal, random, now, beatMs, standbyMs } = options;
  const client = new FunctionClient(options);
  try {
    await runSource<LambdaPosition>({
      log,
      sourceId,
      codec: LAMBDA_POSITION,
      transactionTimeoutMs: options.transactionTimeoutMs ?? DEFAULTS.transactionTimeoutMs,
      signal,
      status: new StatusBoard(options.onStatus),
      at: options.at ?? (() => undefined),
      topics: () => prepareTopics(options),
      session: (session) => new Session(options, session, client).run(),
      standby: (topics) => Promise.resolve(quietOwner({ log, topics, sourceId })),
      ...(random === undefined ? {} : { random }),
      ...(now === undefined ? {} : { now }),
      ...(beatMs === undefined ? {} : { beatMs }),
      ...(standbyMs === undefined ? {} : { standbyMs }),
    });
  } finally {
    client.close();
  }
}
