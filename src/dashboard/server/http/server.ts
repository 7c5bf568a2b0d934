import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { UnavailableError } from "../data/reader.ts";
import { checkHost, checkSameSite, checkToken, setSecurityHeaders } from "./guard.ts";
import { HttpError } from "./problem.ts";
import { problemReply, type Reply, send } from "./reply.ts";
import { findRoute, type Route } from "./router.ts";

export interface ServerOptions {
  readonly token: string | null;
  readonly routes: readonly Route[];
  /** Answers GET of what is not below /api. */
  readonly files: (path: string) => Reply;
  /** What nobody foresaw: answered with 500, and to be told to whoever keeps the log. */
  readonly onError: (error: unknown) => void;
}

const CONNECTIONS_MAX = 512;
const URL_MAX = 2048;
/** How long a whole request may take to arrive. */
const REQUEST_MS = 10_000;
const HEADERS_MS = 5000;

/** The HTTP server, not listening yet. */
export function createHttpServer(options: ServerOptions): Server {
  const server = createServer(
    {
      requestTimeout: REQUEST_MS,
      headersTimeout: HEADERS_MS,
      maxHeaderSize: 16_384,
      connectionsCheckingInterval: 5000,
    },
    (request, response) => void answer(options, request, response),
  );
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

async function answer(options: ServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    setSecurityHeaders(response);
    const reply = await replyTo(options, request, response);
    if (reply !== null) send(request, response, reply);
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      if (!(error instanceof HttpError)) options.onError(error);
      return;
    }
    send(request, response, problemReply(httpError(error, options.onError)));
  }
}

async function replyTo(
  options: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply | null> {
  const { method = "GET", url: target = "/" } = request;
  checkHost(request, options.token);
  if (target.length > URL_MAX) throw new HttpError(414, `the address has more than ${URL_MAX} characters`);
  // Only the path of an absolute address counts; "//name" must not become a host.
  if (!target.startsWith("/") || !URL.canParse(`http://localhost${target}`)) {
    throw new HttpError(400, "the address of the request cannot be read");
  }
  const url = new URL(`http://localhost${target}`);
  const opened = checkToken(request, url, options.token);
  if (opened !== null) return opened;
  if (url.pathname === "/api" || url.pathname.startsWith("/api/")) {
    checkSameSite(request);
    const { route, params } = findRoute(options.routes, method, url.pathname);
    return await route.handler({ params, query: url.searchParams, request, response });
  }
  if (method !== "GET" && method !== "HEAD") {
    throw new HttpError(405, `${method} is not possible here, only GET, HEAD`, { Allow: "GET, HEAD" });
  }
  return options.files(url.pathname);
}

function httpError(error: unknown, onError: (error: unknown) => void): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof UnavailableError) return new HttpError(503, error.message, { "Retry-After": "1" });
  onError(error);
  return new HttpError(500, "something went wrong here; the log of the loader says what");
}
