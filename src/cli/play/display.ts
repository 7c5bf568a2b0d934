import type { News, ScreenModel } from "../screen/model.ts";
import { statusLine } from "../screen/status-line.ts";
import { TerminalScreen } from "../screen/terminal.ts";

export interface Display {
  /** Something changed that should be seen at once. */
  update(): void;
  close(): void;
}

const REDRAW_MS = 250;
const LINE_MS = 5000;

/** The live screen on a terminal; elsewhere a status line every five seconds and the news as they come. */
export function openDisplay(model: () => ScreenModel, options: { readonly json: boolean }): Display {
  if (process.stdout.isTTY && !options.json) return openScreen(model);
  return openLines(model, options.json ? process.stderr : process.stdout);
}

function openScreen(model: () => ScreenModel): Display {
  const screen = new TerminalScreen(process.stdout, model);
  screen.open(REDRAW_MS);
  return { update: () => screen.draw(), close: () => screen.close() };
}

function openLines(model: () => ScreenModel, out: NodeJS.WritableStream): Display {
  let told: News | undefined;
  let doing = "";
  const news = (): void => {
    const { news: items, phase, doing: now } = model();
    if (`${phase} ${now}` !== doing && now !== "") out.write(`${phase}: ${now}\n`);
    doing = `${phase} ${now}`;
    const from = told === undefined ? 0 : items.lastIndexOf(told) + 1;
    for (const item of items.slice(from)) out.write(`${item.text}\n`);
    told = items.at(-1) ?? told;
  };
  const timer = setInterval(() => out.write(`${statusLine(model())}\n`), LINE_MS);
  return {
    update: news,
    close: () => {
      clearInterval(timer);
      news();
      out.write(`${statusLine(model())}\n`);
    },
  };
}
