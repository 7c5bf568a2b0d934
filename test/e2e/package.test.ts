import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PackageCopy, packageCopy } from "../support/package-copy.ts";
import { remedyWorks, Told } from "../support/remedies/works.ts";

/* The package as npm packs it. Where a file of it is gone, it says so, and whoever installs it again has it whole. */

let copy: PackageCopy;
beforeAll(async () => {
  copy = await packageCopy();
});
afterAll(() => copy.remove());

test("without its description of the API is installed again", async () => {
  rmSync(join(copy.dir, "docs", "openapi.yaml"));
  const module = pathToFileURL(join(copy.dir, "dist/src/dashboard/server/openapi.js")).href;
  const { readOpenApi } = (await import(module)) as { readOpenApi: () => unknown };
  const description = await remedyWorks("openapi/install-package", {
    attempt: readOpenApi,
    does: { "install the package again": copy.install },
  });
  expect(description).toHaveProperty("paths");
});

test("without a migration of the warehouse is installed again", async () => {
  rmSync(join(copy.dir, "dist/src/loader/sql/0000-versions.sql"));
  const local = join(copy.dir, "..", "local");
  mkdirSync(local);
  const attempt = async (): Promise<string> => {
    const main = join(copy.dir, "bin", "third-umpire.js");
    const args = [main, "export", "--parquet", join(local, "export")];
    const { stderr } = await promisify(execFile)(process.execPath, args, {
      cwd: copy.dir,
      env: { ...process.env, TU_LOCAL_DIR: local },
    }).catch((error: unknown) => error as { stderr: string });
    const remedy = /\(remedy: (?<text>install again.*)\)$/mu.exec(stderr)?.groups?.["text"];
    if (remedy !== undefined) throw new Told(remedy);
    return stderr;
  };
  const said = await remedyWorks("migrations/install-again", { attempt, does: { "install again": copy.install } });
  expect(said).toContain("no warehouse");
  expect(existsSync(join(local, "export"))).toBe(false);
});
