import type { ProcessStatus } from "../../local/index.ts";
import type { Settings } from "../../settings.ts";
import type { ScreenModel } from "../screen/model.ts";
import { pipelineState } from "../screen/pipeline-state.ts";
import { type ChannelMessage, messageOf } from "./channel.ts";
import { Misbehaviour } from "./misbehave.ts";
import type { SourceId } from "./sources.ts";
import type { Untimed } from "./stage.ts";

export interface LivePageHost {
  readonly settings: Settings;
  readonly sources: readonly SourceId[];
  /** False when that process does not run. */
  send(name: string, message: ChannelMessage): boolean;
  tell(event: Untimed): void;
  processes(): readonly ProcessStatus[];
  kill(process: ProcessStatus): void;
}

/** Our end of the live page, which the loader's process serves: tells it how the processes are, does what its buttons ask for. */
export class LivePage {
  readonly #host: LivePageHost;
  readonly #misbehaviour: Misbehaviour;

  constructor(host: LivePageHost) {
    this.#host = host;
    this.#misbehaviour = new Misbehaviour({
      settings: host.settings,
      sources: host.sources,
      processes: () => host.processes(),
      kill: (process) => host.kill(process),
      killed: (target, name) => host.tell({ type: "killed", target, name, by: "the live page" }),
      send: (name, message) => host.send(name, message),
      tell: (text) => host.tell({ type: "news", text, tone: "plain" }),
      now: () => performance.now(),
    });
  }

  /** Four times a second; a loader that is starting anew hears the next one. */
  show(model: ScreenModel): void {
    this.#host.send("loader", { type: "pipeline", state: pipelineState(model) });
  }

  /** What a part says beside its status. */
  hear(message: unknown): void {
    const page = messageOf("page", message);
    if (page !== undefined) {
      const { url, problem } = page;
      const link = { state: url === null ? "failed" : "up", url, text: problem } as const;
      this.#host.tell({ type: "link", name: "page", link });
    }
    const asked = messageOf("misbehave", message);
    if (asked !== undefined) void this.#answer(asked.id, asked);
    const repeated = messageOf("repeated", message);
    if (repeated !== undefined) this.#misbehaviour.repeated(repeated);
  }

  async #answer(id: number, request: { source: SourceId; kind: "repeat" | "crash" }): Promise<void> {
    const answer = await this.#misbehaviour.handle(request);
    this.#host.send("loader", { type: "misbehaved", id, ...answer });
  }
}
