import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FatalError } from "../domain/errors.ts";
import type { Csv2Files } from "./formats/csv2.ts";
import { csv2Script } from "./formats/csv2.ts";
import type { OdiContent } from "./formats/odi-content.ts";
import type { MatchScript } from "./plan.ts";

const INFO = /^(?<id>[\w-]+)_info\.csv$/u;
const DELIVERIES = /^(?<id>[\w-]+)\.csv$/u;

/** The one-day internationals of several folders, folder after folder. @throws FatalError */
export async function odiScripts(dirs: readonly string[]): Promise<MatchScript<OdiContent>[]> {
  const scripts: MatchScript<OdiContent>[] = [];
  for (const dir of dirs) scripts.push(...(await listMatches(dir)).map((files) => csv2Script(files)));
  return scripts;
}

/**
 * The matches of a folder of Cricsheet csv2 files (`<id>.csv` with `<id>_info.csv`), in order of their ids.
 * @throws FatalError when the folder cannot be read or holds none.
 */
export async function listMatches(dir: string): Promise<Csv2Files[]> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    throw new FatalError(
      `the folder ${dir} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
        remedy: "give a folder of Cricsheet csv2 files (<id>.csv and <id>_info.csv) with --odi",
      },
    );
  }
  const found = new Map<string, { deliveries: string | null; info: string | null }>();
  const entry = (id: string): { deliveries: string | null; info: string | null } => {
    const files = found.get(id) ?? { deliveries: null, info: null };
    found.set(id, files);
    return files;
  };
  for (const name of names) {
    const info = INFO.exec(name)?.groups?.["id"];
    const deliveries = DELIVERIES.exec(name)?.groups?.["id"];
    if (info !== undefined) entry(info).info = join(dir, name);
    else if (deliveries !== undefined) entry(deliveries).deliveries = join(dir, name);
  }
  if (found.size === 0) {
    throw new FatalError(`the folder ${dir} holds no csv files`, {
      remedy: "give a folder of Cricsheet csv2 files (<id>.csv and <id>_info.csv) with --odi",
    });
  }
  return [...found].map(([matchId, files]) => ({ matchId, ...files })).sort((a, b) => compareIds(a.matchId, b.matchId));
}

function compareIds(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
