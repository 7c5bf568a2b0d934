import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { freePort, isPortFree } from "../../../src/local/ports.ts";

test("ports for tests: no two are the same, none is taken, and no outgoing connection can take one", async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(new Set(ports).size).toBe(50);
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(20_000);
  // Linux gives outgoing connections ports from 32768.
  expect(Math.max(...ports)).toBeLessThan(32_768);
  const [port] = ports;
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  expect(await isPortFree(port!)).toBe(false);
  server.close();
  await once(server, "close");
});
