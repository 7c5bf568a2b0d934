/** What the beginning of a CSV file says of the match in it: nobody may play one match under another's name. */
import { splitFields } from "../csv.ts";
import { fileError, readStart } from "../files.ts";
import { looksLikeId } from "../file-names.ts";
import type { MatchFile, Problem } from "../folder.ts";

/** Far more than the lines about a match take. */
const HEAD_BYTES = 64 * 1024;
const INFO_MATCH_ID = /^"?info"?,"?match_id"?,"?(?<id>[^",\r\n]+)/mu;

/** Why a file is no match, or not the one that its name says. @throws FileError when it cannot be read */
export async function csvProblem({ matchId, path, part }: MatchFile): Promise<Problem | undefined> {
  const head = await headOf(path);
  const form = isCsv1Text(head) || part === "info" ? "info" : "rows";
  const stated = form === "info" ? INFO_MATCH_ID.exec(head)?.groups?.["id"] : firstRow(head)?.matchId;
  const isMatch = form === "info" ? isCsv1Text(head) : firstRow(head) !== undefined;
  if (!isMatch && !looksLikeId(matchId)) return { reason: "it is a CSV file, but no match", refused: false };
  if (stated === undefined || stated.trim() === matchId) return undefined;
  return { reason: `its name says match ${matchId}, but it holds match ${stated.trim().slice(0, 64)}`, refused: true };
}

/** Whether a file begins as the original CSV does; csv2 begins with its columns. @throws FileError when it cannot be read */
export async function isCsv1(path: string): Promise<boolean> {
  return isCsv1Text(await headOf(path));
}

function isCsv1Text(head: string): boolean {
  return /^(?:version|"version"),/u.test(head);
}

/** Of csv2: the header has a column for the match; the first row, where there is one, names it. */
function firstRow(head: string): { readonly matchId?: string } | undefined {
  const [header = "", row] = head.split(/\r?\n/u).filter((line) => line !== "");
  const names = splitFields(header);
  if ("problem" in names) return undefined;
  const columns = names.fields.map((name) => name.trim().toLowerCase());
  const at = columns.indexOf("match_id");
  if (at < 0 || !columns.includes("innings")) return undefined;
  const values = row === undefined ? undefined : splitFields(row);
  const matchId = values === undefined || "problem" in values ? undefined : values.fields[at];
  return matchId === undefined ? {} : { matchId };
}

async function headOf(path: string): Promise<string> {
  try {
    return (await readStart(path, HEAD_BYTES)).toString("utf8").replace(/^\uFEFF/u, "");
  } catch (error) {
    throw fileError(path, error);
  }
}
