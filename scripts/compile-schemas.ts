// Compiles the JSON Schemas of raw events to src/schemas/compiled.ts, which is checked in: tsx, vitest and tsc work on a fresh clone
// without a build step, and nothing needs ajv at run time. A test compiles again and compares.
//
//   npm run compile:schemas
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "src", "schemas");

/** What the review checks on its hot path: export → schema. */
const COMPILED = {
  odiDelivery: "odi-delivery.schema.json",
  odiMatch: "odi-match.schema.json",
  odiCsv1Delivery: "odi-csv1-delivery.schema.json",
  odiCsv1Match: "odi-csv1-match.schema.json",
  odiDeletion: "odi-deletion.schema.json",
  t20iDelivery: "t20i-delivery.schema.json",
  t20iMatch: "t20i-match.schema.json",
  deletion: "deletion.schema.json",
  unreadable: "unreadable.schema.json",
};

const HEAD = `// Generated from the *.schema.json beside it by scripts/compile-schemas.ts; a test keeps them in step. Do not edit.
// @ts-nocheck -- ajv writes JavaScript; what is exported has its type.
import type { CompiledSchema } from "./validate.ts";
`;

/** File name → schema. By these names the schemas refer to each other. */
export type Schemas = Readonly<Record<string, object>>;

export function readSchemas(): Schemas {
  const names = readdirSync(folder).filter((name) => name.endsWith(".schema.json"));
  return Object.fromEntries(
    names.toSorted().map((name) => [name, JSON.parse(readFileSync(join(folder, name), "utf8")) as object]),
  );
}

/** An ajv that knows all schemas. Strict: an unknown keyword is an error and no comment. */
export function ajvWith(schemas: Schemas, source = false): Ajv {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, messages: !source, code: { source, esm: source } });
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(schema, name);
  return ajv;
}

/** The text of compiled.ts. Throws when a schema is wrong, or when its code would need something of ajv at run time. */
export function compileSchemas(schemas: Schemas = readSchemas()): string {
  const ajv = ajvWith(withoutWords(schemas), true);
  const code = standalone.default(ajv, COMPILED).replace('"use strict";', "");
  if (/\brequire\(|\bimport\b/.test(code)) throw new Error("the compiled schemas need something of ajv at run time");
  const lines = code.replaceAll(/(?<=[;}])(?=(?:export )?(?:const|function) \w)/g, "\n");
  return `${HEAD}${lines.replaceAll(/export const (\w+) =/g, "export const $1: CompiledSchema =").trim()}\n`;
}

const WORDS: ReadonlySet<string> = new Set(["$schema", "title", "description", "examples"]);

/** The code holds its schema; what is written for people would only make it longer. */
function withoutWords(schemas: Schemas): Schemas {
  return JSON.parse(
    JSON.stringify(schemas, (name, value: unknown) =>
      WORDS.has(name) && (typeof value === "string" || Array.isArray(value)) ? undefined : value,
    ),
  ) as Schemas;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(join(folder, "compiled.ts"), compileSchemas());
