// Compiles src/ and bench/ to dist/ and builds the live page there, when a source is newer than the last build.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stampFile = join(root, "dist", ".built-from");

/** Exits with 1 when the compiler finds an error. */
function build() {
  const sources = digest();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === sources) return;
  console.log("setup: compiling to dist/");
  rmSync(join(root, "dist"), { recursive: true, force: true });
  run(["typescript", "bin", "tsc"], ["-p", "tsconfig.build.json"]);
  run(["vite", "bin", "vite.js"], ["build", "--config", join("scripts", "vite.config.mjs")]);
  // The compiler copies nothing: what is read at run time has to stand beside the code that reads it.
  for (const file of list("src").filter((name) => name.endsWith(".sql"))) {
    const copy = join(root, "dist", file);
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(join(root, file), copy);
  }
  writeFileSync(stampFile, sources);
}

function run(program, args) {
  const file = join(root, "node_modules", ...program);
  const done = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: "inherit" });
  if (done.status === 0) return;
  console.error("setup: the build failed, see the errors above");
  process.exit(1);
}

/** Over contents, not times: a fresh clone and a switched branch have arbitrary times. */
function digest() {
  const hash = createHash("sha256");
  for (const file of [
    "package-lock.json",
    "tsconfig.json",
    "tsconfig.build.json",
    join("scripts", "vite.config.mjs"),
    ...list("src"),
    ...list("bench"),
    ...list("infra/lambda"),
  ]) {
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(root, file)))
      .update("\0");
  }
  return `${hash.digest("hex")}\n`;
}

function list(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true })
    .map((file) => join(folder, String(file)))
    .filter((file) => /\.(tsx?|json|sql|html|css|svg)$/.test(file))
    .sort();
}

build();
