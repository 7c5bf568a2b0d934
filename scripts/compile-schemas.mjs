// Compiles the JSON Schemas of raw events to src/schemas/compiled.ts, which is checked in: tsx, vitest and tsc work on a fresh clone
// without a build step, and nothing needs ajv at run time. A test compiles again and compares.
//
//   node scripts/compile-schemas.mjs
import { Ajv } from "ajv";
import standaloneModule from "ajv/dist/standalone/index.js";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const standalone = standaloneModule.default;
const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "src", "schemas");

/** What the review checks on its hot path: export → schema. */
const COMPILED = {
  odiDelivery: "odi-delivery.schema.json",
  odiMatch: "odi-match.schema.json",
  odiCsv1Delivery: "odi-csv1-delivery.schema.json",
  odiCsv1Match: "odi-csv1-match.schema.json",
  t20iDelivery: "t20i-delivery.schema.json",
  t20iMatch: "t20i-match.schema.json",
  unreadable: "unreadable.schema.json",
};

const HEAD = `// Generated from the *.schema.json beside it by scripts/compile-schemas.mjs; a test keeps them in step. Do not edit.
// @ts-nocheck -- ajv writes JavaScript; what is exported has its type.
import type { CompiledSchema } from "./validate.ts";
`;

/** Every schema by its file name, which is what they call each other. */
export function readSchemas() {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".schema.json"))
    .toSorted();
  return Object.fromEntries(names.map((name) => [name, JSON.parse(readFileSync(join(folder, name), "utf8"))]));
}

/** The text of compiled.ts. Schemas are checked strictly: an unknown keyword is an error and no comment. */
export function compileSchemas(schemas = readSchemas()) {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, messages: false, code: { source: true, esm: true } });
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(withoutWords(schema), name);
  const code = standalone(ajv, COMPILED).replace('"use strict";', "");
  if (/\brequire\(|\bimport\b/.test(code)) throw new Error("the compiled schemas need something of ajv at run time");
  const lines = code.replaceAll(/(?<=[;}])(?=(?:export )?(?:const|function) \w)/g, "\n");
  return `${HEAD}${lines.replaceAll(/export const (\w+) =/g, "export const $1: CompiledSchema =").trim()}\n`;
}

/** The code holds its schema; what is written for people would only make it longer. */
function withoutWords(schema) {
  return JSON.parse(
    JSON.stringify(schema, (name, value) =>
      WORDS.has(name) && (typeof value === "string" || Array.isArray(value)) ? undefined : value,
    ),
  );
}

const WORDS = new Set(["$schema", "title", "description", "examples"]);

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(join(folder, "compiled.ts"), compileSchemas());
