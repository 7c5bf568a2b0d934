import type { MisbehaveAnswer, MisbehaveRequest } from "../../dashboard/api.ts";
import { type ProcessStatus, SERVICES } from "../../local/index.ts";
import type { Settings } from "../../settings.ts";
import type { CrashTarget } from "../options.ts";
import type { AgainMessage, RepeatedMessage } from "./channel.ts";
import { feedProcess, type SourceId, type SourceService, SOURCES } from "./sources.ts";

/** What a button may reach, and whom it tells. */
export interface MisbehaveHost {
  readonly settings: Settings;
  /** The sources that are played. */
  readonly sources: readonly SourceId[];
  processes(): readonly ProcessStatus[];
  kill(process: ProcessStatus): void;
  /** A server was killed. */
  killed(target: CrashTarget, name: string): void;
  /** False when that process does not run. */
  send(name: string, message: AgainMessage): boolean;
  /** For the news. */
  tell(text: string): void;
  /** ms */
  now(): number;
}

/** Rows, documents or objects of one repetition: as after a short outage. */
const COUNT = 20;
/** Between two of a kind at one source: a server that is killed while it starts teaches nothing more. */
const PAUSE_MS = { repeat: 2000, crash: 5000 } as const;
const FEED_ANSWER_MS = 5000;

const THINGS: Readonly<
  Record<SourceService, { readonly many: string; readonly store: string; readonly done: string }>
> = {
  postgres: { many: "rows", store: "Postgres", done: "inserted" },
  mongodb: { many: "documents", store: "MongoDB", done: "inserted" },
  lambda: { many: "objects", store: "the object store", done: "appended" },
};

const CRASHED: Readonly<Record<SourceService, { readonly target: CrashTarget; readonly title: string }>> = {
  postgres: { target: "postgres", title: "Postgres" },
  mongodb: { target: "mongo", title: "MongoDB" },
  lambda: { target: "lambda", title: "the Lambda endpoint" },
};

/** Does what the buttons of the live page ask for: to the sources of this `play`, and to no others. */
export class Misbehaviour {
  readonly #host: MisbehaveHost;
  readonly #lastAt = new Map<string, number>();
  readonly #waiting = new Map<number, (message: RepeatedMessage) => void>();
  #nextId = 1;

  constructor(host: MisbehaveHost) {
    this.#host = host;
  }

  /** Never rejects: what went wrong is the answer. */
  async handle({ source, kind }: MisbehaveRequest): Promise<MisbehaveAnswer> {
    if (!this.#host.sources.includes(source)) return no(`${source} is not played`);
    const now = this.#host.now();
    const name = `${source} ${kind}`;
    const waitMs = (this.#lastAt.get(name) ?? Number.NEGATIVE_INFINITY) + PAUSE_MS[kind] - now;
    if (waitMs > 0) return no(`not so fast: again in ${Math.ceil(waitMs / 1000)} s`);
    this.#lastAt.set(name, now);
    try {
      const answer = kind === "crash" ? this.#crash(source) : await this.#repeat(source);
      if (answer.ok && kind === "repeat") this.#host.tell(`live page: ${answer.text}`);
      return answer;
    } catch (error) {
      return no(error instanceof Error ? error.message : String(error));
    }
  }

  /** The feed of the object store has answered. */
  repeated(message: RepeatedMessage): void {
    this.#waiting.get(message.id)?.(message);
  }

  #crash(source: SourceId): MisbehaveAnswer {
    const { service } = SOURCES[source];
    const { target, title } = CRASHED[service];
    if (!SERVICES[service].isLocal(this.#host.settings)) return no(`${title} is no server of ours: it is not killed`);
    const victim = this.#host.processes().find(({ name }) => name === service);
    if (victim?.state !== "ready") return no(`${title} is down; it comes back by itself`);
    this.#host.killed(target, victim.name);
    this.#host.kill(victim);
    return { ok: true, text: `${capital(title)} was killed and is being started again` };
  }

  async #repeat(source: SourceId): Promise<MisbehaveAnswer> {
    const { many, store, done } = THINGS[SOURCES[source].service];
    const count = await this.#repeatIn(source);
    if (count === 0) return no(`${store} holds no ${many} yet`);
    return { ok: true, text: `${count} ${many} of ${store} were ${done} again` };
  }

  async #repeatIn(source: SourceId): Promise<number> {
    const { settings } = this.#host;
    // The drivers are loaded when somebody presses the button: most runs never need them.
    switch (source) {
      case "odi":
        return (await import("../../feed/again/postgres.ts")).repeatInPostgres(settings.postgresUrl, COUNT);
      case "t20i":
        return (await import("../../feed/again/mongo.ts")).repeatInMongo(settings.mongodbUrl, COUNT);
      case "test":
        return (await this.#askFeed()) ?? (await this.#repeatInStore());
    }
  }

  /** The store has one writer: while its feed runs, that is the feed. Undefined when it does not, or ends just now. */
  async #askFeed(): Promise<number | undefined> {
    const id = this.#nextId++;
    const answer = new Promise<RepeatedMessage>((resolve) => this.#waiting.set(id, resolve));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), FEED_ANSWER_MS);
    });
    try {
      if (!this.#host.send(feedProcess("test"), { type: "again", id, count: COUNT })) return undefined;
      const said = await Promise.race([answer, late]);
      if (said?.count === null) throw new Error(said.problem);
      return said?.count;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  async #repeatInStore(): Promise<number> {
    const { objectStoreTarget } = await import("../../feed/targets/object-store.ts");
    const { objectStore, lambdaRegion } = this.#host.settings;
    const target = objectStoreTarget({ location: objectStore, region: lambdaRegion });
    try {
      return await target.repeat(COUNT);
    } finally {
      await target.close();
    }
  }
}

function no(text: string): MisbehaveAnswer {
  return { ok: false, text };
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
