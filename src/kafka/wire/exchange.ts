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
