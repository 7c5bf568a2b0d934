#!/usr/bin/env node
// The command line, from the build. `just setup` makes the build.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

// Each Kafka consumer holds one thread of libuv's pool, each commit another, DuckDB and files want some too: 4 are too few.
process.env.UV_THREADPOOL_SIZE ??= "8";

const main = new URL("../dist/src/cli/main.js", import.meta.url);
if (existsSync(fileURLToPath(main))) {
  await import(main.href);
} else {
  console.error("third-umpire: not built yet\n  run: npx -y rust-just setup");
  process.exitCode = 1;
}
