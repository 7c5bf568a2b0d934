/**
 * The local MongoDB: the real server, a replica set of one with authentication, as a child process. Its settings are
 * `compose/mongodb/mongod.conf`; only port, address and folders are replaced here.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../domain/errors.ts";
import type { Settings } from "../settings.ts";
import { type MongodBinary, mongodBinary } from "./mongodb-install.ts";
import { administratorUrl, prepareMongodb } from "./mongodb-ready.ts";
import { mongodbDir, packageFile } from "./paths.ts";
import { requireFreePort } from "./ports.ts";
import type { ProcessSpec } from "./supervisor.ts";

export { installMongodb } from "./mongodb-install.ts";

const dataDir = (settings: Settings): string => join(mongodbDir(settings), "data");
const keyFile = (settings: Settings): string => join(mongodbDir(settings), "keyfile");
const configFile = (settings: Settings): string => join(mongodbDir(settings), "mongod.conf");

/** Whether the settings name the server that we run ourselves; Atlas or compose elsewhere is not ours to start. */
export function isLocalMongodb(settings: Settings): boolean {
  return settings.mongodbUrl.includes(`@127.0.0.1:${settings.mongodbPort}/`);
}

/** Settings of mongod.conf that a stack may want otherwise, e.g. an oplog that is too small on purpose. */
export type MongodTuning = Readonly<Partial<Record<"oplogSizeMB" | "syncPeriodSecs", number>>>;

/** The server on the loopback address, with its user. `binaries` shares one installation between several stacks. */
export function mongodbService(
  settings: Settings,
  options: { readonly binaries?: Settings; readonly tuning?: MongodTuning } = {},
): ProcessSpec {
  const { command, env } = requireBinary(options.binaries ?? settings);
  return {
    name: "mongodb",
    command,
    env,
    args: ["--config", configFile(settings)],
    beforeStart: async () => {
      await requireFreePort(settings.mongodbPort, "TU_MONGODB_PORT", "MongoDB");
      mkdirSync(dataDir(settings), { recursive: true, mode: 0o700 });
      makeKeyFile(keyFile(settings));
      writeFileSync(configFile(settings), effectiveMongodbConfig(settings, options.tuning));
    },
    ready: () => mongodbAnswers(settings),
  };
}

/** For tests: an address with all rights. The server must have been ready once. */
export function mongodbAdminUrl(settings: Settings): string {
  return administratorUrl(settings, readKey(settings));
}

/** Whether the server is primary and knows the user of the settings; makes replica set and user when missing. */
export async function mongodbAnswers(settings: Settings): Promise<boolean> {
  return await prepareMongodb(settings, readKey(settings));
}

/**
 * `compose/mongodb/mongod.conf` with port, address and folders of these settings. The size of the oplog is that of a data folder which
 * is made anew.
 */
export function effectiveMongodbConfig(settings: Settings, tuning: MongodTuning = {}): string {
  const replaced: Readonly<Record<string, string | number>> = {
    ...tuning,
    port: String(settings.mongodbPort),
    bindIp: "127.0.0.1",
    // JSON strings are YAML strings: a folder may hold any character.
    dbPath: JSON.stringify(dataDir(settings)),
    keyFile: JSON.stringify(keyFile(settings)),
  };
  return readFileSync(packageFile("compose", "mongodb", "mongod.conf"), "utf8")
    .split("\n")
    .map((line) => {
      const [, indent, key] = /^( +)(\w+): \S/.exec(line) ?? [];
      const value = key === undefined ? undefined : replaced[key];
      return value === undefined ? line : `${indent}${key}: ${value}`;
    })
    .join("\n");
}

/** What the members of a replica set know each other by. MongoDB refuses one that others may read. */
function makeKeyFile(path: string): void {
  if (existsSync(path)) return;
  writeFileSync(`${path}.new`, `${randomBytes(96).toString("base64")}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function readKey(settings: Settings): string {
  return readFileSync(keyFile(settings), "utf8").trim();
}

function requireBinary(settings: Settings): MongodBinary {
  const binary = mongodBinary(settings);
  if (binary !== null) return binary;
  throw new FatalError("mongod is not installed", { remedy: "third-umpire up fetches it" });
}
