import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { EventHub, type HubOptions } from "../../../src/dashboard/server/http/events.ts";
import { HttpError } from "../../../src/dashboard/server/http/problem.ts";
import { EventClient } from "../../support/dashboard.ts";

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Served {
  readonly hub: EventHub;
  readonly url: string;
  readonly server: Server;
}

async function serve(options: Partial<HubOptions> = {}): Promise<Served> {
  const hub = new EventHub({ epoch: "e", hello: (resumed) => ({ resumed, version: "1" }), ...options });
  const server = createServer((request, response) => {
    try {
      hub.connect(request, response);
    } catch (error) {
      response.writeHead(error instanceof HttpError ? error.status : 500).end();
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    hub.close();
    server.closeAllConnections();
    server.close();
  });
  return { hub, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** What the hub sends is of any shape; texts and numbers are easy to compare. */
const textOf = (data: unknown): string => (typeof data === "string" ? data : "");
const numbers = (client: EventClient): unknown[] => client.all("match");
const wait = (client: EventClient, n: number): Promise<unknown> =>
  client.wait("match", (data) => (data as unknown as number) === n);

test("a client that comes back gets what it missed, each event once and in order", async () => {
  const { hub, url } = await serve();
  const first = await EventClient.open(url);
  expect(await first.wait("hello")).toEqual({ resumed: false, version: "1" });
  hub.publish("match", 1);
  hub.publish("match", 2);
  await wait(first, 2);
  first.close();
  hub.publish("match", 3);
  hub.publish("match", 4);
  const second = await EventClient.open(url, first.lastId);
  expect(await second.wait("hello")).toEqual({ resumed: true, version: "1" });
  hub.publish("match", 5);
  await wait(second, 5);
  expect(numbers(second)).toEqual([3, 4, 5]);
});

test("a client that never got an event is told that it may have missed some, and resumes from then on", async () => {
  const { hub, url } = await serve();
  hub.publish("match", 1);
  const first = await EventClient.open(url);
  await first.wait("hello");
  await expect.poll(() => first.lastId).toBe("e-1");
  first.close();
  hub.publish("match", 2);
  const second = await EventClient.open(url, first.lastId);
  await wait(second, 2);
  expect(second.all("hello")).toEqual([{ resumed: true, version: "1" }]);
  expect(numbers(second)).toEqual([2]);
});

test("ids of another process, unknown ones and those that are kept no longer resume nothing", async () => {
  const { hub, url } = await serve({ replayMax: 3 });
  for (let n = 1; n <= 5; n++) hub.publish("match", n);
  for (const id of ["other-2", "e-99", "e-1", "e--1", "e-x", "nonsense"]) {
    const client = await EventClient.open(url, id);
    expect(await client.wait("hello"), id).toEqual({ resumed: false, version: "1" });
    expect(numbers(client)).toEqual([]);
    client.close();
  }
  const client = await EventClient.open(url, "e-2");
  await wait(client, 5);
  expect(numbers(client)).toEqual([3, 4, 5]);
});

test("what is kept is bounded by bytes too", async () => {
  const { hub, url } = await serve({ replayBytesMax: 1000 });
  for (let n = 1; n <= 3; n++) hub.publish("match", "x".repeat(400));
  expect((await (await EventClient.open(url, "e-0")).wait("hello")).resumed).toBe(false);
  expect((await (await EventClient.open(url, "e-1")).wait("hello")).resumed).toBe(true);
});

test("of a state each new client gets the newest alone", async () => {
  const { hub, url } = await serve();
  hub.publishState("pipeline", { at: 1 });
  hub.publishState("pipeline", { at: 2 });
  const client = await EventClient.open(url);
  await client.wait("pipeline");
  expect(client.all("pipeline")).toEqual([{ at: 2 }]);
});

test("a heartbeat keeps the connection and is no event", async () => {
  const { hub, url } = await serve({ heartbeatMs: 1 });
  const client = await EventClient.open(url);
  await client.wait("hello");
  const raw = await listenRaw(url);
  await raw.until((text) => text.split(": still here").length > 3);
  hub.publish("match", 1);
  await wait(client, 1);
  expect(client.events).toHaveLength(2);
});

test("no more clients than allowed, and a place is free again when one goes", async () => {
  const { hub, url } = await serve({ clientsMax: 2 });
  const first = await EventClient.open(url);
  await EventClient.open(url);
  await expect(EventClient.open(url)).rejects.toThrow("503");
  first.close();
  await expect.poll(() => hub.clients).toBe(1);
  await EventClient.open(url);
  expect(hub.clients).toBe(2);
});

test("a client that does not read is dropped, and the others get everything", async () => {
  const { hub, url } = await serve({ waitingBytesMax: 100_000 });
  const slow = await listenRaw(url);
  await slow.until((text) => text.includes("hello"));
  slow.socket.pause();
  const quick = await EventClient.open(url);
  await quick.wait("hello");
  const filling = "x".repeat(50_000);
  for (let n = 1; hub.dropped === 0; n++) {
    hub.publish("match", `${n} ${filling}`);
    // The quick one reads on; the buffers of the system are what fills up at the slow one.
    await quick.wait("match", (data) => textOf(data).startsWith(`${n} `));
    expect(n).toBeLessThan(5000);
  }
  expect(hub.clients).toBe(1);
  hub.publish("match", "last");
  await quick.wait("match", (data) => textOf(data) === "last");
});

interface Raw {
  readonly socket: Socket;
  until(seen: (text: string) => boolean): Promise<void>;
}

async function listenRaw(url: string): Promise<Raw> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  closers.push(() => socket.destroy());
  await once(socket, "connect");
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  let text = "";
  return {
    socket,
    until: async (seen) => {
      while (!seen(text)) {
        const [data] = (await once(socket, "data")) as [Buffer];
        text += data.toString("utf8");
      }
    },
  };
}
