/** Folders of one-day internationals: csv2 and the original CSV, told apart file by file. */
import { join } from "node:path";
import type { FolderKind, FoundMatch, KeyedMatch } from "../folder.ts";
import { listFolders, listNames } from "../folder.ts";
import type { MatchScript } from "../plan.ts";
import { csv1Script, isCsv1 } from "./csv1.ts";
import type { Csv2Files } from "./csv2.ts";
import { csv2Script } from "./csv2.ts";
import type { OdiContent } from "./odi-content.ts";

const KIND: FolderKind = {
  files: "Cricsheet csv files (<id>.csv and <id>_info.csv, or <id>.csv alone in the original form)",
  option: "--odi",
};
const INFO = /^(?<id>[\w-]+)_info\.csv$/u;
const DELIVERIES = /^(?<id>[\w-]+)\.csv$/u;

type OdiFiles =
  { readonly format: "csv2"; readonly files: Csv2Files } | { readonly format: "csv1"; readonly path: string };

/**
 * The one-day internationals of several folders, folder after folder, in order of their ids in each. A match that one folder holds in
 * csv2 and another in the original CSV is played from both, under progress of their own.
 * @throws FatalError when a folder cannot be read or holds none.
 */
export async function odiScripts(dirs: readonly string[]): Promise<MatchScript<OdiContent>[]> {
  return (await listFolders(dirs, KIND, listOdi)).map(scriptOf);
}

function scriptOf({ matchId, match, progressKey }: KeyedMatch<OdiFiles>): MatchScript<OdiContent> {
  return match.format === "csv1" ? csv1Script(matchId, match.path, progressKey) : csv2Script(match.files, progressKey);
}

async function listOdi(dir: string): Promise<FoundMatch<OdiFiles>[]> {
  const found = new Map<string, { deliveries: string | null; info: string | null }>();
  const entry = (id: string): { deliveries: string | null; info: string | null } => {
    const files = found.get(id) ?? { deliveries: null, info: null };
    found.set(id, files);
    return files;
  };
  for (const name of await listNames(dir, KIND)) {
    const info = INFO.exec(name)?.groups?.["id"];
    const deliveries = DELIVERIES.exec(name)?.groups?.["id"];
    if (info !== undefined) entry(info).info = join(dir, name);
    else if (deliveries !== undefined) entry(deliveries).deliveries = join(dir, name);
  }
  const matches: FoundMatch<OdiFiles>[] = [];
  for (const [matchId, files] of found) {
    // An info file beside it settles the matter; the others are asked for their first bytes.
    if (files.info === null && files.deliveries !== null && (await isCsv1(files.deliveries)))
      matches.push({ matchId, suffix: "csv1", match: { format: "csv1", path: files.deliveries } });
    else matches.push({ matchId, match: { format: "csv2", files: { matchId, ...files } } });
  }
  return matches;
}
