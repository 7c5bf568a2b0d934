import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** The Chromium that the tests look at the page with. */
    chromium: string;
  }
}

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const REMEDY =
  "the browser tests need Chromium or Chrome: install it (Debian, Ubuntu: sudo apt-get install chromium), or name its program in TEST_CHROMIUM";

/** Finds the browser; on a bare machine of a build server, where we may, it is installed first. */
export default function setup(project: TestProject): void {
  project.provide("chromium", find() ?? install());
}

function find(): string | null {
  const named = process.env["TEST_CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin"];
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function install(): string {
  if (process.getuid?.() !== 0) throw new Error(REMEDY);
  process.stderr.write("browser tests: installing chromium\n");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", "chromium"],
  ]) {
    const done = spawnSync("apt-get", args, { env, encoding: "utf8", timeout: 10 * 60_000 });
    if (done.status !== 0) throw new Error(`${REMEDY}\n${done.stderr ?? String(done.error)}`);
  }
  const found = find();
  if (found === null) throw new Error(REMEDY);
  return found;
}
