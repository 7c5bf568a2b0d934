const CHARS_MAX = 500;

/** A text as one line for logs, tables and headers: line ends and control characters escaped, cut at 500 characters. */
export function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is replaced
  const line = text.replace(/[\u0000-\u001F\u007F\u2028\u2029]/gu, escaped);
  return line.length <= CHARS_MAX ? line : `${line.slice(0, CHARS_MAX - 1)}…`;
}

function escaped(character: string): string {
  return character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
