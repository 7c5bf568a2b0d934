import { cleanName } from "./names.ts";
import type { Player } from "./types.ts";

/**
 * Looks people up in the register of a match. A name that is written differently there is found as well; where that could be two
 * people, nobody is guessed.
 * @param entries name as written → id.
 */
export function registerOf(
  entries: Iterable<readonly [name: string, id: string | null]>,
): (written: string) => string | null {
  const exact = new Map<string, string | null>();
  const clean = new Map<string, string | null>();
  const add = (ids: Map<string, string | null>, name: string, id: string | null): void => {
    ids.set(name, ids.has(name) && ids.get(name) !== id ? null : id);
  };
  for (const [name, id] of entries) {
    add(exact, name, id);
    add(clean, cleanName(name), id);
  }
  return (written) =>
    (exact.has(written) ? exact : clean).get(exact.has(written) ? written : cleanName(written)) ?? null;
}

/** The players of a match, each once: a list may hold one of them in two spellings. */
export function eachOnce(players: readonly Player[]): readonly Player[] {
  const seen = new Set<string>();
  return players.filter(({ team, name, registryId }) => {
    const player = JSON.stringify([team, name, registryId]);
    const known = seen.has(player);
    seen.add(player);
    return !known;
  });
}
