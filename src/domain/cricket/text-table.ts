/** One column of a plain text table: its width in terminal cells, and on which side the text stands. */
export interface Column {
  readonly width: number;
  readonly align: "left" | "right";
}

const segmenter: Intl.Segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Letters that take two cells of a terminal: Hangul, CJK, kana, full-width forms, emoji. */
const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u;

/** Cells a text takes on a terminal: accents on top of a letter take none, CJK letters two. */
export function cells(text: string): number {
  let sum = 0;
  for (const { segment } of segmenter.segment(text)) sum += WIDE.test(segment) ? 2 : 1;
  return sum;
}

/** The text in at most `width` cells, cut with "…" when it is longer. */
export function clip(text: string, width: number): string {
  if (cells(text) <= width) return text;
  let kept = "";
  for (const { segment } of segmenter.segment(text)) {
    if (cells(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** One line of a table, without blanks at its end. */
export function row(columns: readonly Column[], values: readonly string[]): string {
  return columns
    .map(({ width, align }, n) => {
      const text = clip(values[n] ?? "", width);
      const blanks = " ".repeat(width - cells(text));
      return align === "left" ? text + blanks : blanks + text;
    })
    .join(" ")
    .trimEnd();
}

/** Items separated by `separator`, broken into lines of at most `width` cells; later lines begin with `indent`. */
export function wrap(
  first: string,
  items: readonly string[],
  separator: string,
  width: number,
  indent: string,
): readonly string[] {
  const lines: string[] = [];
  let line = first;
  for (const [n, item] of items.entries()) {
    const text = clip(n < items.length - 1 ? item + separator.trimEnd() : item, width - cells(indent));
    const gap = line === "" || line.endsWith(" ") ? "" : " ";
    if (cells(line + gap + text) <= width) {
      line += gap + text;
      continue;
    }
    lines.push(line.trimEnd());
    line = indent + text;
  }
  return [...lines, line];
}
