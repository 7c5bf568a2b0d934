/**
 * What each kind of dismissal does to the card: whether the team loses a wicket, and whether the bowler
 * is credited with it. The words are those of the sources.
 */
const KINDS: ReadonlyMap<string, { readonly team: boolean; readonly bowler: boolean }> = new Map([
  ["bowled", { team: true, bowler: true }],
  ["caught", { team: true, bowler: true }],
  ["caught and bowled", { team: true, bowler: true }],
  ["lbw", { team: true, bowler: true }],
  ["stumped", { team: true, bowler: true }],
  ["hit wicket", { team: true, bowler: true }],
  ["run out", { team: true, bowler: false }],
  ["obstructing the field", { team: true, bowler: false }],
  ["hit the ball twice", { team: true, bowler: false }],
  ["handled the ball", { team: true, bowler: false }],
  ["timed out", { team: true, bowler: false }],
  ["retired out", { team: true, bowler: false }],
  ["retired hurt", { team: false, bowler: false }],
  ["retired not out", { team: false, bowler: false }],
]);

/** Whether a source may write this; a kind we do not know cannot be scored without guessing. */
export function isWicketKind(kind: string): boolean {
  return KINDS.has(kind);
}

/** Whether the team loses a wicket: a batter who retires hurt or not out may come back. */
export function isTeamWicket(kind: string): boolean {
  return KINDS.get(kind)?.team ?? true;
}

/** Whether the wicket is the bowler's. */
export function isBowlersWicket(kind: string): boolean {
  return KINDS.get(kind)?.bowler ?? false;
}
