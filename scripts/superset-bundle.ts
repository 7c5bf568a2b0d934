// Writes superset/bundle from the description in src/superset. Run by `npm run superset:bundle`.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundleFiles } from "../src/superset/bundle.ts";
import { DESCRIPTION } from "../src/superset/description.ts";

const folder = join(import.meta.dirname, "..", "superset", "bundle");
rmSync(folder, { recursive: true, force: true });
for (const [path, text] of bundleFiles(DESCRIPTION)) {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
