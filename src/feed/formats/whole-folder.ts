import { fileError, readStart } from "../files.ts";
import { looksLikeId } from "../file-names.ts";
import type { FolderKind, FoundMatch, MatchFile, Notes, Problem } from "../folder.ts";
import { listMatchFiles } from "../folder.ts";

const HEAD_BYTES = 64 * 1024;

/** Files of which each is a match, named by their matches. `start`: how a match begins. */
export async function listWholeFiles(
  dir: string,
  kind: FolderKind,
  note: Notes,
  start: RegExp,
): Promise<readonly FoundMatch<{ readonly path: string }>[]> {
  const problemOf = async ({ matchId, path }: MatchFile): Promise<Problem | undefined> => {
    if (looksLikeId(matchId) || start.test(await headOf(path))) return undefined;
    return { reason: "neither its name nor its beginning is that of a match", refused: false };
  };
  const files = await listMatchFiles(dir, kind, note, problemOf);
  return files.map(({ matchId, path }) => ({ matchId, match: { path } }));
}

async function headOf(path: string): Promise<string> {
  try {
    return (await readStart(path, HEAD_BYTES)).toString("utf8");
  } catch (error) {
    throw fileError(path, error);
  }
}
