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

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    series: [1, 2, 3, 4].map((n) => value(`--series-${n}`)),
    ink: value("--ink"),
    muted: value("--muted"),
    line: value("--line"),
    surface: value("--surface"),
    wicket: value("--wicket"),
    font: getComputedStyle(document.body).fontFamily,
  };
}

/** Colour of an innings, from 1; super overs begin again. */
export function seriesColour(palette: Palette, innings: number): string {
  return palette.series[(innings - 1) % palette.series.length] ?? palette.ink;
}
