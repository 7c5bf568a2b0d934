import { FatalError, RetryableError } from "../../domain/errors.ts";
import { BrokerConnection } from "./broker-connection.ts";
import type { WireReader, WireRequest } from "./codec.ts";

/** Sends one request to host:port, on a connection of its own, and returns a reader of the response's body. Rejects with a plain Error. */
export async function exchange(address: string, request: WireRequest, timeoutMs: number): Promise<WireReader> {
  const connection = await BrokerConnection.open(address, timeoutMs);
  try {
    return await connection.request(request);
  } finally {
    connection.close();
  }
}

/** Asks one server of a comma-separated host:port list after the other. Throws RetryableError when none answers, and what `ask` says is fatal. */
export async function firstAnswer<T>(brokers: string, what: string, ask: (address: string) => Promise<T>): Promise<T> {
  const failures: string[] = [];
  let last: unknown;
  for (const address of brokers.split(",").map((part) => part.trim())) {
    try {
      return await ask(address);
    } catch (cause) {
      // A refusal is an answer: the next one gives the same.
      if (cause instanceof FatalError) throw cause;
      last = cause;
      failures.push(`${address}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  throw new RetryableError(`no ${what} from Kafka: ${failures.join("; ")}`, { cause: last });
}
