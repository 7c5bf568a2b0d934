import type { ScreenModel } from "./model.ts";
import { footer, header, live, news, processes, progress, sources } from "./sections.ts";
import { clip, type Line, painter } from "./spans.ts";

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

const COLUMNS_MIN = 20;
const COLUMNS_MAX = 120;

/**
 * Draws the model as at most `rows` lines of at most `columns` columns, joined by line breaks. Pure.
 *
 * Where room is short, the blank lines go first, then old news, then process rows from the end; the score, the
 * verdicts and the footer stay.
 */
export function renderScreen(model: ScreenModel, size: ScreenSize): string {
  const columns = Math.max(COLUMNS_MIN, Math.min(size.columns, COLUMNS_MAX));
  const top = header(model, columns);
  const blocks = [live(model), sources(model, columns), progress(model), processes(model)];
  const bottom = footer(model, columns);
  const fixed = top.length + bottom.length + blocks.reduce((sum, block) => sum + block.length, 0);
  const spare = size.rows - fixed;
  // One line of air after each block, when a line of news fits as well.
  const gap: Line[] = spare > blocks.length ? [[]] : [];
  const newsLines = news(model, spare - gap.length * blocks.length);
  const body = [...blocks.flatMap((block) => [...block, ...gap]), ...newsLines];
  const room = Math.max(0, size.rows - top.length - bottom.length);
  const filled = [...body.slice(0, room), ...Array.from({ length: Math.max(0, room - body.length) }, (): Line => [])];
  const paint = painter(size.colour);
  return [...top, ...filled, ...bottom]
    .slice(0, size.rows)
    .map((line) => paint(clip(line, columns)))
    .join("\n");
}
