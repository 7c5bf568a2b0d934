import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { EventMap, EventName } from "../../src/dashboard/api.ts";
import { type Dashboard, type DashboardOptions, startDashboard } from "../../src/dashboard/server/index.ts";
import { CRICKET_TOPICS } from "../../src/domain/cricket/topics.ts";
import type { CleanDelivery, Delivery, Match, Provenance } from "../../src/domain/cricket/types.ts";
import type { LoaderTopics } from "../../src/loader/index.ts";
import { loadedEvent } from "../../src/loader/observer.ts";
import { planLoad } from "../../src/loader/plan.ts";
import { Warehouse } from "../../src/loader/warehouse.ts";
import { json, recordBatch, topicsNamed } from "./clean-records.ts";
import { loadPlan } from "./load-plan.ts";
import type { ReadMatch } from "./cricket-files.ts";

/** A real warehouse with its live page, and no Kafka: what is loaded is made up. */
export interface ServedWarehouse {
  readonly dashboard: Dashboard;
  readonly topics: LoaderTopics;
  /** Errors that were told to the log. */
  readonly errors: unknown[];
  readonly notes: (string | null)[];
  /** A connection beside those of loader and page. */
  connect(): Promise<DuckDBConnection>;
  /** One transaction. */
  load(records: readonly LoadedRecord[]): Promise<void>;
  /** A new file of the same: as when the loader has opened it again. */
  reopen(): Promise<void>;
  get(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

export type LoadedRecord = readonly [kind: keyof LoaderTopics, value: Buffer];

export async function serveWarehouse(options: Partial<DashboardOptions> = {}): Promise<ServedWarehouse> {
  const dir = mkdtempSync(join(tmpdir(), "tu-dashboard-"));
  const topics = topicsNamed("dashboard");
  const errors: unknown[] = [];
  const notes: (string | null)[] = [];
  let warehouse = await Warehouse.open(dir, Date.now());
  const names = Object.values(topics) as string[];
  await warehouse.start(new Map(names.map((topic) => [`${topic}/0`, 0])), []);
  const dashboard = await startDashboard({
    host: "127.0.0.1",
    port: 0,
    token: null,
    signal: new AbortController().signal,
    onNote: (note) => notes.push(note),
    onError: (error) => errors.push(error),
    clientDir: join(dir, "client"),
    ...options,
  });
  dashboard.opened(() => warehouse.connect());
  const offsets = new Map<string, number>();
  return {
    dashboard,
    topics,
    errors,
    notes,
    connect: () => warehouse.connect(),
    load: async (records) => {
      const batches = records.map(([kind, value]) => {
        const topic = topics[kind];
        const offset = offsets.get(topic) ?? 0;
        offsets.set(topic, offset + 1);
        return recordBatch(topic, 0, [{ offset, value }]);
      });
      const plan = planLoad(batches, warehouse.progress, topics);
      const touched = await loadPlan(warehouse, plan);
      dashboard.loaded(loadedEvent(plan, touched, Date.now()));
    },
    reopen: async () => {
      await dashboard.closing();
      warehouse.close();
      warehouse = await Warehouse.open(dir, Date.now());
      dashboard.opened(() => warehouse.connect());
    },
    get: (path, init) => fetch(new URL(path, dashboard.url), init),
    stop: async () => {
      await dashboard.closing();
      await dashboard.close();
      warehouse.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const RAW: Readonly<Record<Match["format"], string>> = {
  csv1: CRICKET_TOPICS.odiRaw,
  csv2: CRICKET_TOPICS.odiRaw,
  json: CRICKET_TOPICS.t20iRaw,
  yaml: CRICKET_TOPICS.testRaw,
};

let made = 0;

/** As the review hands it on, from the source that brings this form of file. */
function from(format: Match["format"], verdict: Provenance["verdict"]): Provenance {
  const n = made++;
  return {
    eventId: n.toString(16).padStart(32, "0"),
    verdict,
    supersedes: null,
    source: { topic: RAW[format], partition: 0, offset: n, id: null, time: Date.now() },
  };
}

export function matchRecord(match: Match): LoadedRecord {
  return ["matches", json({ ...from(match.format, "accepted"), match })];
}

export function ballRecord(
  format: Match["format"],
  delivery: Delivery,
  verdict: Provenance["verdict"] = "accepted",
): LoadedRecord {
  return ["deliveries", json({ ...from(format, verdict), delivery } satisfies CleanDelivery)];
}

export function wholeMatch({ match, deliveries }: ReadMatch): LoadedRecord[] {
  return [matchRecord(match), ...deliveries.map((delivery) => ballRecord(match.format, delivery))];
}

export interface ServerEvent<N extends EventName = EventName> {
  readonly id: string | null;
  readonly name: N;
  readonly data: EventMap[N];
}

/** A client of the server-sent events, as strict as a browser is lenient. */
export class EventClient {
  readonly events: ServerEvent[] = [];
  readonly #controller = new AbortController();
  readonly #waiting = new Set<() => void>();
  /** The id that a browser would send back. */
  lastId: string | null = null;
  #ended = false;

  /** Resolves when the server has answered. */
  static async open(url: string, lastId?: string | null, headers: Record<string, string> = {}): Promise<EventClient> {
    const client = new EventClient();
    const response = await fetch(new URL("/api/v1/events", url), {
      signal: client.#controller.signal,
      headers: { ...headers, ...(lastId === undefined || lastId === null ? {} : { "Last-Event-ID": lastId }) },
    });
    if (!response.ok || response.body === null) throw new Error(`the events were answered with ${response.status}`);
    void client.#read(response.body);
    return client;
  }

  /** The first event of this name that fits, of those that came and those to come. */
  async wait<N extends EventName>(name: N, fits: (data: EventMap[N]) => boolean = () => true): Promise<EventMap[N]> {
    for (;;) {
      const found = this.all(name).find(fits);
      if (found !== undefined) return found;
      if (this.#ended) throw new Error(`the events ended before a fitting ${name}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  all<N extends EventName>(name: N): EventMap[N][] {
    return this.events.filter((event) => event.name === name).map(({ data }) => data as EventMap[N]);
  }

  async ended(): Promise<void> {
    while (!this.#ended) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  close(): void {
    this.#controller.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) {
        rest += decoder.decode(chunk, { stream: true });
        for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
          this.#take(rest.slice(0, end));
          rest = rest.slice(end + 2);
        }
        this.#wake();
      }
    } catch (error) {
      // Closed by us or by the server: whoever waits is told.
      if (!(error instanceof Error)) throw error;
    } finally {
      this.#ended = true;
      this.#wake();
    }
  }

  #take(block: string): void {
    let id: string | null = null;
    let name: string | null = null;
    let data: string | null = null;
    for (const line of block.split("\n")) {
      if (line.startsWith("id: ")) id = line.slice(4);
      else if (line.startsWith("event: ")) name = line.slice(7);
      else if (line.startsWith("data: ")) data = line.slice(6);
      else if (!line.startsWith(":") && !line.startsWith("retry: ")) throw new Error(`no line of an event: ${line}`);
    }
    this.lastId = id ?? this.lastId;
    if (name !== null && data !== null) {
      this.events.push({ id, name: name as EventName, data: JSON.parse(data) as EventMap[EventName] });
    }
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
