import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import type { LoadedEvent, LoaderObserver } from "../../loader/observer.ts";
import type { LoaderStatus } from "../../loader/status.ts";
import { projectRoot } from "../../settings.ts";
import type {
  EventMap,
  EventName,
  MatchEvent,
  MisbehaveAnswer,
  MisbehaveRequest,
  PipelineState,
  PipelineView,
} from "../api.ts";
import { number } from "./data/cells.ts";
import { UnavailableError, WarehouseReader } from "./data/reader.ts";
import { VerdictLedger } from "./data/verdicts.ts";
import { EventHub, type HubOptions } from "./http/events.ts";
import { createHttpServer } from "./http/server.ts";
import { listen } from "./listen.ts";
import { MatchBoard } from "./match-board.ts";
import { PipelineBoard } from "./pipeline-board.ts";
import { apiRoutes } from "./routes.ts";
import { StaticFiles } from "./static.ts";
import { Throttle } from "./throttle.ts";

export interface DashboardOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** What a request has to carry; null on the loopback address. */
  readonly token: string | null;
  readonly signal: AbortSignal;
  /** One line for a person when there is no page, and why; null when there is one again. */
  readonly onNote: (note: string | null) => void;
  /** What should not have happened, for the log. */
  readonly onError: (error: unknown) => void;
  /** Folder of the built client. */
  readonly clientDir?: string;
  /** Input topics of the topology, in its order. */
  readonly inputs?: readonly string[];
  /** ms since the Unix epoch. */
  readonly now?: () => number;
  readonly events?: Partial<Omit<HubOptions, "epoch" | "hello">>;
  /** Between two attempts to get a port that is taken. */
  readonly retryMs?: number;
}

/** The live page, in the loader's process: what is loaded is on it in the moment of its commit. */
export interface Dashboard extends LoaderObserver {
  /** Where the page is; it may still be waiting for its port. */
  readonly url: string;
  /** Pages that listen now, and how many were dropped because they did not read. */
  readonly listeners: { readonly now: number; readonly dropped: number };
  status(status: LoaderStatus): void;
  /** What `play` tells of the other processes. */
  pipeline(state: PipelineState): void;
  /** Who makes a source misbehave when a page asks for it; null: nobody, and pages do not offer it. */
  onMisbehave(handler: ((request: MisbehaveRequest) => Promise<MisbehaveAnswer>) | null): void;
  close(): Promise<void>;
}

/** Version of src/dashboard/api.ts: a page of another one loads itself again. */
const API_VERSION = "1";
const PUSH_MS = 250;
const COUNT_MS = 1000;
const AT_LEAST_MS = 5000;

