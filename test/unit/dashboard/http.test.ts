import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HttpError } from "../../../src/dashboard/server/http/problem.ts";
import { etagOf, matchesTag } from "../../../src/dashboard/server/http/reply.ts";
import { findRoute, type Route } from "../../../src/dashboard/server/http/router.ts";
import { startDashboard } from "../../../src/dashboard/server/index.ts";
import { serveWarehouse, type ServedWarehouse } from "../../support/dashboard.ts";

const handler: Route["handler"] = () => null;
const routes: readonly Route[] = [
  { method: "GET", path: "/a", handler },
  { method: "GET", path: "/a/{id}", handler },
  { method: "POST", path: "/a/{id}", handler },
];

function thrown(body: () => unknown): HttpError {
  try {
    body();
  } catch (error) {
    if (error instanceof HttpError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("the router", () => {
  test("finds a route by method and path, and decodes its parameters", () => {
    expect(findRoute(routes, "GET", "/a").route.path).toBe("/a");
    expect(findRoute(routes, "POST", "/a/x%20y").params).toEqual({ id: "x y" });
  });

  test("takes HEAD for GET", () => {
    expect(findRoute(routes, "HEAD", "/a/1").route.method).toBe("GET");
  });

  test("tells an unknown path (404) from another method (405) and from what cannot be decoded (400)", () => {
    expect(thrown(() => findRoute(routes, "GET", "/b")).status).toBe(404);
    expect(thrown(() => findRoute(routes, "GET", "/a/")).status).toBe(404);
    const other = thrown(() => findRoute(routes, "DELETE", "/a/1"));
    expect([other.status, other.headers["Allow"]]).toEqual([405, "GET, HEAD, POST"]);
    expect(thrown(() => findRoute(routes, "GET", "/a/%E0%A4%A")).status).toBe(400);
  });
});

describe("entity tags", () => {
  test("are equal for equal bodies alone", () => {
    expect(etagOf("one")).toBe(etagOf(Buffer.from("one")));
    expect(etagOf("one")).not.toBe(etagOf("two"));
  });

  test("match in a list, as weak ones and as a star", () => {
    const tag = etagOf("one");
    expect(matchesTag(tag, tag)).toBe(true);
    expect(matchesTag(`"x", W/${tag}`, tag)).toBe(true);
    expect(matchesTag("*", tag)).toBe(true);
    expect(matchesTag('"x"', tag)).toBe(false);
    expect(matchesTag(undefined, tag)).toBe(false);
  });
});

let served: ServedWarehouse;
const dirs: string[] = [];

beforeEach(async () => {
  served = await serveWarehouse();
});

afterEach(async () => {
  await served.stop();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A request with headers that fetch would not send. */
async function raw(path: string, headers: Record<string, string>, method = "GET"): Promise<number> {
  const { hostname, port } = new URL(served.dashboard.url);
  const sent = request({ hostname, port, path, method, headers }).end();
  const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode ?? 0;
}

describe("the server", () => {
  test("answers 304 to who has it already, and HEAD without a body", async () => {
    const first = await served.get("/api/v1/live");
    const etag = first.headers.get("etag") ?? "";
    expect(await first.json()).toEqual({ odi: null, t20i: null, test: null });
    const again = await served.get("/api/v1/live", { headers: { "If-None-Match": etag } });
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
    const head = await served.get("/api/v1/live", { method: "HEAD" });
    expect([head.status, await head.text(), head.headers.get("etag")]).toEqual([200, "", etag]);
  });

  test("sends its security headers with every answer, and lets no other origin read", async () => {
    for (const path of ["/", "/api/v1/live", "/api/v1/nothing", "/nothing.js"]) {
      const { headers } = await served.get(path, { headers: { Origin: "http://elsewhere.example" } });
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'self'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("refuses a Host that was made to point here (DNS rebinding)", async () => {
    expect(await raw("/api/v1/live", { Host: "evil.example" })).toBe(421);
    expect(await raw("/api/v1/live", { Host: "127.0.0.1.evil.example:80" })).toBe(421);
    expect(await raw("/", { Host: "evil.example" })).toBe(421);
    for (const host of ["localhost", "LOCALHOST:1234", "127.0.0.1:29180", "[::1]:29180"])
      expect(await raw("/api/v1/live", { Host: host })).toBe(200);
  });

  test("lets no page from elsewhere read what is loaded; an address that is opened and a program may", async () => {
    const own = served.dashboard.url.replace(/\/$/u, "");
    const ask = async (path: string, headers: Record<string, string>): Promise<number> => await raw(path, headers);
    const foreign: readonly Record<string, string>[] = [
      { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script" },
      { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe" },
      { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty" },
      { "Sec-Fetch-Site": "cross-site" },
      { Origin: "http://elsewhere.example" },
      { Origin: own.replace(/:\d+$/u, ":1") },
      { Origin: "null" },
    ];
    const refused = await Promise.all(
      ["/api/v1/live", "/api/v1/events", "/api/v1/matches", "/api/v1/nothing"].flatMap((path) =>
        foreign.map((headers) => ask(path, headers)),
      ),
    );
    expect(new Set(refused)).toEqual(new Set([403]));
    for (const headers of [
      {},
      { Origin: own, Host: new URL(own).host },
      { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors" },
      { "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" },
      { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" },
    ] as Record<string, string>[])
      expect(await ask("/api/v1/live", headers)).toBe(200);
  });

  test("refuses to let a page from elsewhere misbehave", async () => {
    let asked = 0;
    served.dashboard.onMisbehave(async () => ({ ok: true, text: `${++asked}` }));
    const post = async (headers: Record<string, string>): Promise<number> =>
      (await served.get("/api/v1/misbehave/odi", { method: "POST", headers, body: '{"kind":"repeat"}' })).status;
    const type = { "Content-Type": "application/json" };
    const own = served.dashboard.url.replace(/\/$/u, "");
    expect(await post({ ...type, Origin: "http://elsewhere.example" })).toBe(403);
    expect(await post({ ...type, Origin: "null" })).toBe(403);
    expect(await post({ ...type, Origin: own.replace(/:\d+$/u, ":1") })).toBe(403);
    expect(await post({ ...type, "Sec-Fetch-Site": "cross-site" })).toBe(403);
    expect(await post({ "Content-Type": "text/plain", Origin: own })).toBe(415);
    expect(asked).toBe(0);
    expect(await post({ ...type, Origin: own })).toBe(200);
    expect(await post(type)).toBe(200);
    expect(asked).toBe(2);
  });

  test("refuses other methods, and addresses that are too long", async () => {
    const other = await served.get("/api/v1/live", { method: "DELETE" });
    expect([other.status, other.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect((await served.get("/", { method: "POST" })).status).toBe(405);
    expect((await served.get(`/api/v1/matches?q=${"x".repeat(3000)}`)).status).toBe(414);
    expect(await raw("//evil.example/api/v1/live", {})).not.toBe(500);
  });

  test("says that the warehouse is being opened while it is", async () => {
    await served.dashboard.closing();
    const response = await served.get("/api/v1/matches");
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await served.get("/api/v1/pipeline")).status).toBe(200);
    await served.reopen();
    expect((await served.get("/api/v1/matches")).status).toBe(200);
  });

  test("serves the built client: hashed files for ever, places within the page as the page, nothing beside it", async () => {
    const dir = mkdtempSync(join(tmpdir(), "tu-client-"));
    dirs.push(dir);
    mkdirSync(join(dir, "page", "assets"), { recursive: true });
    writeFileSync(join(dir, "page", "index.html"), "<!doctype html><title>page</title>");
    writeFileSync(join(dir, "page", "assets", "index-1a2b.js"), "export {};");
    writeFileSync(join(dir, "secret.html"), "secret");
    const other = await serveWarehouse({ clientDir: join(dir, "page") });
    try {
      const index = await other.get("/");
      expect([index.headers.get("cache-control"), await index.text()]).toEqual([
        "no-cache",
        "<!doctype html><title>page</title>",
      ]);
      const script = await other.get("/assets/index-1a2b.js");
      expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
      expect(script.headers.get("cache-control")).toContain("immutable");
      expect(await (await other.get("/match/1234")).text()).toContain("<title>page</title>");
      for (const path of ["/../secret.html", "/%2e%2e/secret.html", "/assets/..%2f..%2fsecret.html", "/assets/none.js"])
        expect((await other.get(path)).status, path).toBe(404);
    } finally {
      await other.stop();
    }
  });

  test("says what to do when the client was not built", async () => {
    const response = await served.get("/");
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("npm run build");
  });
});

describe("beyond the loopback address", () => {
  const token = "0123456789abcdef";

  test("the token is needed: as a header, or in a cookie that the page was once opened with", async () => {
    const other = await serveWarehouse({ token });
    try {
      const status = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
        (await other.get(path, { headers, redirect: "manual" })).status;
      expect(await status("/")).toBe(401);
      expect(await status("/api/v1/live")).toBe(401);
      expect(await status("/api/v1/live", { Authorization: "Bearer 0123456789abcdee" })).toBe(401);
      expect(await status("/api/v1/live", { Authorization: `Bearer ${token}` })).toBe(200);
      expect(await status("/?token=wrong")).toBe(401);
      expect(await status(`/api/v1/live?token=${token}`)).toBe(401);
      const opened = await other.get(`/?token=${token}`, { redirect: "manual" });
      expect([opened.status, opened.headers.get("location")]).toEqual([303, "/"]);
      const cookie = opened.headers.get("set-cookie") ?? "";
      expect(cookie).toContain("HttpOnly; SameSite=Strict");
      expect(cookie).not.toContain(token);
      expect(await status("/api/v1/live", { Cookie: `a=b; ${cookie.split(";", 1)[0]}` })).toBe(200);
      expect(await status("/api/v1/live", { Cookie: "third_umpire=guess" })).toBe(401);
    } finally {
      await other.stop();
    }
  });
});

describe("a port that somebody else has", () => {
  test("is named, and taken when it is free again", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const { port } = squatter.address() as AddressInfo;
    const notes: (string | null)[] = [];
    let free: () => void = () => undefined;
    const listening = new Promise<void>((resolve) => (free = resolve));
    const dashboard = await startDashboard({
      host: "127.0.0.1",
      port,
      token: null,
      signal: new AbortController().signal,
      onNote: (note) => {
        notes.push(note);
        if (note === null) free();
      },
      onError: (error) => notes.push(String(error)),
      retryMs: 10,
    });
    expect(notes[0]).toBe(`no live page: port ${port} is taken; end what has it, or set TU_DASHBOARD_PORT to another`);
    squatter.close();
    await listening;
    expect((await fetch(dashboard.url)).status).toBe(200);
    await dashboard.close();
  });

  test("does not keep a page from being closed that never was there", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const { port } = squatter.address() as AddressInfo;
    const options = { host: "127.0.0.1", port, token: null, signal: new AbortController().signal };
    const dashboard = await startDashboard({ ...options, onNote: () => undefined, onError: () => undefined });
    await dashboard.close();
    squatter.close();
    expect(dashboard.listeners.now).toBe(0);
  });
});
