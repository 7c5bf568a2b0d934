/** Folders of one-day internationals: csv2 and the original CSV, told apart file by file. */
import { basename } from "node:path";
import type { FolderKind, FoundMatch, KeyedMatch, Notes } from "../folder.ts";
import { listFolders, listMatchFiles } from "../folder.ts";
import type { MatchScript } from "../plan.ts";
import { csv1Script } from "./csv1.ts";
import type { Csv2Files } from "./csv2.ts";
import { csv2Script } from "./csv2.ts";
import { csvProblem, isCsv1 } from "./csv-head.ts";
import type { OdiContent } from "./odi-content.ts";

const KIND: FolderKind = {
  format: "csv",
  files: "Cricsheet csv files (<id>.csv and <id>_info.csv, or <id>.csv alone in the original form)",
  option: "--odi",
};

type OdiFiles =
  { readonly format: "csv2"; readonly files: Csv2Files } | { readonly format: "csv1"; readonly path: string };

/**
 * The one-day internationals of several folders, folder after folder, in order of their ids in each. A match that one folder holds in
 * csv2 and another in the original CSV is played from both, under progress of their own.
 * @param note hears of every file that is not played
 * @throws FatalError when a folder cannot be read or holds none.
 */
export async function odiScripts(
  dirs: readonly string[],
  note: Notes = () => undefined,
): Promise<MatchScript<OdiContent>[]> {
  return (await listFolders(dirs, KIND, (dir) => listOdi(dir, note))).map(scriptOf);
}

function scriptOf({ matchId, match, progressKey }: KeyedMatch<OdiFiles>): MatchScript<OdiContent> {
  return match.format === "csv1" ? csv1Script(matchId, match.path, progressKey) : csv2Script(match.files, progressKey);
}

async function listOdi(dir: string, note: Notes): Promise<FoundMatch<OdiFiles>[]> {
  const found = new Map<string, { deliveries: string | null; info: string | null }>();
  for (const { matchId, part, path } of await listMatchFiles(dir, KIND, note, csvProblem)) {
    const files = found.get(matchId) ?? { deliveries: null, info: null };
    found.set(matchId, files);
    if (part === "info") files.info = path;
    else files.deliveries = path;
  }
  const matches: FoundMatch<OdiFiles>[] = [];
  for (const [matchId, files] of found) {
    const { deliveries, info } = files;
    if (deliveries !== null && (await isCsv1(deliveries))) {
      if (info !== null)
        note({
          path: info,
          reason: `${basename(deliveries)} beside it is of the original form and says all itself`,
          refused: true,
        });
      matches.push({ matchId, suffix: "csv1", match: { format: "csv1", path: deliveries } });
      continue;
    }
    if (info !== null && deliveries === null)
      note({ path: info, reason: `no ${matchId}.csv lies beside it: the match has no balls`, refused: true });
    matches.push({ matchId, match: { format: "csv2", files: { matchId, ...files } } });
  }
  return matches;
}
