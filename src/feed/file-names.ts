/** What the name of a file says of the match in it. Light and pure: the command line asks before a feed is started. */

export type FileFormat = "csv" | "json" | "yaml";

export interface NamedFile {
  readonly matchId: string;
  /** Of csv2 there are two files a match. */
  readonly part: "match" | "info";
  /** Whether the name is Cricsheet's own: no copy, no other letter case. */
  readonly exact: boolean;
}

const ENDING: Readonly<Record<FileFormat, RegExp>> = { csv: /\.csv$/iu, json: /\.json$/iu, yaml: /\.ya?ml$/iu };
/** What browsers, Windows and macOS make of a name when there is such a file already. */
const COPY_END = /(?: ?\(\d{1,3}\)| - copy(?: \(\d{1,3}\))?| copy(?: \d{1,3})?)$/iu;
const COPY_START = /^copy of /iu;
const INFO = /_info$/iu;
/** As in the records: what is no id here would be poison there. */
const MATCH_ID = /^[A-Za-z0-9][\w-]{0,63}$/u;

/** undefined for the name of a file that is no match of this format. */
export function namedFile(format: FileFormat, name: string): NamedFile | undefined {
  const stem = name.replace(ENDING[format], "");
  if (stem === name) return undefined;
  const original = stem.replace(COPY_START, "").replace(COPY_END, "");
  const isInfo = format === "csv" && INFO.test(original);
  const matchId = isInfo ? original.replace(INFO, "").replace(COPY_END, "") : original;
  if (!MATCH_ID.test(matchId)) return undefined;
  const exact = /\.(?:csv|json|ya?ml)$/u.test(name) && stem === (isInfo ? `${matchId}_info` : matchId);
  return { matchId, part: isInfo ? "info" : "match", exact };
}

/** Cricsheet's ids have digits. A name without any may be an index, a list of people or a settings file: its content tells. */
export function looksLikeId(matchId: string): boolean {
  return /\d/u.test(matchId);
}
