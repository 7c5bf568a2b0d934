import type { MatchView } from "./match-view.ts";

const ESC = "\u001B[";
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}2J`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;

/** The parts of a terminal or a pipe that are used. */
export interface WatchOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** Shows views: in place on a terminal; elsewhere a line for each that is new, the card first. */
export class WatchScreen {
  readonly #out: WatchOutput;
  readonly #isTerminal: boolean;
  #last = "";
  #lines: ReadonlySet<string> = new Set();
  #open = false;

  /** Also runs at a second Ctrl-C: nobody must be left with a broken terminal. */
  readonly #leave = (): void => {
    if (this.#open) this.#out.write(LEAVE);
    this.#open = false;
  };

  constructor(out: WatchOutput) {
    this.#out = out;
    this.#isTerminal = out.isTTY === true;
  }

  show(view: MatchView): void {
    if (this.#isTerminal) this.#draw(view);
    else this.#print(view);
  }

  close(): void {
    process.off("exit", this.#leave);
    this.#leave();
  }

  #draw({ live, card, note }: MatchView): void {
    if (!this.#open) {
      this.#open = true;
      process.on("exit", this.#leave);
      this.#out.write(ENTER);
    }
    const { columns = 100, rows = 40 } = this.#out;
    const all = [...live, ...(live.length > 0 ? [""] : []), ...card.trimEnd().split("\n"), "", note];
    // The end of a long card is where the game is: the innings being played comes last.
    const head = live.length > 0 ? live.length + 1 : 0;
    const room = Math.max(1, rows - 1);
    const shown = all.length <= room ? all : [...all.slice(0, head), ...all.slice(head).slice(head - room)];
    const text = shown.map((line) => [...line].slice(0, columns).join("")).join(`${ESC}K\r\n`);
    if (text === this.#last) return;
    this.#last = text;
    this.#out.write(`${ESC}?2026h${ESC}H${text}${ESC}K${ESC}J${ESC}?2026l`);
  }

  #print({ live, card, note }: MatchView): void {
    if (this.#last === "" && card !== "") {
      this.#last = card;
      this.#out.write(`${card}${note === "" ? "" : `\n${note}\n`}`);
    } else if (live.length === 0 && card !== this.#last) {
      this.#last = card;
      this.#out.write(card);
    }
    for (const line of live) if (!this.#lines.has(line)) this.#out.write(`${line}\n`);
    this.#lines = new Set(live);
  }
}
