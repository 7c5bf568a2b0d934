import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { kafkaAnswers } from "../../../src/local/kafka-ready.ts";

let server: Server | undefined;

afterEach(async () => {
  server?.close();
  if (server !== undefined) await once(server, "close");
});

async function listen(answer: (socket: Socket, request: Buffer) => void): Promise<number> {
  server = createServer((socket) => socket.on("error", () => undefined).on("data", (bytes) => answer(socket, bytes)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Answers with so many brokers. */
function metadata(correlationId: number, brokers: number): Buffer {
  const answer = Buffer.alloc(16);
  answer.writeInt32BE(12, 0);
  answer.writeInt32BE(correlationId, 4);
  answer.writeInt32BE(brokers, 12);
  return answer;
}

test.each([
  ["one broker", 1, true],
  ["none, while the controller has not let it in", 0, false],
])("a broker that lists %s", async (_, brokers, ready) => {
  const port = await listen((socket) => socket.write(metadata(1, brokers)));
  expect(await kafkaAnswers(port)).toBe(ready);
});

test("what hears itself is no broker: a connection to a port where nobody listens may be given that port", async () => {
  const port = await listen((socket, request) => socket.write(request));
  expect(await kafkaAnswers(port)).toBe(false);
});

test("nobody listens", async () => {
  const port = await listen(() => undefined);
  server?.close();
  expect(await kafkaAnswers(port)).toBe(false);
});
