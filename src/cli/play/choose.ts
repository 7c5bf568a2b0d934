/** Which source plays which match: `--live` and `--match` name matches, and each source has its own. */
import { readdir } from "node:fs/promises";
import { UsageError } from "../errors.ts";
import type { SourcePlay } from "./options.ts";
import { type SourceId, SOURCES } from "./sources.ts";

export interface Folders {
  readonly id: SourceId;
  /** Absolute. */
  readonly dirs: readonly string[];
}

export interface Choice {
  readonly intervalMs: number;
  readonly live: readonly string[];
  readonly matches: readonly string[];
}

/**
 * Shares the chosen matches out. A source that has none of those in `matches` is not played; when some match is played
 * live, a source that has none of them plays at full speed.
 *
 * @throws UsageError when a folder cannot be read or holds nothing of its format, or no folder holds a chosen match.
 */
export async function choosePlays(folders: readonly Folders[], choice: Choice): Promise<SourcePlay[]> {
  const known = await Promise.all(
    folders.map(async ({ id, dirs }) => ({ id, dirs, ids: await listMatchIds(id, dirs) })),
  );
  const missing = [...choice.matches, ...choice.live].find((match) => !known.some(({ ids }) => ids.has(match)));
  if (missing !== undefined) throw unknownMatch(missing, known);
  // A match that is played live is played, whether `matches` has it or not.
  const wanted = choice.matches.length === 0 ? [] : [...new Set([...choice.matches, ...choice.live])];
  return known
    .filter(({ ids }) => wanted.length === 0 || wanted.some((match) => ids.has(match)))
    .map(({ id, dirs, ids }) => {
      const live = choice.live.filter((match) => ids.has(match));
      return {
        id,
        dirs,
        live,
        intervalMs: choice.live.length > 0 && live.length === 0 ? 0 : choice.intervalMs,
        matches: wanted.filter((match) => ids.has(match)),
      };
    });
}

/** Ids of the matches that these folders hold. @throws UsageError */
export async function listMatchIds(id: SourceId, dirs: readonly string[]): Promise<ReadonlySet<string>> {
  const { matchOf, files } = SOURCES[id];
  const found = new Set<string>();
  for (const dir of dirs) {
    const matches = (await namesIn(dir, files)).flatMap((name) => matchOf(name) ?? []);
    if (matches.length === 0) throw new UsageError(`${dir} holds no files for --${id}`, `what belongs there: ${files}`);
    for (const match of matches) found.add(match);
  }
  return found;
}

async function namesIn(dir: string, files: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    throw new UsageError(
      `${dir} ${code === "ENOTDIR" ? "is no folder" : "cannot be read"}`,
      `give a folder of ${files}`,
    );
  }
}

function unknownMatch(match: string, known: readonly { readonly ids: ReadonlySet<string> }[]): UsageError {
  const some = known.flatMap(({ ids }) => [...ids].slice(0, 3));
  return new UsageError(`match ${match} is not in the folders`, `choose one that is, e.g. ${some.join(", ")}`);
}
