import type { EventName } from "../../api.ts";
import type { ServerEvent } from "../state/actions.ts";
import { EventParser, type RawEvent } from "./sse.ts";

export interface EventsOptions {
  readonly url: string;
  readonly onEvent: (event: ServerEvent) => void;
  /** The connection is gone; it will be tried again after `waitMs`. */
  readonly onLost: (attempt: number, waitMs: number) => void;
  readonly onTry: () => void;
}

/** The server says something every 15 s; a line that is silent for longer is dead, also when nobody closed it. */
const SILENCE_MS = 40_000;
const WAIT_MIN_MS = 500;
const WAIT_MAX_MS = 10_000;

const NAMES: ReadonlySet<string> = new Set(["hello", "ball", "match", "verdicts", "pipeline"] satisfies EventName[]);

/**
 * Follows the server's events for as long as the page is open, from behind the last one that was seen. Read with
 * `fetch`: an `EventSource` gives up on some errors, hides the others, and does not notice a silent line.
 */
export async function followEvents(options: EventsOptions): Promise<never> {
  let lastId: string | null = null;
  let attempt = 0;
  for (;;) {
    try {
      await readEvents(options, lastId, (raw) => {
        lastId = raw.id ?? lastId;
        attempt = 0;
      });
    } catch {
      // Whatever it was, the remedy is the same: the reader is told, and it is tried again.
    }
    attempt += 1;
    const waitMs = waitBefore(attempt, Math.random());
    options.onLost(attempt, waitMs);
    await pause(waitMs);
    options.onTry();
  }
}

/** Twice as long each time, within bounds, and never in step with other pages. `random` from 0 to 1. */
export function waitBefore(attempt: number, random: number): number {
  const most = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** (attempt - 1));
  return Math.round(most * (0.75 + random / 4));
}

async function readEvents(options: EventsOptions, lastId: string | null, seen: (raw: RawEvent) => void): Promise<void> {
  const silent = new AbortController();
  let watchdog = setTimeout(() => silent.abort(), SILENCE_MS);
  try {
    const response = await fetch(options.url, {
      headers: { accept: "text/event-stream", ...(lastId === null ? {} : { "last-event-id": lastId }) },
      cache: "no-store",
      signal: silent.signal,
    });
    if (!response.ok || response.body === null) throw new Error(`events: ${response.status}`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => silent.abort(), SILENCE_MS);
      for (const raw of parser.push(value)) {
        seen(raw);
        if (NAMES.has(raw.event)) options.onEvent({ type: raw.event, data: JSON.parse(raw.data) } as ServerEvent);
      }
    }
  } finally {
    clearTimeout(watchdog);
    silent.abort();
  }
}

/** Ends early when the page is looked at again or the network is back. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      document.removeEventListener("visibilitychange", seen);
      resolve();
    };
    const seen = (): void => void (document.visibilityState === "visible" && done());
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
    document.addEventListener("visibilitychange", seen);
  });
}
