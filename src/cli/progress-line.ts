/** How far something long is: a bar on a terminal, a line for each tenth anywhere else. On stderr, so that stdout stays for results. */
export interface ProgressLine {
  /** `total` null: not known. Cheap to call often. */
  show(what: string, done: number, total: number | null, format: (value: number) => string): void;
  /** A line that stays. */
  note(text: string): void;
  /** Leaves what is shown and begins a new line. */
  end(): void;
}

export interface ProgressTarget {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const BAR = 30;
const REDRAW_MS = 100;
const ERASE_LINE = "\r\u001B[K";

export function progressLine(
  target: ProgressTarget = process.stderr,
  now: () => number = () => performance.now(),
): ProgressLine {
  return target.isTTY === true ? bar(target, now) : lines(target);
}

function bar(target: ProgressTarget, now: () => number): ProgressLine {
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawn = "";
  const end = (): void => {
    if (drawn !== "") target.write("\n");
    drawn = "";
  };
  return {
    show: (what, done, total, format) => {
      const isLast = total !== null && done >= total;
      if (!drawn.startsWith(what)) end();
      else if (!isLast && now() - drawnAt < REDRAW_MS) return;
      drawnAt = now();
      const share = total === null || total === 0 ? 0 : Math.min(1, done / total);
      const filled = Math.round(share * BAR);
      const blocks = total === null ? "" : ` [${"=".repeat(filled)}${" ".repeat(BAR - filled)}]`;
      drawn = `${what}${blocks} ${amount(done, total, format)}`;
      target.write(`${ERASE_LINE}${drawn}`);
    },
    note: (text) => {
      target.write(`${drawn === "" ? "" : ERASE_LINE}${text}\n${drawn}`);
    },
    end,
  };
}

function lines(target: ProgressTarget): ProgressLine {
  let said = "";
  return {
    show: (what, done, total, format) => {
      const tenth = total === null || total === 0 ? 0 : Math.floor((10 * done) / total);
      const key = `${what} ${tenth}`;
      if (key === said) return;
      said = key;
      target.write(`${what}: ${amount(done, total, format)}\n`);
    },
    note: (text) => void target.write(`${text}\n`),
    end: () => undefined,
  };
}

function amount(done: number, total: number | null, format: (value: number) => string): string {
  if (total === null) return format(done);
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  return `${percent}% (${format(done)} of ${format(total)})`;
}
