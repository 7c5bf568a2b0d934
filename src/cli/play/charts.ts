/** Superset beside everything else: it may take minutes to be fetched, and nothing waits for it. */
import { readRunFiles } from "../../local/run-files.ts";
import { isRunning } from "../../local/processes.ts";
import { runDir } from "../../local/paths.ts";
import { startSuperset, supersetAdmin, supersetDir, supersetUrl } from "../../local/superset.ts";
import type { Settings } from "../../settings.ts";
import { toFailure } from "../errors.ts";
import type { Link } from "../screen/model.ts";
import type { Stage } from "./stage.ts";

/** Never in the way: a failure is said, and everything else goes on. */
export class Charts {
  readonly #stage: Stage;
  readonly #settings: Settings;
  readonly #stop = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(stage: Stage, settings: Settings) {
    this.#stage = stage;
    this.#settings = settings;
  }

  /** Begins to install and start it, and shows how far it is. */
  start(): void {
    this.#work = this.#start();
  }

  /** Resolves when nothing of it runs any more, unless somebody else keeps it running. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#stage.supervisor.stop("superset");
    await this.#work;
  }

  async #start(): Promise<void> {
    const { signal } = this.#stop;
    try {
      if (signal.aborted) return;
      if (!runsElsewhere(this.#settings)) {
        this.#show("starting", "being started in the background");
        const progress = (line: string): void => this.#show("starting", line.replace(/^Superset:? /u, ""));
        const { firstPassword } = await startSuperset(this.#stage.supervisor, this.#settings, progress, signal);
        if (firstPassword !== null) this.#stage.note(passwordNote(this.#settings, firstPassword));
      }
      this.#show("up", "");
    } catch (error) {
      if (signal.aborted) return;
      const failure = toFailure(error);
      const remedy = failure?.remedy === undefined ? "" : ` (${failure.remedy})`;
      this.#show("failed", `${failure?.message ?? String(error)}${remedy}`);
    }
  }

  #show(state: Link["state"], text: string): void {
    const url = state === "up" ? supersetUrl(this.#settings) : null;
    this.#stage.tell({ type: "link", name: "superset", link: { state, url, text } });
  }
}

/** Said once, when it is made. */
export function passwordNote(settings: Settings, password: string): string {
  return `Superset: to edit, log in as ${supersetAdmin} with ${password} (kept in ${supersetDir(settings)}/admin_password)`;
}

/** Whether `third-umpire up` keeps it running. */
function runsElsewhere(settings: Settings): boolean {
  const file = readRunFiles(runDir(settings)).find(({ name }) => name === "superset");
  return (
    file?.state === "ready" &&
    file.pid !== null &&
    file.identity !== null &&
    file.supervisor.pid !== process.pid &&
    isRunning(file.supervisor.pid, file.supervisor.identity) &&
    isRunning(file.pid, file.identity)
  );
}
