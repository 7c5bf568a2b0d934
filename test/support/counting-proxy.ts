import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { pipeline } from "node:stream";

/** A TCP relay on the loopback interface that counts what comes from the server, and takes no more than the client reads. */
export interface CountingProxy {
  readonly port: number;
  /** Bytes from the server so far, over all connections. */
  readonly received: number;
  /** Ends every connection as a broken wire does; new ones are let through. */
  cut(): void;
  close(): Promise<void>;
}

/** Listens on a port of its own, or on `port`. */
export async function countingProxy(
  target: { readonly host: string; readonly port: number },
  port = 0,
): Promise<CountingProxy> {
  const sockets = new Set<Socket>();
  let received = 0;
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    upstream.on("data", (chunk: Buffer) => (received += chunk.length));
    // Paused from the start: the listener above must not make it flow before the pipe does.
    upstream.pause();
    // Either side's end or failure is the other's, as on a wire; there is nobody else to tell.
    pipeline(client, upstream, client, () => undefined);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get received() {
      return received;
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}
