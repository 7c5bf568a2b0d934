// Bundles the function of infra/lambda/object-store into infra/lambda/object-store/dist: what Lambda gets, as index.handler.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "infra", "lambda", "object-store");

/** Returns the folder of the bundle. */
export async function bundleLambda(outDir = join(folder, "dist")) {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  await build({
    entryPoints: [join(folder, "handler.ts")],
    outfile: join(outDir, "index.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // Lambda's Node.js brings the SDK along.
    external: ["@aws-sdk/*"],
    legalComments: "none",
    logLevel: "warning",
  });
  cpSync(join(folder, "package.json"), join(outDir, "package.json"));
  return outDir;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(`bundled to ${await bundleLambda()}`);
