import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../src/settings.ts";

/**
 * What to add to the environment of a server so that each flush of its disk takes `flushMs` longer. The library for it is compiled into
 * `dir`. Linux only.
 *
 * @throws Error without a C compiler.
 */
export function slowDisk(flushMs: number, dir: string): Readonly<Record<string, string>> {
  const library = join(dir, "slow-disk.so");
  const source = join(projectRoot(import.meta.dirname), "bench", "slow-disk.c");
  const { status, stderr, error } = spawnSync("cc", ["-shared", "-fPIC", "-O2", source, "-o", library, "-ldl"]);
  if (status !== 0) {
    throw new Error(`--flush-ms needs a C compiler (cc) on Linux: ${error?.message ?? stderr.toString().trim()}`);
  }
  return { LD_PRELOAD: library, SLOW_FLUSH_MS: String(flushMs) };
}
