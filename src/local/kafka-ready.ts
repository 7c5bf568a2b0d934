/**
 * Asks a broker whether it serves, over its wire protocol: one Metadata request (API key 3, version 4, whose form
 * is older than tagged fields). The broker lists itself only after the controller has unfenced it, which is later than
 * its port being open. Without the native client, because `up` must say what is wrong when that one does not load.
 */
import { connect } from "node:net";

const timeoutMs = 1000;
const correlationId = 1;

/** Never throws: everything but a proper answer is "not yet". */
export async function kafkaAnswers(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let received = Buffer.alloc(0);
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.once("error", () => finish(false));
    socket.once("close", () => finish(false));
    socket.once("connect", () => socket.write(metadataRequest()));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      const brokers = brokerCount(received);
      if (brokers !== null) finish(brokers > 0);
    });
  });
}

/** size, API key, version, correlation id, client id; then: no topics (empty array), no auto-creation. */
function metadataRequest(): Buffer {
  const clientId = Buffer.from("third-umpire");
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length + 4 + 1);
  let at = request.writeInt32BE(request.length - 4, 0);
  at = request.writeInt16BE(3, at);
  at = request.writeInt16BE(4, at);
  at = request.writeInt32BE(correlationId, at);
  at = request.writeInt16BE(clientId.length, at);
  at += clientId.copy(request, at);
  at = request.writeInt32BE(0, at);
  request.writeInt8(0, at);
  return request;
}

/**
 * size, correlation id, throttle time, then the broker array with its length first. Null until that much is there, 0 for what is no
 * answer to the request: who tries a port where nobody listens yet may be given that very port, and hears what he says.
 */
function brokerCount(answer: Buffer): number | null {
  if (answer.length < 16) return null;
  return answer.readInt32BE(4) === correlationId ? answer.readInt32BE(12) : 0;
}
