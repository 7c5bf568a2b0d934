// Walls between the folders of src: one row a folder, and what it may import. Part of `just check`.
// It prints a line for each import that goes through one, and ends with exit code 1 when there is any.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

const ANYTHING = "*";

/**
 * Folder (or file) of src → the folders and files that it may import, itself always. The longest row that a path begins with holds for it: "domain"
 * is the files of that folder, and not "domain/review". `import type` and `import()` count like any other import.
 */
export const ROWS = {
  // Pure. What a pipeline's data means knows the review's words, and no other pipeline.
  domain: [],
  "domain/review": ["domain"],
  "domain/cricket": ["domain", "domain/review"],

  // The engine: it knows the port and no client of it, no source, no sink, no pipeline.
  kafka: ["domain"],
  "kafka/wire": ["domain", "kafka"],
  "kafka/confluent": ["domain", "kafka", "kafka/wire"],
  processor: ["domain", "domain/review", "kafka"],
  testing: ["domain", "kafka"],
  "index.ts": ["domain", "domain/review", "kafka", "kafka/confluent", "processor"],
  "pause.ts": [],
  "unless-aborted.ts": [],

  // How each server is opened, and its errors.
  aws: ["domain"],
  mongo: ["domain"],
  postgres: ["domain"],
  "object-store": ["aws", "domain", "local/processes.ts"],

  // Sources know no feed and not each other; the kit knows no single source.
  "sources/kit": ["domain", "kafka", "pause.ts"],
  "sources/lambda": ["aws", "domain", "kafka", "object-store", "pause.ts", "sources/kit"],
  "sources/memory": ["domain", "kafka", "sources/kit"],
  "sources/mongo": ["domain", "kafka", "mongo", "sources/kit", "unless-aborted.ts"],
  "sources/postgres": ["domain", "kafka", "pause.ts", "postgres", "sources/kit"],

  // From the clean topics to the warehouse, and what is made of it.
  loader: ["domain", "domain/cricket", "domain/review", "kafka"],
  export: ["domain", "domain/cricket", "kafka", "loader"],
  superset: [],
  dashboard: ["domain/cricket", "domain/review"],
  "dashboard/client": ["dashboard", "domain/cricket", "domain/review"],
  "dashboard/server": [
    "dashboard",
    "domain",
    "domain/cricket",
    "domain/review",
    "loader",
    "local/web-page.ts",
    "settings.ts",
  ],

  // What their records look like, and the pipelines: each has a room, and none knows another.
  schemas: ["domain"],
  pipelines: ["pipelines/cricket/pipeline.ts", "processor"],
  "pipelines/cricket": [
    "domain",
    "domain/cricket",
    "kafka",
    "pipelines/pipeline.ts",
    "processor",
    "schemas",
    "sources/kit",
    "sources/lambda",
    "sources/mongo",
    "sources/postgres",
  ],

  // The application server writes to the sources' servers, and never to Kafka.
  feed: ["aws", "domain", "domain/cricket", "mongo", "object-store", "pause.ts", "pipelines/cricket", "postgres"],
  fetch: ["domain"],

  // Both ends of each arrow.
  audit: [
    "domain",
    "domain/cricket",
    "domain/review",
    "kafka",
    "loader",
    "mongo",
    "object-store",
    "pipelines/cricket",
    "postgres",
    "processor",
    "sources/kit",
    "sources/mongo",
    "sources/postgres",
  ],

  // The machine.
  "settings.ts": ["domain", "local/passwords.ts"],
  local: ["domain", "loader/paths.ts", "object-store", "settings.ts"],
  "cloud-check": [
    "domain",
    "domain/cricket",
    "feed",
    "kafka",
    "kafka/wire",
    "mongo",
    "pipelines/cricket",
    "postgres",
    "settings.ts",
    "sources/postgres/address.ts",
  ],

  // One file a command: it puts everything together.
  cli: [ANYTHING],
};

const root = process.cwd();
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/gu;

/** The row of a path below src; undefined: none has been written yet. */
function roomOf(path) {
  const rows = Object.keys(ROWS).filter((row) => path === row || path.startsWith(`${row}/`));
  return rows.sort((a, b) => b.length - a.length)[0];
}

function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/u.test(entry.name) ? [path] : [];
  });
}

/** What a file imports that it may not, as sentences. */
function complaintsOf(file) {
  const path = posix.relative("src", file);
  const room = roomOf(path);
  if (room === undefined) return [`${file}: no row of scripts/walls.mjs says what it may import`];
  const allowed = [room, ...ROWS[room]];
  if (allowed.includes(ANYTHING)) return [];
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(IMPORT)].flatMap(([, target]) => {
    const imported = posix.relative("src", posix.join(posix.dirname(file), target));
    if (imported.startsWith("..") || allowed.includes(imported)) return [];
    const other = roomOf(imported);
    if (other !== undefined && allowed.includes(other)) return [];
    return [`${file}: src/${room} may not import ${imported} (${["itself", ...ROWS[room]].join(", ")} only)`];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const unused = Object.keys(ROWS).filter((row) => !existsSync(join(root, "src", row)));
  const complaints = [
    ...sources("src").flatMap(complaintsOf),
    ...unused.map((row) => `scripts/walls.mjs: there is no src/${row}`),
  ];
  for (const complaint of complaints) console.error(complaint);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}
