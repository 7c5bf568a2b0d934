import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkHost } from "../../../src/dashboard/server/http/guard.ts";
import { listen } from "../../../src/dashboard/server/listen.ts";
import { asOrdinaryUser } from "../../support/ordinary-user.ts";
import { remedyWorks, Told } from "../../support/remedies/works.ts";

/* A live page that does not come: the remedy is done, and it is there. */

const squatter = createServer();
let host: string;
let port: number;

beforeEach(async () => {
  squatter.listen(0, "127.0.0.1");
  await once(squatter, "listening");
  host = "127.0.0.1";
  ({ port } = squatter.address() as AddressInfo);
});

afterEach(() => void squatter.close());

/** Listens once; throws what a person is told instead of the page. */
async function attempt(): Promise<void> {
  const server = createServer();
  const stop = new AbortController();
  let said: string | null = null;
  const onNote = (note: string | null): void => {
    said = note;
    if (note !== null) stop.abort();
  };
  await listen(server, { host, port, signal: stop.signal, onNote });
  server.close();
  if (said !== null) throw new Told(said);
}

test("a port that is taken is left by its holder, or is another one", async () => {
  const taken = port;
  const another = (): void => void (port = 0);
  await remedyWorks("page/port-taken", { attempt, does: { "set TU_DASHBOARD_PORT to another": another } });
  port = taken;
  const end = async (): Promise<void> => {
    squatter.close();
    await once(squatter, "close");
  };
  await remedyWorks("page/port-taken", { attempt, does: { "end what has it": end } });
});

test("an address is one of this machine", async () => {
  host = "192.0.2.1";
  port = 0;
  const correct = (): void => void (host = "127.0.0.1");
  await remedyWorks("page/no-address", { attempt, does: { "correct TU_DASHBOARD_HOST": correct } });
});

test("a port that may not be used is another one", async () => {
  port = (await firstOpenPort()) - 1;
  expect(port, "every port is open to everybody: set net.ipv4.ip_unprivileged_port_start to 1024").toBeGreaterThan(0);
  const another = (): void => void (port = 0);
  await remedyWorks("page/port-denied", {
    attempt: () => asOrdinaryUser(attempt),
    does: { "set TU_DASHBOARD_PORT to another": another },
  });
});

/** Ports below it belong to root; a container may have none. */
async function firstOpenPort(): Promise<number> {
  return Number(await readFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8").catch(() => "1024"));
}

test("a page that is called by another name has a token", async () => {
  let token: string | null = null;
  const request = { headers: { host: "umpire.example:8080" } } as IncomingMessage;
  const ask = (): void => {
    try {
      checkHost(request, token);
    } catch (error) {
      throw new Told((error as Error).message);
    }
  };
  await remedyWorks("guard/server-localhost", {
    attempt: ask,
    does: { "set TU_DASHBOARD_TOKEN to call it otherwise": () => (token = "a-secret-of-24-characters") },
  });
  token = null;
  await remedyWorks("guard/server-localhost", {
    attempt: ask,
    does: { "this server is 127.0.0.1, localhost or [::1]": () => (request.headers.host = "localhost:8080") },
  });
});
