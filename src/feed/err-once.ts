import type { MatchScript } from "./plan.ts";

/**
 * A match that comes once more from another folder comes without slips. A source that says right, then wrong, then right again
 * cannot be told from one that repeats itself: a value that it has replaced stays replaced, and the slip would stay on the board.
 */
export function errOnce<C>(scripts: readonly MatchScript<C>[]): readonly MatchScript<C>[] {
  const played = new Set<string>();
  return scripts.map((script) => {
    const isAgain = played.has(script.matchId);
    played.add(script.matchId);
    return isAgain ? { ...script, wrong: () => null } : script;
  });
}
