import { PoisonError } from "../domain/errors.ts";
import { oneLine } from "../domain/one-line.ts";

/** What a compiled schema found wrong: the first problem only. */
interface SchemaProblem {
  /** JSON pointer to the member, "" for the whole. */
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A JSON Schema as code (src/schemas/compiled.ts). `errors` speaks of the last call. */
export interface CompiledSchema {
  (data: unknown): boolean;
  errors?: readonly SchemaProblem[] | null;
}

/** @throws PoisonError that names the member and what it must be, such as "ball: must be text". */
export function checkSchema(schema: CompiledSchema, data: unknown): void {
  if (schema(data)) return;
  const problem = schema.errors?.[0];
  throw new PoisonError(oneLine(problem === undefined ? "does not match its schema" : problemText(problem)));
}

/** A problem in words, for a person who has the record and not the schema before them. */
export function problemText({ instancePath, keyword, params }: SchemaProblem): string {
  const missing = keyword === "required" ? [String(params["missingProperty"])] : [];
  const path = [...instancePath.split("/").slice(1).map(unescaped), ...missing].join(".");
  return `${path === "" ? "the value" : path}: ${demand(keyword, params)}`;
}

function demand(keyword: string, params: SchemaProblem["params"]): string {
  if (keyword === "required") return "is missing";
  if (keyword === "type") {
    const types = [params["type"]].flat().map((type) => TYPE_WORDS[String(type)] ?? String(type));
    return `must be ${types.join(" or ")}`;
  }
  return `breaks the rule "${keyword}" ${JSON.stringify(params)}`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  null: "null",
};

/** JSON pointer (RFC 6901): "~1" is "/", "~0" is "~". */
function unescaped(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}
