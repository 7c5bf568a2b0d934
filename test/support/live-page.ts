import type { BallEvent, MatchFormat, MisbehaveAnswer, MisbehaveBody, PipelineView } from "../../src/dashboard/api.ts";
import { livePageUrl } from "../../src/local/pages.ts";
import type { Settings } from "../../src/settings.ts";

/** The live page as a program sees it: its API and its events. */
export interface LivePage {
  readonly url: string;
  pipeline(): Promise<PipelineView>;
  /** Presses a button. */
  misbehave(source: MatchFormat, kind: MisbehaveBody["kind"]): Promise<MisbehaveAnswer>;
  /** The next ball of each of these formats, as its event comes. */
  ballsOfEach(formats: readonly MatchFormat[]): Promise<BallEvent[]>;
}

const EVENTS_MS = 60_000;

export function livePage(settings: Settings): LivePage {
  const url = livePageUrl(settings);
  const api = (path: string): URL => new URL(`api/v1/${path}`, url);
  return {
    url,
    pipeline: async () => (await (await fetch(api("pipeline"))).json()) as PipelineView,
    misbehave: async (source, kind) => {
      const request = { method: "POST", headers: { "Content-Type": "application/json" } };
      const answer = await fetch(api(`misbehave/${source}`), { ...request, body: JSON.stringify({ kind }) });
      return (await answer.json()) as MisbehaveAnswer;
    },
    ballsOfEach: async (formats) => {
      const found = new Map<MatchFormat, BallEvent>();
      for await (const { name, data } of serverSentEvents(api("events"))) {
        if (name !== "ball") continue;
        const ball = JSON.parse(data) as BallEvent;
        if (formats.includes(ball.format)) found.set(ball.format, ball);
        if (found.size === formats.length) break;
      }
      return [...found.values()];
    },
  };
}

async function* serverSentEvents(url: URL): AsyncGenerator<{ readonly name: string; readonly data: string }> {
  const { body } = await fetch(url, { signal: AbortSignal.timeout(EVENTS_MS) });
  if (body === null) throw new Error(`${url.href} answered without a body`);
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, "mu").exec(block)?.[1] ?? "";
      yield { name: field("event"), data: field("data") };
    }
  }
}
