import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type HttpError, problem } from "./problem.ts";

/** A complete answer. `etag` and `cache` only where it may be asked for again. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly etag?: string;
  readonly cache?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const JSON_TYPE = "application/json; charset=utf-8";

/** An answer that is asked for again and again and mostly unchanged: the tag saves sending it. */
export function jsonReply(value: unknown): Reply {
  const body = JSON.stringify(value);
  return { status: 200, type: JSON_TYPE, body, etag: etagOf(body), cache: "no-cache" };
}

/** The answer to a request that cannot be answered. */
export function problemReply({ status, message, headers }: HttpError): Reply {
  return {
    status,
    type: "application/problem+json; charset=utf-8",
    body: JSON.stringify(problem(status, message)),
    headers,
  };
}

/** A strong entity tag: equal bodies, equal tags, also after a restart. */
export function etagOf(body: string | Buffer): string {
  return `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`;
}

/** Sends it; without its body to HEAD, and only 304 to whoever has it already. */
export function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  response.setHeader("Cache-Control", reply.cache ?? "no-store");
  if (reply.etag !== undefined) {
    response.setHeader("ETag", reply.etag);
    if (reply.status === 200 && matchesTag(request.headers["if-none-match"], reply.etag)) {
      response.writeHead(304).end();
      return;
    }
  }
  response.setHeader("Content-Type", reply.type);
  response.setHeader("Content-Length", Buffer.byteLength(reply.body));
  response.writeHead(reply.status).end(request.method === "HEAD" ? undefined : reply.body);
}

/** If-None-Match: a list of tags, weak ones compared as if they were strong (RFC 9110, 13.1.2), or "*". */
export function matchesTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  return header.split(",").some((tag) => tag.trim().replace(/^W\//u, "") === etag);
}
