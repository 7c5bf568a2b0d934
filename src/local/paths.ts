/** Where things are: in the package (config files) and below the local folder (everything we make). */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Settings } from "../settings.ts";

/** Versions of the servers; compose.yaml runs the same (a test compares). */
export const kafkaVersion: string = "4.1.1";
export const postgresMajor: string = "17";
/** The newest mongod that a package registry carries; past its end of life, so a stand-in that listens on the loopback address only. */
export const mongodbWheelVersion: string = "5.0.4";
/** What compose.yaml runs, as Atlas does. */
export const mongodbMajor: string = "8";

/** A file of the package, found from the source tree and from `dist/` alike. */
export function packageFile(...parts: readonly string[]): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); dir !== dirname(dir); dir = dirname(dir)) {
    const manifest = join(dir, "package.json");
    if (existsSync(manifest) && readFileSync(manifest, "utf8").includes('"name": "third-umpire"'))
      return join(dir, ...parts);
  }
  throw new Error("the package.json of third-umpire is missing above its own code");
}

export const runDir = (settings: Settings): string => join(settings.localDir, "run");
export const logDir = (settings: Settings): string => join(settings.localDir, "logs");
export const kafkaDir = (settings: Settings): string => join(settings.localDir, "kafka");
export const postgresDir = (settings: Settings): string => join(settings.localDir, "postgres");
export const mongodbDir = (settings: Settings): string => join(settings.localDir, "mongodb");
