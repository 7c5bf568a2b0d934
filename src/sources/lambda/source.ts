import { runSource } from "../kit/index.ts";
import { FunctionClient } from "./client.ts";
import type { LambdaSourceOptions } from "./options.ts";
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
  const client = new FunctionClient(options);
  try {
    await runSource<LambdaPosition>(options, {
      codec: LAMBDA_POSITION,
      session: (session) => new Session(options, session, client).run(),
    });
  } finally {
    client.close();
  }
}
