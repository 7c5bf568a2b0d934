/**
 * Tells requests that web pages from elsewhere make to a server on the loopback address. Every browser of this machine reaches it,
 * whatever page is open; what is no browser sends none of these headers.
 */
import type { IncomingHttpHeaders } from "node:http";

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** False for a name that somebody had point here (DNS rebinding): his page would be of the same origin as our server. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK_NAMES.has(host.replace(/:\d*$/u, "").toLowerCase());
}

/**
 * Whether a page of another origin asks. One on another port of this machine is another origin as well. Opening an address is no such
 * request: the page that held the link cannot read what comes.
 */
export function isFromForeignPage(method: string, headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  if (origin !== undefined && (host === undefined || !isOriginOf(origin, host))) return true;
  if (site === undefined || site === "same-origin" || site === "none") return false;
  const isOpened = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return !(isOpened && (method === "GET" || method === "HEAD"));
}

function isOriginOf(origin: string, host: string): boolean {
  if (!URL.canParse(origin) || !URL.canParse(`http://${host}`)) return false;
  const url = new URL(origin);
  return (url.protocol === "http:" || url.protocol === "https:") && url.host === new URL(`http://${host}`).host;
}
