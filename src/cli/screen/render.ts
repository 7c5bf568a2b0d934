import type { ScreenModel } from "./model.ts";
import { processes } from "./processes.ts";
import { footer, header, links, live, news, progress, sources, verdicts } from "./sections.ts";
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
 * Where room is short the blank lines go first, then the second line of each score and half of the process rows (two
 * processes a line), then old news, then process rows from the end; scores, sources, verdicts and the footer stay.
 */
export function renderScreen(model: ScreenModel, size: ScreenSize): string {
  const columns = Math.max(COLUMNS_MIN, Math.min(size.columns, COLUMNS_MAX));
  const top = header(model, columns);
  const bottom = footer(model, columns);
  const room = Math.max(0, size.rows - top.length - bottom.length);
  const layOut = (wide: boolean): Line[][] => [
    links(model),
    live(model, wide),
    sources(model, columns),
    verdicts(model, columns),
    progress(model),
    processes(model, wide ? null : columns),
  ];
  const long = layOut(true);
  const blocks = height(long) + NEWS_MIN <= room ? long : layOut(false);
  const spare = room - height(blocks);
  // One line of air after each block, when some news fits as well.
  const gap: Line[] = spare >= blocks.length + NEWS_MIN ? [[]] : [];
  const newsLines = news(model, spare - gap.length * blocks.length);
  const body = [...blocks.flatMap((block) => [...block, ...gap]), ...newsLines];
  const filled = [...body.slice(0, room), ...Array.from({ length: Math.max(0, room - body.length) }, (): Line => [])];
  const paint = painter(size.colour);
  return [...top, ...filled, ...bottom]
    .slice(0, size.rows)
    .map((line) => paint(clip(line, columns)))
    .join("\n");
}

/** Lines of news that are worth a denser layout. */
const NEWS_MIN = 2;

function height(blocks: readonly (readonly Line[])[]): number {
  return blocks.reduce((sum, block) => sum + block.length, 0);
}
