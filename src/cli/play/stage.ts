import { relative } from "node:path";
import { adoptedServices } from "./stack.ts";
import { localSupervisor, type ProcessSpec, type ProcessStatus, type Supervisor } from "../../local/index.ts";
import { logDir } from "../../local/paths.ts";
import type { LoaderStatus } from "../../loader/status.ts";
import type { Settings } from "../../settings.ts";
import { unlessAborted } from "../../unless-aborted.ts";
import { initialModel, type Link, type Phase, type ScreenModel } from "../screen/model.ts";
import { reduce, type ScreenEvent } from "../screen/reducer.ts";
import { type Display, openDisplay } from "./display.ts";
import type { PlayOptions } from "./options.ts";
import { feedProcess, type SourceId } from "./sources.ts";
import { LivePage } from "./live-page.ts";
import type { PipelineListener } from "./pipeline.ts";

/** An event before the stage has put the time on it. */
export type Untimed = ScreenEvent extends infer E ? (E extends ScreenEvent ? Omit<E, "at"> : never) : never;

const TICK_MS = 250;
/** The others are in the log, and all of them counted in the summary. */
const REFUSED_SHOWN = 20;
const COMES_LATER: Link = { state: "starting", url: null, text: "when Kafka answers" };

/** Everything that is running, and what is known of it: the supervisor, the model of the screen, the display. */
export class Stage {
  readonly supervisor: Supervisor;
  readonly listener: PipelineListener;
  /** Resolves when every feed says that all its matches are in. */
  readonly feedsDone: Promise<void>;
  readonly #settings: Settings;
  readonly #display: Display;
  readonly #tick: NodeJS.Timeout;
  readonly #livePage: LivePage;
  #model: ScreenModel;
  #waiting = "";
  readonly #notes: string[] = [];
  readonly #refused = new Set<string>();
  readonly #feedDone = new Map<SourceId, Promise<void>>();

  constructor(settings: Settings, options: Pick<PlayOptions, "sources" | "json" | "superset">) {
    const ids = options.sources.map(({ id }) => id);
    this.#settings = settings;
    this.#model = {
      ...initialModel(Date.now(), shownPath(logDir(settings)), settings.partitions, ids),
      links: { page: COMES_LATER, ...(options.superset ? { superset: COMES_LATER } : {}) },
    };
    this.supervisor = localSupervisor(settings);
    this.supervisor.onChange(() => this.#processes());
    const announce = new Map<SourceId, () => void>();
    for (const id of ids) this.#feedDone.set(id, new Promise((resolve) => announce.set(id, resolve)));
    this.feedsDone = Promise.all(this.#feedDone.values()).then(() => undefined);
    this.listener = {
      source: (id, status) => this.tell({ type: "source", id, status }),
      processor: (name, status) => this.tell({ type: "processor", name, status }),
      loader: (status) => this.tell({ type: "loader", status }),
      feed: (id, status) => {
        const told = this.#model.feeds.get(id)?.status.files?.refused.length ?? 0;
        this.tell({ type: "feed", id, status });
        for (const words of status.files?.refused.slice(told) ?? []) this.refuse(words);
        if (status.state !== "done") return;
        announce.get(id)?.();
        // It ended by itself; without this the supervisor would start it again.
        void this.supervisor.stop(feedProcess(id));
      },
      other: (message) => this.#livePage.hear(message),
    };
    this.#livePage = new LivePage({
      settings,
      sources: ids,
      send: (name, message) => this.supervisor.send(name, message),
      tell: (event) => this.tell(event),
      processes: () => this.processes(),
      kill: (process) => this.kill(process),
    });
    this.#display = openDisplay(() => this.#model, options);
    this.#tick = setInterval(() => {
      this.#processes();
      this.#livePage.show(this.#model);
    }, TICK_MS);
  }

  get model(): ScreenModel {
    return this.#model;
  }

  /** Offsets that the warehouse holds, as far as the loader has told. */
  get loaded(): LoaderStatus["offsets"] {
    return this.#model.loader?.offsets ?? {};
  }

  tell(event: Untimed): void {
    const before = this.#model;
    this.#model = reduce(before, { ...event, at: Date.now() } as ScreenEvent);
    if (event.type === "phase" || this.#model.news !== before.news) this.#display.update();
  }

  /** A file that is not played. A feed that is started again says so again. */
  refuse(words: string): void {
    if (this.#refused.has(words)) return;
    this.#refused.add(words);
    if (this.#refused.size <= REFUSED_SHOWN) this.tell({ type: "news", text: `refused: ${words}`, tone: "bad" });
  }

  /** Files that are not played, with the reason. */
  get refused(): readonly string[] {
    return [...this.#refused];
  }

  /** Something to keep: among the news now, and in the terminal afterwards. */
  note(text: string): void {
    this.#notes.push(text);
    this.tell({ type: "news", text, tone: "good" });
  }

  phase(phase: Phase, doing: string): void {
    this.tell({ type: "phase", phase, doing });
  }

  /** Resolves when this feed says that all its matches are in. */
  async feedDone(id: SourceId): Promise<void> {
    await this.#feedDone.get(id);
  }

  /** Servers that do not answer yet, for people. */
  waitFor(titles: readonly string[]): void {
    this.#waiting = titles.join(", ");
    this.phase(this.#model.phase, this.#waiting === "" ? "" : `waiting for ${this.#waiting}`);
  }

  /** The first source plays: others may still wait for their servers. */
  playing(): void {
    this.phase("playing", this.#waiting === "" ? "" : `waiting for ${this.#waiting}`);
  }

  /** Starts all at once; resolves when all are ready, throws what the first one failed with. */
  async startAll(specs: readonly ProcessSpec[], signal: AbortSignal): Promise<void> {
    await unlessAborted(Promise.all(specs.map((spec) => this.supervisor.start(spec))), signal);
  }

  /** Processes of this run, and servers that another terminal keeps running. */
  processes(): ProcessStatus[] {
    const own = this.supervisor.list();
    const names = new Set(own.map((process) => process.name));
    return [...adoptedServices(this.#settings).filter((service) => !names.has(service.name)), ...own];
  }

  /** Our own by the supervisor, those of others by their pid. */
  kill(victim: ProcessStatus): void {
    const isOwn = this.supervisor.list().some((process) => process.name === victim.name);
    if (isOwn) this.supervisor.kill(victim.name, "SIGKILL");
    else if (victim.pid !== null) process.kill(victim.pid, "SIGKILL");
  }

  /** In the order of the data, so that each one still finds those it talks to; servers last. */
  async stop(names: readonly string[]): Promise<void> {
    const running = this.supervisor
      .list()
      .filter((process) => process.state !== "stopped" && process.state !== "failed");
    for (const name of names) {
      if (!running.some((process) => process.name === name)) continue;
      this.phase("stopping", name);
      await this.supervisor.stop(name);
    }
  }

  close(): void {
    clearInterval(this.#tick);
    this.#display.close(this.#notes);
  }

  #processes(): void {
    this.tell({ type: "processes", list: this.processes() });
  }
}

/** Relative where that is shorter. */
function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") || short === "" ? path : short;
}
