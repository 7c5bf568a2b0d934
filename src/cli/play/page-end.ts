import type { MisbehaveAnswer, MisbehaveRequest } from "../../dashboard/api.ts";
import type { Dashboard } from "../../dashboard/server/index.ts";
import { type ChannelMessage, messageOf } from "./channel.ts";

export interface PageEndOptions {
  readonly page: Pick<Dashboard, "url" | "pipeline" | "onMisbehave">;
  /** Tells the process that started us. */
  readonly tell: (message: ChannelMessage) => void;
  /** How long a button waits for what it set off, ms (default 20,000). */
  readonly answerMs?: number;
}

const ANSWER_MS = 20_000;

/** The loader's end of the channel to `play`: passes on what `play` tells the page, and what the page's buttons ask of `play`. */
export class PageEnd {
  readonly #options: PageEndOptions;
  readonly #waiting = new Map<number, (answer: MisbehaveAnswer) => void>();
  #nextId = 1;
  #hasParent = false;

  constructor(options: PageEndOptions) {
    this.#options = options;
  }

  /** Whether the page is there; `note` says why not. */
  note(note: string | null): void {
    const { page, tell } = this.#options;
    const problem = note?.replace(/^no live page: /u, "") ?? "";
    tell({ type: "page", url: note === null ? page.url : null, problem });
  }

  hear(message: unknown): void {
    const { page } = this.#options;
    const told = messageOf("pipeline", message);
    if (told !== undefined) {
      page.pipeline(told.state);
      // Only who tells us of the processes owns them.
      if (!this.#hasParent) page.onMisbehave((request) => this.#ask(request));
      this.#hasParent = true;
    }
    const answer = messageOf("misbehaved", message);
    if (answer !== undefined) this.#waiting.get(answer.id)?.({ ok: answer.ok, text: answer.text });
  }

  async #ask({ source, kind }: MisbehaveRequest): Promise<MisbehaveAnswer> {
    const id = this.#nextId++;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<MisbehaveAnswer>((resolve) => {
        this.#waiting.set(id, resolve);
        const late = { ok: false, text: "nobody has answered; the screen of `play` may say why" };
        timer = setTimeout(() => resolve(late), this.#options.answerMs ?? ANSWER_MS);
        this.#options.tell({ type: "misbehave", id, source, kind });
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }
}
