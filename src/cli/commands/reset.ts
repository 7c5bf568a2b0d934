import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { supersetDir } from "../../local/superset.ts";
import { kafkaDir, logDir, mongodbDir, postgresDir, runDir } from "../../local/paths.ts";
import { stopEverything } from "../../local/stop-all.ts";
import { loadSettings, type Settings } from "../../settings.ts";
import { SilentExit, UsageError } from "../errors.ts";
import { print } from "../output.ts";

export function register(program: Command): void {
  program
    .command("reset")
    .description(
      "stop everything and delete its data: topics, tables, documents, objects, warehouse, state, logs, what was changed in Superset (not what was installed)",
    )
    .option("--yes", "do not ask")
    .action(async (options: { yes?: true }) => {
      const settings = loadSettings();
      const doomed = dataFolders(settings).filter((path) => existsSync(path));
      if (options.yes !== true) await confirm(settings, doomed);
      const stopped = await stopEverything(settings);
      if (stopped.length > 0) print(`stopped: ${stopped.join(", ")}`);
      for (const path of doomed) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
      print(doomed.length === 0 ? "there was no data" : `deleted: ${names(settings, doomed)}`);
      for (const path of outside(settings)) print(`left alone, because it is not below ${settings.localDir}: ${path}`);
    });
}

/** Everything that holds data; only below the local folder, whatever other folders the settings name. */
function dataFolders(settings: Settings): string[] {
  const kafka = kafkaDir(settings);
  const mongodb = mongodbDir(settings);
  return [
    join(kafka, "data"),
    join(kafka, "formatted"),
    postgresDir(settings),
    join(mongodb, "data"),
    join(mongodb, "keyfile"),
    ...configurable(settings).filter((path) => isBelow(settings.localDir, path)),
    ...supersetData(settings),
    runDir(settings),
    logDir(settings),
  ];
}

/** Metadata, passwords, cache: all but its programs. */
function supersetData(settings: Settings): string[] {
  const folder = supersetDir(settings);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith("venv-") && !name.startsWith("making-"))
    .map((name) => join(folder, name));
}

/** Folders with data that may be anywhere. */
function configurable({ warehouseDir, stateDir, objectStore }: Settings): string[] {
  return [warehouseDir, stateDir, ...(objectStore.startsWith("s3://") ? [] : [objectStore])];
}

function outside(settings: Settings): string[] {
  return configurable(settings).filter((path) => existsSync(path) && !isBelow(settings.localDir, path));
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && !way.startsWith("..");
}

function names(settings: Settings, paths: readonly string[]): string {
  return paths.map((path) => relative(settings.localDir, path)).join(", ");
}

async function confirm(settings: Settings, doomed: readonly string[]): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError("reset deletes data and cannot ask here", "add --yes");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`delete ${names(settings, doomed)} below ${settings.localDir}? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new SilentExit(1);
  } finally {
    terminal.close();
  }
}
