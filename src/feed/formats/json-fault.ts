/**
 * Where a text stops being JSON: RFC 8259, one character after another. The engine's own message names no place for most faults, and
 * changes with its version.
 */
export type JsonFault =
  /** Everything up to its end might have become JSON. */
  { readonly kind: "ends" } | { readonly kind: "unexpected"; readonly at: number };

type Expected = "value" | "first item" | "first key" | "key" | "colon" | "separator" | "end";

const SPACE = /[ \t\n\r]*/y;
const ATOM = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Of text that `JSON.parse` refused. */
export function findJsonFault(text: string): JsonFault {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  const afterValue = (): Expected => (open.length === 0 ? "end" : "separator");
  for (let at = skip(SPACE, text, 0); at < text.length; at = skip(SPACE, text, at)) {
    const character = text[at] ?? "";
    const isKey: boolean = expected === "key" || expected === "first key";
    const isValue: boolean = expected === "value" || expected === "first item";
    let next = at + 1;
    if (character === '"' && (isKey || isValue)) {
      const end = endOfString(text, at);
      if (typeof end !== "number") return end;
      next = end;
      expected = isKey ? "colon" : afterValue();
    } else if (isValue && (character === "{" || character === "[")) {
      open.push(character);
      expected = character === "{" ? "first key" : "first item";
    } else if (character === closing(open.at(-1)) && ["separator", "first key", "first item"].includes(expected)) {
      open.pop();
      expected = afterValue();
    } else if (character === "," && expected === "separator") {
      expected = open.at(-1) === "{" ? "key" : "value";
    } else if (character === ":" && expected === "colon") {
      expected = "value";
    } else {
      if (isValue && mightBecomeAtom(text, at)) return { kind: "ends" };
      next = isValue ? skip(ATOM, text, at) : at;
      if (next === at) return { kind: "unexpected", at };
      expected = afterValue();
    }
    at = next;
  }
  return { kind: "ends" };
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function closing(opening: "{" | "[" | undefined): "}" | "]" | undefined {
  return opening === undefined ? undefined : opening === "{" ? "}" : "]";
}

/** The beginning of a number, up to the end of the text. */
const CUT_NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d*|(?:\.\d+)?[eE][+-]?\d*)$|-$/y;

function mightBecomeAtom(text: string, at: number): boolean {
  const rest = text.slice(at, at + 5);
  if (["true", "false", "null"].some((atom) => atom.startsWith(rest))) return at + rest.length === text.length;
  return skip(CUT_NUMBER, text, at) > at;
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

function endOfString(text: string, opening: number): number | JsonFault {
  let at = opening + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return { kind: "unexpected", at };
    if (code !== 0x5c) {
      at += 1;
      continue;
    }
    const end = skip(ESCAPE, text, at);
    if (end === at) return text.length - at < 6 ? { kind: "ends" } : { kind: "unexpected", at };
    at = end;
  }
  return { kind: "ends" };
}
