import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { installKafka } from "../../../src/local/kafka.ts";
import { mavenProxySettings } from "../../../src/local/maven-proxy.ts";
import { parseSettings } from "../../../src/settings.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("no proxy, no settings", () => {
  expect(mavenProxySettings({})).toBeNull();
  expect(mavenProxySettings({ HTTPS_PROXY: "", NO_PROXY: "a" })).toBeNull();
});

test("address, login and exceptions are those of the environment", () => {
  const settings = mavenProxySettings({
    https_proxy: "http://me:p%40ss%26@proxy.example:3128",
    HTTP_PROXY: "http://other:1",
    NO_PROXY: "localhost,.corp.example, 10.0.0.1",
  });
  expect(settings).toContain("<host>proxy.example</host><port>3128</port>");
  expect(settings).toContain("<username>me</username><password>p@ss&#38;</password>");
  expect(settings).toContain("localhost|*.localhost|*.corp.example|10.0.0.1|*.10.0.0.1");
  expect(mavenProxySettings({ HTTP_PROXY: "proxy:80" })).toContain("<host>proxy</host><port>80</port>");
});

test("the jars of Kafka are asked for at the proxy", { timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), "third-umpire-maven-"));
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(String(request.url));
    response.writeHead(503).end();
  });
  proxy.on("connect", (request, socket) => {
    asked.push(String(request.url));
    socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n");
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  for (const name of ["http_proxy", "https_proxy", "NO_PROXY", "no_proxy"]) vi.stubEnv(name, undefined);
  vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  vi.stubEnv("MAVEN_OPTS", `-Dmaven.repo.local=${join(dir, "repository")}`); // nothing has been fetched before
  try {
    await expect(installKafka(parseSettings({ TU_LOCAL_DIR: dir }, dir), () => undefined)).rejects.toThrow(
      /mvn failed/u,
    );
    expect(asked.length).toBeGreaterThan(0);
  } finally {
    proxy.close();
    proxy.closeAllConnections();
    rmSync(dir, { recursive: true, force: true });
  }
});
