import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Dashboard, startDashboard } from "../../src/dashboard/server/index.ts";
import { CRICKET_TOPICS } from "../../src/domain/cricket/topics.ts";
import { type LoaderStatus, runLoader } from "../../src/loader/index.ts";
import { packageFile } from "../../src/local/paths.ts";
import { ModelLog } from "../../src/testing/index.ts";
import { CricketPipeline, type RawRecord } from "../support/cricket-pipeline.ts";

const TOPICS = {
  deliveries: CRICKET_TOPICS.deliveries,
  matches: CRICKET_TOPICS.matches,
  verdicts: CRICKET_TOPICS.verdicts,
  gaps: CRICKET_TOPICS.gaps,
  quarantine: CRICKET_TOPICS.quarantine,
};

/** A server of the live page that can be stopped and started again on the same port, as a loader that is killed. */
interface Serving {
  readonly dashboard: Dashboard;
  stop(): Promise<void>;
}

/**
 * The pipeline from the raw topics to the page: real processor, loader, DuckDB, server and client. Only the broker is the
 * model that the engine's tests use; `just prove-live` runs the same page on real servers.
 */
export class PageStack {
  readonly pipeline: CricketPipeline;
  readonly #dir = mkdtempSync(join(tmpdir(), "third-umpire-page-"));
  #serving: Serving | null = null;
  #port = 0;
  #connect: (() => Promise<DuckDBConnection>) | null = null;
  #status: LoaderStatus | null = null;
  readonly #onStatus = new Set<() => void>();
  readonly #errors: unknown[] = [];

  private constructor(pipeline: CricketPipeline) {
    this.pipeline = pipeline;
  }

  static async start(): Promise<PageStack> {
    if (!existsSync(packageFile("dist", "dashboard", "index.html"))) {
      throw new Error("the live page is not built: npm run build");
    }
    const stack = new PageStack(await CricketPipeline.start());
    await stack.serve();
    return stack;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  get dashboard(): Dashboard {
    if (this.#serving === null) throw new Error("the server is stopped");
    return this.#serving.dashboard;
  }

  /** Records go in as sources write them; resolves when each has its verdict. The page gets them a moment later. */
  async feed(records: Iterable<RawRecord>): Promise<void> {
    this.pipeline.append(records);
    await this.pipeline.judged();
  }

  /** Resolves when the warehouse has everything that was judged. */
  async settled(): Promise<void> {
    while (!this.#isLoaded()) await new Promise<void>((resolve) => this.#onStatus.add(resolve));
  }

  #isLoaded(): boolean {
    return Object.values(TOPICS).every((topic) => {
      const next = this.#status?.offsets[`${topic}/0`] ?? 0;
      return this.pipeline.broker.readCommitted(topic).every(({ offset }) => offset < next);
    });
  }

  /** What the warehouse says. */
  async sql(text: string): Promise<unknown[][]> {
    if (this.#connect === null) throw new Error("the warehouse is closed");
    const connection = await this.#connect();
    try {
      return (await connection.runAndReadAll(text)).getRowsJson();
    } finally {
      connection.closeSync();
    }
  }

  /** Loader and page in one process, as `third-umpire loader` runs them. */
  async serve(): Promise<void> {
    const stopping = new AbortController();
    const dashboard = await startDashboard({
      host: "127.0.0.1",
      port: this.#port,
      token: null,
      signal: stopping.signal,
      onNote: () => undefined,
      onError: (error) => void this.#errors.push(error),
    });
    this.#port = Number(new URL(dashboard.url).port);
    const opened = new Promise<void>((resolve) => this.#load(dashboard, stopping.signal, resolve));
    this.#serving = {
      dashboard,
      stop: async (): Promise<void> => {
        stopping.abort();
        await this.#loading;
        await dashboard.close();
      },
    };
    await opened;
  }

  #loading: Promise<void> = Promise.resolve();

  #load(dashboard: Dashboard, signal: AbortSignal, opened: () => void): void {
    this.#loading = runLoader({
      log: new ModelLog(this.pipeline.broker, { clientId: "loader" }),
      warehouseDir: join(this.#dir, "warehouse"),
      topics: TOPICS,
      groupId: "page-test-loader",
      signal,
      onStatus: (status) => {
        dashboard.status(status);
        this.#status = status;
        for (const told of this.#onStatus) told();
        this.#onStatus.clear();
      },
      observer: {
        opened: (connect) => {
          this.#connect = connect;
          dashboard.opened(connect);
          opened();
        },
        closing: async () => {
          this.#connect = null;
          await dashboard.closing();
        },
        loaded: (event) => dashboard.loaded(event),
      },
      publishIntervalMs: 3_600_000,
    });
  }

  /** As if the process ended: every connection is cut. */
  async halt(): Promise<void> {
    await this.#serving?.stop();
    this.#serving = null;
  }

  async stop(): Promise<void> {
    await this.halt();
    await this.pipeline.stop();
    rmSync(this.#dir, { recursive: true, force: true });
    if (this.#errors.length > 0) throw new AggregateError(this.#errors, "the server met errors it should not have met");
  }
}
