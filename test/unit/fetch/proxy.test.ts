import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { download } from "../../../src/fetch/download.ts";
import { fileAnswer, type FileServer, serve } from "./server.ts";

/* A proxy on the loopback address, and a host that only the proxy knows. */

const body = Buffer.from("an archive");
let folder = "";
let server: FileServer;
let asked: string[];
let proxy: ReturnType<typeof createServer>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "third-umpire-proxy-"));
  server = await serve(fileAnswer(body));
  asked = [];
  proxy = createServer();
  proxy.on("connect", ({ url = "" }, socket) => {
    asked.push(url);
    const there = connect(Number(new URL(server.url).port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      there.pipe(socket).pipe(there);
    });
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  for (const name of ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"])
    vi.stubEnv(name, undefined);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  proxy.close();
  proxy.closeAllConnections();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const proxyUrl = (): string => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

async function get(url: string): Promise<string> {
  const file = join(folder, "archive.zip");
  await download({ url, file, signal: new AbortController().signal, random: () => 0, tries: 1 });
  return readFileSync(file, "utf8");
}

test.each(["HTTP_PROXY", "http_proxy"])("archives come through the proxy of %s", async (name) => {
  vi.stubEnv(name, proxyUrl());
  expect(await get("http://archives.invalid/all.zip")).toBe("an archive");
  expect(asked).toEqual(["archives.invalid:80"]);
});

test("a host in NO_PROXY is asked directly", async () => {
  vi.stubEnv("HTTP_PROXY", proxyUrl());
  vi.stubEnv("NO_PROXY", "127.0.0.1");
  expect(await get(server.url)).toBe("an archive");
  expect(asked).toEqual([]);
});

test("for https the proxy of HTTPS_PROXY is asked", async () => {
  vi.stubEnv("HTTP_PROXY", "http://127.0.0.1:1");
  vi.stubEnv("HTTPS_PROXY", proxyUrl());
  // What answers behind the proxy speaks no TLS: that far is enough here.
  await expect(get("https://archives.invalid/all.zip")).rejects.toThrow(/archives\.invalid/u);
  expect(asked).toEqual(["archives.invalid:443"]);
});
