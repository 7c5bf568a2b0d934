/**
 * Which matches a folder holds. Folders are as people have them: indexes, lists of people, copies, other letter cases, hidden files,
 * links that lead nowhere. Every file is read, or named with the reason why not; none counts twice.
 */
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { FatalError } from "../domain/errors.ts";
import { type FileFormat, type NamedFile, namedFile } from "./file-names.ts";
import { digestOfFiles, FileError } from "./files.ts";

/** What a feed takes from a folder. */
export interface FolderKind {
  readonly format: FileFormat;
  /** In words, for messages: "Cricsheet JSON files (<id>.json)". */
  readonly files: string;
  /** The option that names such a folder. */
  readonly option: string;
}

/** A file of a folder that is not played. */
export interface FileNote {
  readonly path: string;
  readonly reason: string;
  /** Set where it is a match, or may be one: somebody should look at it. Files that are no matches are passed over. */
  readonly refused: boolean;
}

export type Notes = (note: FileNote) => void;

/** A match of a folder, before it is known how often its id occurs. */
export interface FoundMatch<M> {
  readonly matchId: string;
  readonly match: M;
  /** Set where the same match in another format may lie beside it: then each has its own progress. */
  readonly suffix?: string;
}

export interface KeyedMatch<M> extends FoundMatch<M> {
  readonly progressKey: string;
}

/** A file by whose name it may be a match. */
export interface MatchFile extends NamedFile {
  readonly path: string;
}

/**
 * The files of a folder that may be matches, each match once. Of two files of one match that Cricsheet's own name would say the one
 * that has it is taken; another is left out when it holds the same, and refused when it does not.
 * @param problemOf why a file is no match of this format, or undefined.
 * @throws FatalError with the remedy when the folder cannot be read
 */
export async function listMatchFiles(
  dir: string,
  kind: FolderKind,
  note: Notes,
  problemOf: (file: MatchFile) => Promise<Problem | undefined>,
): Promise<readonly MatchFile[]> {
  const groups = new Map<string, MatchFile[]>();
  for (const entry of await entriesOf(dir, kind)) {
    const path = join(dir, entry.name);
    const problem = await problemOfEntry(entry, path);
    const named = problem === undefined ? namedFile(kind.format, entry.name) : undefined;
    if (named === undefined) {
      note({ path, ...(problem ?? { reason: `it is none of the ${kind.files}`, refused: false }) });
      continue;
    }
    const key = `${named.matchId}/${named.part}`;
    groups.set(key, [...(groups.get(key) ?? []), { ...named, path }]);
  }
  const files: MatchFile[] = [];
  for (const group of groups.values()) files.push(...(await firstOf(group, note, problemOf)));
  return files;
}

export interface Problem {
  readonly reason: string;
  readonly refused: boolean;
}

async function entriesOf(dir: string, kind: FolderKind): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw new FatalError(
      `the folder ${dir} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
        remedy: `give a folder of ${kind.files} with ${kind.option}`,
      },
    );
  }
}

async function problemOfEntry(entry: Dirent, path: string): Promise<Problem | undefined> {
  if (entry.name.startsWith(".")) return { reason: "it is hidden", refused: false };
  let type: Pick<Dirent, "isFile" | "isDirectory"> = entry;
  if (entry.isSymbolicLink()) {
    try {
      type = await stat(path);
    } catch (error) {
      return {
        reason: `the link leads nowhere: ${error instanceof Error ? error.message : String(error)}`,
        refused: true,
      };
    }
  }
  if (type.isDirectory()) return { reason: "it is a folder of its own: give it as well to play it", refused: false };
  // Opening a pipe would wait for whoever writes into it, for ever.
  return type.isFile() ? undefined : { reason: "it is no file", refused: true };
}

/** The file of a match that is played; the others of its name, copies for the most part, are named. */
async function firstOf(
  group: readonly MatchFile[],
  note: Notes,
  problemOf: (file: MatchFile) => Promise<Problem | undefined>,
): Promise<readonly MatchFile[]> {
  let first: MatchFile | undefined;
  for (const file of group.toSorted((a, b) => Number(b.exact) - Number(a.exact))) {
    try {
      const problem = (await problemOf(file)) ?? (first === undefined ? undefined : await problemOfCopy(file, first));
      if (problem === undefined) first = file;
      else note({ path: file.path, ...problem });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      note({ path: file.path, reason: error.message, refused: true });
    }
  }
  return first === undefined ? [] : [first];
}

async function problemOfCopy(file: MatchFile, first: MatchFile): Promise<Problem> {
  const [a, b] = [await digestOfFiles([file.path]), await digestOfFiles([first.path])];
  const name = basename(first.path);
  if (a === b) return { reason: `it holds the same as ${name}`, refused: false };
  return { reason: `it holds something else than ${name} of the same match: keep one of them`, refused: true };
}

/**
 * The matches of several folders: folder after folder, in order of their ids in each. A folder that is given twice counts once.
 *
 * A match has its progress under its id. Where an earlier folder holds the same match, the later one's name is added, so that each is
 * played once and a feed that is started again finds each at its place.
 *
 * @throws FatalError when a folder cannot be read or holds no match.
 */
export async function listFolders<M>(
  dirs: readonly string[],
  kind: FolderKind,
  list: (dir: string) => Promise<readonly FoundMatch<M>[]>,
): Promise<KeyedMatch<M>[]> {
  const keyed: KeyedMatch<M>[] = [];
  const taken = new Set<string>();
  for (const dir of new Set(dirs.map((name) => resolve(name)))) {
    const found = await list(dir);
    if (found.length === 0) {
      throw new FatalError(`the folder ${dir} holds no ${kind.files}`, {
        remedy: `give a folder that does with ${kind.option}`,
      });
    }
    for (const match of found.toSorted((a, b) => compareIds(a.matchId, b.matchId))) {
      const progressKey = freeKey(match, dir, taken);
      taken.add(progressKey);
      keyed.push({ ...match, progressKey });
    }
  }
  return keyed;
}

function freeKey({ matchId, suffix }: FoundMatch<unknown>, dir: string, taken: ReadonlySet<string>): string {
  const own = suffix === undefined ? matchId : `${matchId}#${suffix}`;
  if (!taken.has(own)) return own;
  const named = `${own}#${basename(dir)}`;
  for (let n = 1; ; n += 1) {
    const key = n === 1 ? named : `${named}#${n}`;
    if (!taken.has(key)) return key;
  }
}

function compareIds(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
