// Puts the compiled function of the object store, and every file of ours that it imports, into a folder that Lambda takes as it is.
// Lambda's Node brings the AWS SDK: it is the only package that the function may import.
//
//   node scripts/lambda-package.mjs [FOLDER]      default: .local/lambda/object-store
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const built = join(root, "dist");
const target = resolve(process.argv[2] ?? join(root, ".local", "lambda", "object-store"));
const IMPORT =
  /^(?:import|export)\s[^;"]*?from\s+"(?<from>[^"]+)"|\bimport\("(?<dynamic>[^"]+)"\)|^import\s+"(?<bare>[^"]+)"/gmu;
const PROVIDED = /^(node:|@aws-sdk\/)/u;

const files = new Set();
collect(join(built, "infra", "lambda", "object-store", "handler.js"));

const fresh = `${target}-${process.pid}`;
mkdirSync(fresh, { recursive: true });
for (const file of files) cpSync(file, join(fresh, relative(built, file)));
writeFileSync(join(fresh, "package.json"), `${JSON.stringify({ type: "module" })}\n`);
rmSync(target, { recursive: true, force: true });
renameSync(fresh, target);
console.log(`lambda-package: ${files.size} files in ${target}`);

function collect(file) {
  if (files.has(file)) return;
  files.add(file);
  for (const { groups } of readFileSync(file, "utf8").matchAll(IMPORT)) {
    const name = groups.from ?? groups.dynamic ?? groups.bare;
    if (name.startsWith(".")) collect(resolve(dirname(file), name));
    else if (!PROVIDED.test(name)) {
      console.error(`lambda-package: ${relative(built, file)} imports ${name}, which Lambda does not have`);
      process.exit(1);
    }
  }
}
