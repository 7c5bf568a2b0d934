import type { WriteStream } from "node:tty";
import type { ScreenModel } from "./model.ts";
import { renderScreen } from "./render.ts";

const ESC = "\u001B[";
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}2J`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;
/** Terminals that know synchronized output draw the frame at once; the others ignore the two marks. */
const FRAME_BEGIN = `${ESC}?2026h${ESC}H`;
const FRAME_END = `${ESC}J${ESC}?2026l`;

/** The alternate screen of a terminal, redrawn in place. */
export class TerminalScreen {
  readonly #out: WriteStream;
  readonly #model: () => ScreenModel;
  #last = "";
  #timer: NodeJS.Timeout | undefined;
  #open = false;

  readonly #redraw = (): void => this.draw();
  readonly #resized = (): void => {
    this.#last = "";
    this.draw();
  };
  /** Also runs after an uncaught error and at a second Ctrl-C: nobody must be left with a broken terminal. */
  readonly #leave = (): void => {
    if (!this.#open) return;
    this.#open = false;
    this.#out.write(LEAVE);
  };

  constructor(out: WriteStream, model: () => ScreenModel) {
    this.#out = out;
    this.#model = model;
  }

  /** Takes the terminal over and redraws it every `everyMs`. */
  open(everyMs: number): void {
    this.#open = true;
    this.#out.write(ENTER);
    process.on("exit", this.#leave);
    this.#out.on("resize", this.#resized);
    this.#timer = setInterval(this.#redraw, everyMs);
    this.draw();
  }

  draw(): void {
    if (!this.#open) return;
    const { columns, rows } = this.#out;
    const colour = this.#out.hasColors() && process.env["NO_COLOR"] === undefined;
    const text = renderScreen(this.#model(), { columns, rows, colour });
    if (text === this.#last) return;
    this.#last = text;
    // Each line clears what is left of the one it replaces: no blank frame in between, so no flicker.
    this.#out.write(`${FRAME_BEGIN}${text.split("\n").join(`${ESC}K\r\n`)}${ESC}K${FRAME_END}`);
  }

  /** Gives the terminal back as it was. Idempotent. */
  close(): void {
    clearInterval(this.#timer);
    this.#out.off("resize", this.#resized);
    process.off("exit", this.#leave);
    this.#leave();
  }
}
