/**
 * Downloads one file over HTTP, in as many goes as it takes: what has arrived stays in `<file>.part`, and the next go asks for the
 * rest with Range and If-Range. A server that ignores Range, or has another version by now, sends it all: then it begins anew.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { EnvHttpProxyAgent, fetch, type Response } from "undici";
import { backoffMs } from "../domain/backoff.ts";
import { FatalError, RetryableError } from "../domain/errors.ts";
import { fetchFailure, rangeOf, refusal, sizeOfWhole } from "./http.ts";
import { readVersion, validator, type Version, versionOf, writeVersion } from "./partial.ts";

export interface DownloadOptions {
  readonly url: string;
  /** Where the file is to be. Beside it: `<file>.part` while it comes, `<file>.version.json`. */
  readonly file: string;
  readonly signal: AbortSignal;
  /** `total` is null when the server does not say. */
  readonly onProgress?: (received: number, total: number | null) => void;
  /** Called before the wait for the next try. */
  readonly onRetry?: (reason: string) => void;
  /** Tries that bring nothing new before it is given up (default 5). */
  readonly tries?: number;
  /** A server that sends nothing for so long has gone away (default 30,000). */
  readonly silenceMs?: number;
  /** Uniform in [0, 1), for the back-off. */
  readonly random?: () => number;
}

export interface Downloaded {
  readonly bytes: number;
  readonly sha256: string;
  /** The server has nothing newer than what was there. */
  readonly unchanged: boolean;
}

const TRIES = 5;
const SILENCE_MS = 30_000;
const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 10_000;

/**
 * @throws FatalError with the remedy: no network, a refusal of the server, no space. What has arrived stays for the next call.
 * @throws the reason of `signal` when it aborts.
 */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const { file, signal, random = Math.random, tries = TRIES } = options;
  let before = await sizeOf(part(file));
  for (let failures = 0; ;) {
    signal.throwIfAborted();
    try {
      const outcome = await attempt(options);
      return { bytes: await sizeOf(file), sha256: await sha256(file), unchanged: outcome === "unchanged" };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RetryableError)) throw error;
      const now = await sizeOf(part(file));
      // A try that brought something was none in vain.
      failures = now > before ? 1 : failures + 1;
      before = now;
      if (failures >= tries) throw new FatalError(error.message, { cause: error, ...remedyFrom(error) });
      options.onRetry?.(error.message);
      await sleep(backoffMs(failures - 1, random(), BACKOFF_BASE_MS, BACKOFF_CAP_MS), undefined, { signal });
    }
  }
}

const part = (file: string): string => `${file}.part`;
const partVersion = (file: string): string => `${file}.part.json`;
const fileVersion = (file: string): string => `${file}.version.json`;

async function attempt(options: DownloadOptions): Promise<"complete" | "unchanged"> {
  const { url, file } = options;
  const had = await sizeOf(part(file));
  const version = had > 0 ? await readVersion(partVersion(file), url) : null;
  const ifRange = version === null ? null : validator(version);
  const present = ifRange === null && (await sizeOf(file)) > 0 ? await readVersion(fileVersion(file), url) : null;

  const silence = new Silence(options.silenceMs ?? SILENCE_MS);
  const response = await request(url, requestHeaders(had, ifRange, present), options.signal, silence);
  try {
    if (response.status === 304 && present !== null) return "unchanged";
    // Nothing is left to send: all had arrived, and only its name was still to be changed.
    const isWhole = response.status === 416 && sizeOfWhole(response.headers) === had;
    if (!isWhole) await receiveRest(response, had, options, silence);
  } finally {
    silence.end();
    // What was not read of the answer must not hold the connection, nor the process.
    if (!response.bodyUsed) await response.body?.cancel();
  }
  const received = await readVersion(partVersion(file), url);
  await rename(part(file), file);
  if (received !== null) await writeVersion(fileVersion(file), received);
  await rm(partVersion(file), { force: true });
  return "complete";
}

