/** Colours of the page as a chart needs them: a canvas knows no style sheet. */
export interface Palette {
  /** One an innings, from the first. */
  readonly series: readonly string[];
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly surface: string;
  readonly wicket: string;
  readonly font: string;
}

/** Colour of an innings, from 1; super overs begin again. */
export function seriesColour(palette: Palette, innings: number): string {
  return palette.series[(innings - 1) % palette.series.length] ?? palette.ink;
}
