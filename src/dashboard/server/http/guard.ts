import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isFromForeignPage, isLoopbackHost } from "../../../local/web-page.ts";
import { HttpError } from "./problem.ts";
import type { Reply } from "./reply.ts";

/** Nothing from anywhere else, nothing inline: the page draws its charts and their tooltips on canvas. */
const CSP = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const SECURITY_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["Content-Security-Policy", CSP],
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "no-referrer"],
  ["X-Frame-Options", "DENY"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Permissions-Policy", "camera=(), geolocation=(), microphone=()"],
];

export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
}

/**
 * Refuses a request that a page from elsewhere made through a name it had point here (DNS rebinding): on the loopback
 * address a browser calls us by one of three names. With a token the name may be any, since such a page lacks the token.
 */
export function checkHost(request: IncomingMessage, token: string | null): void {
  const { host } = request.headers;
  if (host !== undefined && token !== null) return;
  if (!isLoopbackHost(host)) {
    throw new HttpError(
      421,
      "this server is 127.0.0.1, localhost or [::1]; set TU_DASHBOARD_TOKEN to call it otherwise",
    );
  }
}

const COOKIE = "third_umpire";

/**
 * Lets through who shows the token: in `Authorization: Bearer`, or in the cookie that `/?token=…` sets once. Returns the
 * answer to the latter: it takes the token out of the address, where it would stay in the history. Throws 401 otherwise.
 */
export function checkToken(request: IncomingMessage, url: URL, token: string | null): Reply | null {
  if (token === null) return null;
  const expected = digest(token);
  const bearer = /^Bearer +(\S+)$/iu.exec(request.headers.authorization ?? "")?.[1];
  if (bearer !== undefined && timingSafeEqual(digest(bearer), expected)) return null;
  const cookie = cookieValue(request.headers.cookie ?? "");
  // The cookie is not the token itself: whoever reads the browser's store cannot use it elsewhere.
  const cookieExpected = cookieOf(token);
  if (cookie !== undefined && timingSafeEqual(digest(cookie), digest(cookieExpected))) return null;
  const given = url.pathname === "/" ? url.searchParams.get("token") : null;
  if (given !== null && timingSafeEqual(digest(given), expected)) {
    return {
      status: 303,
      type: "text/plain; charset=utf-8",
      body: "",
      headers: { Location: "/", "Set-Cookie": `${COOKIE}=${cookieExpected}; HttpOnly; SameSite=Strict; Path=/` },
    };
  }
  throw new HttpError(401, "open the page once as /?token=… or send the header Authorization: Bearer …", {
    "WWW-Authenticate": 'Bearer realm="third-umpire"',
  });
}

/** Equal lengths, so that the comparison takes the same time whatever is given. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function cookieOf(token: string): string {
  return createHash("sha256").update(`third-umpire cookie\0${token}`).digest("base64url");
}

function cookieValue(header: string): string | undefined {
  for (const part of header.split(";")) {
    const [name, value] = part.split("=", 2);
    if (name?.trim() === COOKIE) return value?.trim();
  }
  return undefined;
}

/** Refuses what a page from elsewhere asks or sends (CSRF): it may neither read what is loaded nor press buttons. */
export function checkSameSite(request: IncomingMessage): void {
  if (isFromForeignPage(request.method ?? "GET", request.headers))
    throw new HttpError(
      403,
      "only the page of this server may ask; open the address itself, or call it without a browser",
    );
}

/** Forms of other pages can send no JSON. */
export function checkJson(request: IncomingMessage): void {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new HttpError(415, "the body has to be application/json");
}
