/** What a server's answer, or the lack of one, asks for. */
import { FatalError, RetryableError } from "../domain/errors.ts";

/** `Content-Range: bytes 100-199/200` → where the part begins and how much there is in all; null when it is not of that form. */
export function rangeOf(headers: Headers): { readonly from: number; readonly total: number | null } | null {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/u.exec(headers.get("content-range") ?? "");
  if (match === null) return null;
  return { from: Number(match[1]), total: match[2] === "*" ? null : Number(match[2]) };
}

/** `Content-Range: bytes *\/200` of an answer 416 → 200; null when it is not of that form. */
export function sizeOfWhole(headers: Headers): number | null {
  const match = /^bytes \*\/(\d+)$/u.exec(headers.get("content-range") ?? "");
  return match === null ? null : Number(match[1]);
}

/** An answer that is no file. A server that is overloaded or broken may do better later. */
export function refusal(url: string, status: number): Error {
  const message = `${url}: the server answered ${status}`;
  if (status === 408 || status === 429 || status >= 500) return new RetryableError(message);
  return new FatalError(message, {
    remedy: `the archive may have another name by now: look at ${new URL(".", url).href}, and give its address with --url`,
  });
}

/** Failures of name resolution and of the way: a network that is not there, rather than a server that is away. */
const NO_NETWORK = new Set(["ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH", "ENETDOWN"]);

/**
 * Names what `fetch` threw: its own message is always "fetch failed". A certificate that cannot be checked will not do better later;
 * everything else may.
 */
export function fetchFailure(url: string, error: unknown): Error {
  const cause = rootCause(error);
  const code: unknown = Reflect.get(cause, "code");
  const why = cause.message === "" ? String(code) : cause.message;
  if (typeof code === "string" && /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/u.test(code)) {
    return new FatalError(`${url}: the certificate cannot be trusted (${why})`, {
      cause: error,
      remedy: "behind a proxy that opens TLS, name its certificate in NODE_EXTRA_CA_CERTS",
    });
  }
  const byHand = `download ${url} elsewhere, unpack it into a folder, and name the folder to play`;
  const hint = typeof code === "string" && NO_NETWORK.has(code) ? "this machine has no way to it: " : "";
  return Object.assign(new RetryableError(`${url} cannot be reached: ${hint}${why}`, { cause: error }), {
    remedy: `check the network and run the same command again; or ${byHand}`,
  });
}

/** The error that says something: `fetch` wraps it, and Node bundles the tries of several addresses. */
function rootCause(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (error instanceof AggregateError && error.errors.length > 0) return rootCause(error.errors[0]);
  return error.cause instanceof Error ? rootCause(error.cause) : error;
}
