/** Which matches a folder holds. Files are opened only when a match is played. */
import { readdir } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { FatalError } from "../domain/errors.ts";

/** What a feed takes from a folder. */
export interface FolderKind {
  /** In words, for messages: "Cricsheet JSON files (<id>.json)". */
  readonly files: string;
  /** The option that names such a folder. */
  readonly option: string;
}

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

/** The names of a folder's files; folders within it are left alone. @throws FatalError with the remedy when it cannot be read */
export async function listNames(dir: string, kind: FolderKind): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [] : [entry.name]));
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

/** Files of one kind, named by their matches. */
export async function listFiles(
  dir: string,
  kind: FolderKind,
  name: RegExp,
): Promise<readonly FoundMatch<{ readonly path: string }>[]> {
  return (await listNames(dir, kind)).flatMap((file) => {
    const matchId = name.exec(file)?.groups?.["id"];
    return matchId === undefined ? [] : [{ matchId, match: { path: `${dir}/${file}` } }];
  });
}

function compareIds(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
