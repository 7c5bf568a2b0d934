import { PoisonError } from "../../../domain/errors.ts";

/** Cricsheet nests eight levels deep. What is deeper would end in a stack overflow somewhere, with no reason to read. */
const DEPTH_MAX = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws PoisonError for bytes that are not UTF-8: a name with a replacement character in it is another name. */
export function utf8Text(value: Buffer): string {
  try {
    return utf8.decode(value);
  } catch (error) {
    throw new PoisonError("the value is not UTF-8", { cause: error });
  }
}

/**
 * The JSON document of a record.
 *
 * `JSON.parse` takes the last of two members of one name, silently; which of them is meant nobody knows, so such a record is
 * poison. Every member has one colon outside texts, and one entry in the parsed value unless another took its place: two
 * counts tell, without a parser of our own.
 *
 * @throws PoisonError for what is no JSON, names a member twice, or nests too deep.
 */
export function jsonDocument(value: Buffer): unknown {
  const text = utf8Text(value);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new PoisonError(`the value is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (members(document, 0) !== colons(value)) throw new PoisonError("an object of the value names a member twice");
  return document;
}

/** Colons outside texts. In UTF-8 no byte of a longer character looks like one of these. */
function colons(json: Buffer): number {
  let count = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) inText = !inText;
    else if (byte === COLON && !inText) count++;
    else if (byte === BACKSLASH) at++;
  }
  return count;
}

function members(value: unknown, depth: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (depth === DEPTH_MAX) throw new PoisonError(`the value nests deeper than ${DEPTH_MAX} levels`);
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += members(item, depth + 1);
    return count;
  }
  for (const name in value) {
    const member: unknown = (value as Readonly<Record<string, unknown>>)[name];
    count += typeof member === "object" ? 1 + members(member, depth + 1) : 1;
  }
  return count;
}
