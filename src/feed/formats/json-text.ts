/** JSON as strict as a source must take it: what two readers could understand differently is refused. */
import { findJsonFault } from "./json-fault.ts";
import { UnreadableFile, lineAt } from "./whole-file.ts";

/** Cricsheet's files nest ten deep; a database takes 100. */
const MAX_DEPTH = 64;

/** @throws UnreadableFile with the line, for what is no JSON, names a key twice or nests too deep. */
export function parseStrictJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // Nothing else than text that is no JSON makes it throw.
    if (!(error instanceof SyntaxError)) throw error;
    throw whyNotJson(text);
  }
  checkObjects(text);
  return value;
}

function whyNotJson(text: string): UnreadableFile {
  const fault = findJsonFault(text);
  if (fault.kind === "ends")
    return new UnreadableFile("not JSON: the file ends too early", lineAt(text, text.trimEnd().length));
  const column = fault.at - text.lastIndexOf("\n", fault.at - 1);
  const shown = JSON.stringify(String.fromCodePoint(text.codePointAt(fault.at) ?? 0));
  return new UnreadableFile(`not JSON: ${shown} is unexpected at character ${column}`, lineAt(text, fault.at));
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Walks through text that is known to be JSON. */
function checkObjects(text: string): void {
  // One entry for each open bracket: the keys of an object so far, null for an array.
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    switch (character) {
      case "{":
      case "[":
        open.push(character === "{" ? new Set() : null);
        if (open.length > MAX_DEPTH)
          throw new UnreadableFile(`nested more than ${MAX_DEPTH} levels deep`, lineAt(text, at));
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case '"': {
        const end = closingQuote(text, at);
        const keys = open.at(-1);
        if (keys !== undefined && keys !== null && isKey(text, end)) addKey(keys, text, at, end);
        at = end;
        break;
      }
      default: // what stands between brackets and strings
    }
  }
}

function addKey(keys: Set<string>, text: string, from: number, to: number): void {
  const written = text.slice(from + 1, to);
  const key = written.includes("\\") ? (JSON.parse(`"${written}"`) as string) : written;
  const shown = JSON.stringify(key.slice(0, 60));
  if (keys.has(key)) throw new UnreadableFile(`the key ${shown} occurs twice in one object`, lineAt(text, from));
  if (key.includes("\0")) throw new UnreadableFile(`the key ${shown} holds a NUL character`, lineAt(text, from));
  keys.add(key);
}

/** A colon follows a key and nothing else. */
function isKey(text: string, end: number): boolean {
  let at = end + 1;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at += 1;
  return text[at] === ":";
}

function closingQuote(text: string, opening: number): number {
  let at = opening + 1;
  for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(at)) at += code === BACKSLASH ? 2 : 1;
  return at;
}