/** Serves the live page. Resolves when it listens, or at once with a note when the port is taken: it is tried again. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const dashboard = new LiveDashboard(options);
  await dashboard.start();
  return dashboard;
}

class LiveDashboard implements Dashboard {
  readonly #options: DashboardOptions;
  readonly #now: () => number;
  readonly #reader = new WarehouseReader();
  readonly #hub: EventHub;
  readonly #board: MatchBoard;
  readonly #pipeline = new PipelineBoard();
  readonly #server: ReturnType<typeof createHttpServer>;
  readonly #stop = new AbortController();
  readonly #matchEvents = new Map<string, MatchEvent>();
  readonly #pushMatches: Throttle;
  readonly #pushPipeline: Throttle;
  readonly #judge: Throttle;
  readonly #count: Throttle;
  readonly #atLeast: NodeJS.Timeout;
  #ledger: VerdictLedger;
  #misbehave: ((request: MisbehaveRequest) => Promise<MisbehaveAnswer>) | null = null;
  #listening: Promise<void> = Promise.resolve();

  constructor(options: DashboardOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#ledger = this.#newLedger();
    this.#hub = new EventHub({
      ...options.events,
      epoch: randomBytes(6).toString("hex"),
      hello: (resumed): EventMap["hello"] => ({ resumed, version: API_VERSION }),
    });
    this.#board = new MatchBoard({
      reader: this.#reader,
      now: this.#now,
      onBall: (event) => this.#publish("ball", event),
      onMatch: (event) => {
        this.#matchEvents.set(event.matchId, event);
        this.#pushMatches.ask();
      },
      onError: (error) => this.#failed(error),
    });
    this.#pushMatches = new Throttle(PUSH_MS, () => this.#tellMatches());
    this.#pushPipeline = new Throttle(PUSH_MS, () => this.#hub.publishState("pipeline", this.#pipelineView()));
    this.#judge = new Throttle(PUSH_MS, () => this.#background(this.#tellVerdicts()));
    this.#count = new Throttle(COUNT_MS, () => this.#background(this.#readCounts()));
    this.#atLeast = setInterval(() => this.#pushPipeline.ask(), AT_LEAST_MS).unref();
    const files = new StaticFiles(options.clientDir ?? join(projectRoot(import.meta.dirname), "dist", "dashboard"));
    this.#server = createHttpServer({
      token: options.token,
      routes: apiRoutes({
        reader: this.#reader,
        board: this.#board,
        ledger: () => this.#ledger,
        hub: this.#hub,
        pipeline: () => this.#pipelineView(),
        misbehave: () => this.#misbehave,
      }),
      files: (path) => files.reply(path),
      onError: options.onError,
    });
  }

  get url(): string {
    const { host, port } = this.#options;
    const address = this.#server.address() as AddressInfo | null;
    const name = host.includes(":") ? `[${host}]` : host;
    return `http://${name}:${address?.port ?? port}/`;
  }

  get listeners(): { now: number; dropped: number } {
    return { now: this.#hub.clients, dropped: this.#hub.dropped };
  }

  /** Resolves with the first attempt to listen. */
  async start(): Promise<void> {
    const { host, port, signal, onNote, retryMs } = this.#options;
    await new Promise<void>((resolve) => {
      this.#listening = listen(this.#server, {
        host,
        port,
        ...(retryMs === undefined ? {} : { retryMs }),
        signal: AbortSignal.any([signal, this.#stop.signal]),
        onNote: (note) => {
          onNote(note);
          resolve();
        },
      }).finally(resolve);
    });
  }

  opened(connect: () => Promise<DuckDBConnection>): void {
    this.#reader.opened(connect);
    this.#background(this.#board.start());
    this.#judge.ask();
    this.#count.ask();
  }

  async closing(): Promise<void> {
    await this.#reader.closing();
    // What is opened next may be a file that was restored from an earlier snapshot.
    this.#board.clear();
    this.#ledger = this.#newLedger();
  }

  loaded(event: LoadedEvent): void {
    try {
      this.#board.loaded(event);
    } catch (error) {
      // The page must never stop the loading: what it shows is read again.
      this.#board.clear();
      this.#failed(error);
    }
    if (event.judged > 0) this.#judge.ask();
    this.#count.ask();
    this.#pushPipeline.ask();
  }

  status(status: LoaderStatus): void {
    this.#pipeline.status(status);
    this.#pushPipeline.ask();
  }

  pipeline(state: PipelineState): void {
    this.#pipeline.told(state);
    this.#pushPipeline.ask();
  }

  onMisbehave(handler: ((request: MisbehaveRequest) => Promise<MisbehaveAnswer>) | null): void {
    this.#misbehave = handler;
    this.#pushPipeline.ask();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#atLeast);
    for (const throttle of [this.#pushMatches, this.#pushPipeline, this.#judge, this.#count]) throttle.stop();
    this.#hub.close();
    await this.#listening;
    if (this.#server.listening) {
      const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
      this.#server.closeAllConnections();
      await closed;
    }
    await this.#reader.closing();
  }

  #newLedger(): VerdictLedger {
    const { odiRaw, t20iRaw, testRaw } = CRICKET_TOPICS;
    return new VerdictLedger(this.#options.inputs ?? [odiRaw, t20iRaw, testRaw]);
  }

  #pipelineView(): PipelineView {
    return this.#pipeline.view(this.#ledger, this.#misbehave !== null, this.#now());
  }

  #tellMatches(): void {
    const events = [...this.#matchEvents.values()];
    this.#matchEvents.clear();
    for (const event of events) this.#publish("match", event);
  }

  async #tellVerdicts(): Promise<void> {
    const ledger = this.#ledger;
    const rejected = await this.#reader.read((query) => ledger.refresh(query, this.#now()));
    if (rejected === null) return;
    this.#publish("verdicts", { totals: ledger.totals, bySource: ledger.bySource, rejected });
    this.#pushPipeline.ask();
  }

  async #readCounts(): Promise<void> {
    const [row] = await this.#reader.read((query) =>
      query("SELECT (SELECT count(*) FROM matches), (SELECT count(*) FROM deliveries)"),
    );
    this.#pipeline.counted({ matches: number(row?.[0]), deliveries: number(row?.[1]) });
    this.#pushPipeline.ask();
  }

  #publish<N extends EventName>(name: N, event: EventMap[N]): void {
    this.#hub.publish(name, event);
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    // The warehouse is closed and opened again by the loader, which tells why by itself.
    if (!(error instanceof UnavailableError)) this.#options.onError(error);
  }
}
