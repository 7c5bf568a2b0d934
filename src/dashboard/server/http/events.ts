import type { IncomingMessage, ServerResponse } from "node:http";
import { HttpError } from "./problem.ts";

export interface HubOptions {
  /** Begins every event id: what another process numbered means nothing to us. Letters and digits. */
  readonly epoch: string;
  /** Data of the first event of a connection. */
  readonly hello: (resumed: boolean) => unknown;
  readonly clientsMax?: number;
  /** Events kept for who reconnects. */
  readonly replayMax?: number;
  readonly replayBytesMax?: number;
  /** What may wait for one client before it is dropped. */
  readonly waitingBytesMax?: number;
  readonly heartbeatMs?: number;
}

interface Kept {
  readonly id: number;
  readonly bytes: Buffer;
}

const CLIENTS_MAX = 100;
const REPLAY_MAX = 2000;
const REPLAY_BYTES_MAX = 8_000_000;
const WAITING_BYTES_MAX = 1_000_000;
const HEARTBEAT_MS = 15_000;
/** What a browser waits before it connects again. */
const RETRY_MS = 1000;

/**
 * Server-sent events to many clients. Every event has a number; the last ones are kept, so that who reconnects goes on
 * behind the last it got. A state (`publishState`) is not kept: only its newest counts, and each new client is told it.
 *
 * A client that does not read is dropped, never waited for: it comes back and resumes.
 */
export class EventHub {
  readonly #options: HubOptions;
  readonly #clients = new Set<ServerResponse>();
  readonly #states = new Map<string, Buffer>();
  readonly #heartbeat: NodeJS.Timeout;
  #kept: Kept[] = [];
  #keptBytes = 0;
  #lastId = 0;
  /** The highest number that is not kept any more. */
  #forgotten = 0;
  #dropped = 0;

  constructor(options: HubOptions) {
    this.#options = options;
    const beat = Buffer.from(": still here\n\n");
    this.#heartbeat = setInterval(() => {
      for (const client of this.#clients) this.#write(client, beat);
    }, options.heartbeatMs ?? HEARTBEAT_MS).unref();
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Clients that were dropped because they did not read. */
  get dropped(): number {
    return this.#dropped;
  }

  publish(name: string, data: unknown): void {
    const id = ++this.#lastId;
    const bytes = this.#frame(name, data, id);
    this.#keep({ id, bytes });
    for (const client of this.#clients) this.#write(client, bytes);
  }

  /** An event of which only the newest counts. */
  publishState(name: string, data: unknown): void {
    this.#states.set(name, this.#frame(name, data, null));
    const bytes = this.#frame(name, data, ++this.#lastId);
    for (const client of this.#clients) this.#write(client, bytes);
  }

  /** Takes over the answer to a request, from behind its Last-Event-ID where that is known. Throws 503 when too many listen. */
  connect(request: IncomingMessage, response: ServerResponse): void {
    const { clientsMax = CLIENTS_MAX, epoch } = this.#options;
    if (this.#clients.size >= clientsMax) {
      throw new HttpError(503, `${clientsMax} pages listen already`, { "Retry-After": "5" });
    }
    const header = request.headers["last-event-id"];
    const given =
      typeof header === "string" && header.startsWith(`${epoch}-`) ? Number(header.slice(epoch.length + 1)) : NaN;
    const resumed = Number.isSafeInteger(given) && given >= this.#forgotten && given <= this.#lastId;
    response.writeHead(200, {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store",
      // A proxy in between must not collect them.
      "X-Accel-Buffering": "no",
    });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    response.socket?.setNoDelay(true);
    const first = [Buffer.from(`retry: ${RETRY_MS}\n`), this.#frame("hello", this.#options.hello(resumed), null)];
    const missed = resumed ? this.#kept.filter(({ id }) => id > given).map(({ bytes }) => bytes) : [];
    this.#clients.add(response);
    response.once("close", () => this.#clients.delete(response));
    // Without an id of its own: it must not move the browser's past what follows.
    const now = this.#marker();
    this.#write(response, Buffer.concat([...first, ...missed, ...this.#states.values(), now]), true);
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const client of this.#clients) client.end();
    this.#clients.clear();
  }

  /** Tells a browser where it is, without an event: an id alone moves its Last-Event-ID with the next blank line. */
  #marker(): Buffer {
    return Buffer.from(`id: ${this.#options.epoch}-${this.#lastId}\n\n`);
  }

  #frame(name: string, data: unknown, id: number | null): Buffer {
    const number = id === null ? "" : `id: ${this.#options.epoch}-${id}\n`;
    // JSON has no line breaks of its own.
    return Buffer.from(`${number}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #keep(event: Kept): void {
    const { replayMax = REPLAY_MAX, replayBytesMax = REPLAY_BYTES_MAX } = this.#options;
    this.#kept.push(event);
    this.#keptBytes += event.bytes.length;
    let gone = 0;
    while (this.#kept.length - gone > replayMax || this.#keptBytes > replayBytesMax) {
      const oldest = this.#kept[gone];
      if (oldest === undefined) break;
      this.#forgotten = oldest.id;
      this.#keptBytes -= oldest.bytes.length;
      gone++;
    }
    if (gone > 0) this.#kept = this.#kept.slice(gone);
  }

  #write(client: ServerResponse, bytes: Buffer, isFirst = false): void {
    const { waitingBytesMax = WAITING_BYTES_MAX } = this.#options;
    client.write(bytes);
    // What is replayed may be more than what may wait: it is bounded by itself.
    if (isFirst || client.writableLength <= waitingBytesMax) return;
    this.#dropped++;
    this.#clients.delete(client);
    client.destroy();
  }
}
