import type { IncomingMessage, ServerResponse } from "node:http";
import { HttpError } from "./problem.ts";
import type { Reply } from "./reply.ts";

export interface RouteRequest {
  /** What the pattern's `{name}`s stand for, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** null: the handler answers by itself and in its own time. */
export type Handler = (request: RouteRequest) => Promise<Reply | null> | Reply | null;

export interface Route {
  readonly method: "GET" | "POST";
  /** "/matches/{id}": a `{name}` stands for one part of the path. */
  readonly path: string;
  readonly handler: Handler;
}

export interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * The route of a request; HEAD takes that of GET.
 *
 * Throws an HttpError: 404 for an unknown path, 405 with `Allow` for another method, 400 for a path that cannot be decoded.
 */
export function findRoute(routes: readonly Route[], method: string, path: string): Found {
  const parts = path.split("/");
  const allowed: string[] = [];
  for (const route of routes) {
    const params = matchParts(route.path.split("/"), parts);
    if (params === null) continue;
    if (route.method === method || (route.method === "GET" && method === "HEAD")) return { route, params };
    allowed.push(route.method, ...(route.method === "GET" ? ["HEAD"] : []));
  }
  if (allowed.length === 0)
    throw new HttpError(404, `there is nothing at ${path}; /api/v1/openapi.json lists all there is`);
  const allow = allowed.join(", ");
  throw new HttpError(405, `${method} is not possible here, only ${allow}`, { Allow: allow });
}

function matchParts(pattern: readonly string[], parts: readonly string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [n, expected] of pattern.entries()) {
    const part = parts[n] ?? "";
    const name = /^\{(\w+)\}$/u.exec(expected)?.[1];
    if (name === undefined) {
      if (part !== expected) return null;
    } else {
      if (part === "") return null;
      params[name] = decode(part);
    }
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(400, "the path holds a % that begins no UTF-8 character");
  }
}
