import type { News, ScreenModel } from "../screen/model.ts";
import { statusLine } from "../screen/status-line.ts";
import { TerminalScreen } from "../screen/terminal.ts";

export interface Display {
  /** Something changed that should be seen at once. */
  update(): void;
  /** `notes` are for people to keep: they are left in the terminal when the screen is gone. */
  close(notes: readonly string[]): void;
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
  return { update: () => screen.draw(), close: (notes) => leave(screen, notes) };
}

function leave(screen: TerminalScreen, notes: readonly string[]): void {
  screen.close();
  for (const note of notes) process.stdout.write(`${note}\n`);
}

/** Notes stand among the lines already. */
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
