import type { Palette } from "./palette.ts";

/** The colours of the theme that is seen now. */
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
