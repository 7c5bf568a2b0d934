import { createColors } from "picocolors";

export type Style = "plain" | "bold" | "dim" | "good" | "warn" | "bad" | "title";

/** A piece of a line in one style. */
export type Span = readonly [text: string, style: Style];
export type Line = readonly Span[];

export type Painter = (line: Line) => string;

/** Makes the function that turns a line into text, with or without colour. */
export function painter(colour: boolean): Painter {
  const pc = createColors(colour);
  const paint: Readonly<Record<Style, (text: string) => string>> = {
    plain: (text) => text,
    bold: pc.bold,
    dim: pc.dim,
    good: pc.green,
    warn: pc.yellow,
    bad: (text) => pc.bold(pc.red(text)),
    title: (text) => pc.bold(pc.cyan(text)),
  };
  return (line) => line.map(([text, style]) => paint[style](text)).join("");
}

/** Cuts a line to a width in columns and marks the cut with "…". */
export function clip(line: Line, columns: number): Line {
  if (width(line) <= columns) return line;
  const kept: Span[] = [];
  let left = columns - 1;
  for (const [text, style] of line) {
    const characters = [...text];
    kept.push([characters.slice(0, left).join(""), style]);
    left -= Math.min(left, characters.length);
    if (left === 0) break;
  }
  return [...kept, ["…", "dim"]];
}

/** Columns that a line takes. Names in the data are Latin script: one column a character. */
export function width(line: Line): number {
  return line.reduce((sum, [text]) => sum + [...text].length, 0);
}

/** Two lines in one: the first to the left, the second to the right edge. */
export function spread(left: Line, right: Line, columns: number): Line {
  const gap = columns - width(left) - width(right);
  return gap < 1 ? left : [...left, [" ".repeat(gap), "plain"], ...right];
}

/**
 * Makes text from outside (names in a file, messages of a server) safe to draw: a control character could move
 * the cursor or repaint the terminal.
 */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, " ").trim();
}