/** Decides from the answer where its bytes belong, and takes them. */
async function receiveRest(response: Response, had: number, options: DownloadOptions, silence: Silence): Promise<void> {
  const { url, file } = options;
  const range = response.status === 206 ? rangeOf(response.headers) : null;
  if (response.status === 416 || (response.status === 206 && range?.from !== had)) {
    await startAnew(file);
    throw new RetryableError(`${url}: what had arrived does not fit what the server has; beginning anew`);
  }
  if (response.status !== 200 && response.status !== 206) throw refusal(url, response.status);
  const from = response.status === 206 ? had : 0;
  if (from === 0) {
    // The version first: bytes without one are never gone on with.
    await rm(part(file), { force: true });
    await writeVersion(partVersion(file), versionOf(url, response.headers));
  }
  await receive(response, from, range?.total ?? lengthOf(response.headers), options, silence);
}

function requestHeaders(had: number, ifRange: string | null, present: Version | null): Record<string, string> {
  // Compression on the way would make Range count other bytes.
  const headers: Record<string, string> = { "accept-encoding": "identity", "user-agent": "third-umpire" };
  if (ifRange !== null) return { ...headers, range: `bytes=${had}-`, "if-range": ifRange };
  if (present?.etag != null) headers["if-none-match"] = present.etag;
  else if (present?.lastModified != null) headers["if-modified-since"] = present.lastModified;
  return headers;
}

async function request(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  silence: Silence,
): Promise<Response> {
  try {
    // A proxy of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), which the fetch of Node does not look for.
    const dispatcher = new EnvHttpProxyAgent();
    return await fetch(url, { dispatcher, headers, signal: AbortSignal.any([signal, silence.signal]) });
  } catch (error) {
    silence.end();
    throw fetchFailure(url, error);
  }
}

/** Appends the body to the part. The file is on disk when this returns. */
async function receive(
  response: Response,
  from: number,
  total: number | null,
  options: DownloadOptions,
  silence: Silence,
): Promise<void> {
  const { url, file, onProgress } = options;
  let received = from;
  const handle = await open(part(file), from === 0 ? "w" : "a");
  try {
    onProgress?.(received, total);
    for await (const chunk of chunks(url, response)) {
      silence.heard();
      await handle.writeFile(chunk);
      received += chunk.length;
      onProgress?.(received, total);
    }
    await handle.sync();
  } catch (error) {
    throw diskFailure(file, error);
  } finally {
    await handle.close();
  }
  if (total !== null && received < total) {
    throw new RetryableError(`${url}: the connection ended after ${received} of ${total} bytes`);
  }
}

async function* chunks(url: string, response: Response): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) yield chunk;
  } catch (error) {
    throw fetchFailure(url, error);
  }
}

function diskFailure(file: string, error: unknown): unknown {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new FatalError(`the disk is full: ${file} cannot be written further`, {
    cause: error,
    remedy: "make room and run the same command again: it goes on where it stopped; or another folder with --dir",
  });
}

async function startAnew(file: string): Promise<void> {
  await rm(part(file), { force: true });
  await rm(partVersion(file), { force: true });
}

function lengthOf(headers: Headers): number | null {
  const text = headers.get("content-length");
  return text !== null && /^\d+$/u.test(text) ? Number(text) : null;
}

function remedyFrom(error: Error): { remedy?: string } {
  const remedy: unknown = Reflect.get(error, "remedy");
  return { remedy: typeof remedy === "string" ? remedy : "run the same command again: it goes on where it stopped" };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, "code") === "ENOENT") return 0;
    throw error;
  }
}

export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Aborts when nothing is heard for `ms`. */
class Silence {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  constructor(ms: number) {
    const reason = new DOMException(`the server has sent nothing for ${ms / 1000} s`, "TimeoutError");
    this.#timer = setTimeout(() => this.#controller.abort(reason), ms);
  }
  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  heard(): void {
    this.#timer.refresh();
  }
  end(): void {
    clearTimeout(this.#timer);
  }
}
